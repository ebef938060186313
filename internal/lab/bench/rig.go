package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// target is the host on the internet that every contender pings.
const target = "1.1.1.1"

// rig is a lab with a contender in its router and a stream through it.
type rig struct {
	ctx    context.Context
	cancel context.CancelFunc
	lab    *lab.Lab
	stream *lab.Stream
	watch  *watch
	fault  string // the letter of the fault that it is for
	conf   string // directory of configurations
	dir    string // of temporary files
	began  time.Time

	programs []*lab.Program // of the contender
}

// raise raises a lab, and starts c in its router.
func raise(ctx context.Context, o options, c contender, fault string) (*rig, error) {
	r := &rig{fault: fault, conf: o.conf, began: time.Now()}
	r.ctx, r.cancel = context.WithCancel(ctx)
	var err error
	// Named so that a lab of another process removes it, should this one be killed.
	if r.dir, err = os.MkdirTemp("", fmt.Sprintf("imon-%d-bench-", os.Getpid())); err != nil {
		return nil, err
	}
	if r.lab, err = lab.New(r.ctx, o.nat()...); err != nil {
		return nil, errors.Join(err, os.RemoveAll(r.dir))
	}
	for _, step := range []func() error{
		func() (err error) { r.stream, err = r.lab.Stream(o.every); return err },
		func() (err error) { r.watch, err = watchRouter(r.lab); return err },
		func() error { return c.start(r) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start %s: %w", c.name, err), r.close())
	}
	return r, nil
}

// nat is how the lab's router translates addresses.
func (o options) nat() []lab.Option {
	if o.snat {
		return []lab.Option{lab.SNAT()}
	}
	return nil
}

// close ends everything and removes the lab.
func (r *rig) close() error {
	r.cancel()
	if r.watch != nil {
		r.watch.close()
	}
	return errors.Join(r.lab.Close(), os.RemoveAll(r.dir))
}

// words replace the placeholders of configurations.
func (r *rig) words() *strings.Replacer {
	a, b := r.lab.Uplink(0), r.lab.Uplink(1)
	ping, _ := exec.LookPath("ping") // a contender that needs it says so
	return strings.NewReplacer("@IF1@", a.Interface, "@GW1@", a.Gateway.String(),
		"@IF2@", b.Interface, "@GW2@", b.Gateway.String(), "@TARGET@", target, "@PING@", ping)
}

// write writes a configuration for this lab, and returns its path.
func (r *rig) write(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(r.conf, name))
	if err != nil {
		return "", err
	}
	path := filepath.Join(r.dir, name)
	return path, os.WriteFile(path, []byte(r.words().Replace(string(text))), 0o644)
}

// overlay adds the settings that imon gets for this fault alone, if there are any.
func (r *rig) overlay(settings map[string]any) error {
	text, err := os.ReadFile(filepath.Join(r.conf, "imon-"+r.fault+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &settings)
}

// run starts a program in the router.
func (r *rig) run(name string, args ...string) error {
	return r.keep(r.lab.Start(r.ctx, r.lab.Router, nil, name, args...))
}

// keep notes a program that was started.
func (r *rig) keep(p *lab.Program, err error) error {
	if err == nil {
		r.programs = append(r.programs, p)
	}
	return err
}

// said is the last of what the contender printed.
func (r *rig) said() string {
	var text []string
	for _, p := range r.programs {
		lines := strings.Split(strings.TrimSpace(p.Text()), "\n")
		text = append(text, lines[max(0, len(lines)-5):]...)
	}
	return strings.Join(text, "\n")
}

// ip runs lines of ip(8) in the router; a placeholder may be in them.
func (r *rig) ip(lines string) error {
	path := filepath.Join(r.dir, "batch")
	if err := os.WriteFile(path, []byte(r.words().Replace(lines)), 0o644); err != nil {
		return err
	}
	_, err := r.lab.Router.Run("-batch", path)
	return err
}

// rules makes what probes of the peers need to leave by the uplink under test,
// and which a machine's network configuration would make for them.
func (r *rig) rules() error {
	return r.ip(`rule add priority 100 oif @IF1@ lookup 101
rule add priority 100 oif @IF2@ lookup 102
rule add priority 101 from 192.168.42.2 lookup 101
rule add priority 101 from 192.168.42.77 lookup 101
rule add priority 101 from 192.168.62.2 lookup 102
route add unreachable default metric 9999 table 101
route add unreachable default metric 9999 table 102
` + tables)
}

// tables are the routes of these rules, which go with a link.
const tables = `route replace default via @GW1@ dev @IF1@ table 101
route replace default via @GW2@ dev @IF2@ table 102
`

// steady waits until all packets of the last calm are answered and went by
// uplink via, or by any when via is negative. It gives up after limit.
func (r *rig) steady(via int, calm, limit time.Duration) bool {
	start := time.Now()
	for r.ctx.Err() == nil && time.Since(start) < limit {
		if time.Since(start) >= calm && r.calm(via, time.Now().Add(-calm)) {
			return true
		}
		r.pause(5 * time.Millisecond)
	}
	return false
}

func (r *rig) calm(via int, since time.Time) bool {
	report, ways := r.stream.Since(since), r.stream.Ways(since)
	return r.stream.Up() && report.Lost == 0 && len(ways) == 1 && (via < 0 || ways[0].Via == r.lab.Uplink(via).Global)
}

// pause waits for d, or until ctx ends.
func (r *rig) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}
