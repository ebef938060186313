package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/netifd/netifdtest"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// How many rounds of each fault there are, how many pairs at random, by which seed,
// and of which faults, by a part of the name. "make faults" has 20 rounds and 50 pairs.
const (
	roundsVariable = "IMON_FAULT_ROUNDS"
	pairsVariable  = "IMON_PAIRS"
	seedVariable   = "IMON_SEED"
	faultVariable  = "IMON_FAULT"
)

// hurry is the interval of the monitors, if nobody says otherwise.
const hurry = 200 * time.Millisecond

// setting is the number in an environment variable.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%s: want a number", name, text)
	}
	return n
}

// trial is an imon with everything switched on, in a lab where things go wrong, and
// those who watch it: the kernel's word on default routes, a flow of the LAN, and the
// status by its socket.
type trial struct {
	*counter
	guard  guard
	flow   *lab.Stream
	ubusd  *ubustest.Server
	script string // the action script
	state  string // a small file system of its own for what imon keeps
	rng    *rand.Rand
	pace   time.Duration // the interval of the monitors
	rest   footing       // how much there was of everything at first
}

// openTrial raises all of it and waits until it rests.
func openTrial(t *testing.T, seed uint64, pace time.Duration) *trial {
	t.Helper()
	d := &trial{ubusd: ubustest.Start(t), rng: rand.New(rand.NewPCG(seed, 1)), pace: pace}
	d.counter = openCounter(t, d.configure)
	d.script = filepath.Join(d.directory, "action")
	d.state = filepath.Join(d.directory, "state")
	d.write(quiet)
	d.config.Set("global", "action", d.script)
	if err := os.Mkdir(d.state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", d.state, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(d.state, unix.MNT_DETACH) })
	if _, err := d.WatchDefaults(d.guard.tell); err != nil {
		t.Fatal(err)
	}
	flow, err := d.Stream(10 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	d.flow = flow
	netifdtest.Start(t, d.ubusd.Socket())
	d.launch()
	d.via(0)
	d.see(d.started, "External IP Address changed")
	d.until("the flow is up", d.flow.Up)
	d.rest = d.footing()
	return d
}

// configure is all four monitors in a hurry.
func (d *trial) configure(c lab.Config) {
	internetTargets(c)
	allSources(c)
	for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
		c.Set(monitor, "enable", true).Set(monitor, "interval", d.pace.Seconds()).Set(monitor, "pingwait", 0.2)
	}
	c.Set("updown", "monitorip", "example.com").Set("global", "action-timeout", 1)
}

// launch starts imon, by another program if there is one.
func (d *trial) launch(how ...string) {
	d.t.Helper()
	d.bench.launch(append([]string{d.variable(), stateVariable + "=" + d.state, socketVariable + "=" + d.ubusd.Socket()}, how...)...)
}

// quiet is an action script that does nothing.
const quiet = "exit 0"

// write replaces the action script in one step.
func (d *trial) write(text string) error {
	if err := os.WriteFile(d.script+".new", []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		return err
	}
	return os.Rename(d.script+".new", d.script)
}

// wait waits for a condition, and returns what is wrong if it does not come true.
func (d *trial) wait(what string, holds func() bool) error {
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("not within %v: %s", patience, what)
		}
		if d.Ended() {
			return fmt.Errorf("imon has ended, waiting for %s", what)
		}
	}
	return nil
}

// rounds are how many each monitor has finished; none when imon does not answer.
func (d *trial) rounds() map[string]int64 {
	document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
	m := document.Monitors
	if err != nil || m.DDNS == nil || m.Updown == nil || m.Failover == nil || m.Ping == nil {
		return nil
	}
	return map[string]int64{"ddns": m.DDNS.Rounds, "updown": m.Updown.Rounds, "failover": m.Failover.Rounds, "ping": m.Ping.Rounds}
}

// alive waits until those monitors, or all, have finished two more rounds.
func (d *trial) alive(monitors ...string) error {
	if len(monitors) == 0 {
		monitors = []string{"ddns", "updown", "failover", "ping"}
	}
	var from map[string]int64
	if err := d.wait("an answer by the socket", func() bool { from = d.rounds(); return from != nil }); err != nil {
		return err
	}
	for _, monitor := range monitors {
		if err := d.wait("two rounds of "+monitor, func() bool {
			now := d.rounds()
			if now != nil && now[monitor] < from[monitor] {
				from = now // another imon
			}
			return now[monitor] >= from[monitor]+2
		}); err != nil {
			return err
		}
	}
	return nil
}

// undergo is one round of a fault: what is wrong, and for how long the LAN had no
// way out although there was one.
func (d *trial) undergo(x trouble) (away time.Duration, err error) {
	f := x.fault(d)
	d.guard.reset()
	at := time.Now()
	if err := f.Inject(); err != nil {
		return 0, err
	}
	err = d.bear(x, at, &away)
	d.guard.reset()
	at = time.Now()
	if e := f.Restore(); e != nil {
		return away, e
	}
	if err != nil {
		return away, err
	}
	if err := d.recover(); err != nil {
		return away, fmt.Errorf("afterwards %w", err)
	}
	return max(away, d.flow.Since(at).Longest().For), d.proper()
}

// bear waits until imon has come to terms with a fault: with a way out by an uplink
// that works, and monitors that go on.
func (d *trial) bear(x trouble, at time.Time, away *time.Duration) error {
	if !x.dead[0] || !x.dead[1] {
		what := fmt.Sprintf("a default route by an uplink that works, of dead %v", x.dead)
		if err := d.wait(what, func() bool { i := d.guard.by(d.Lab); return i >= 0 && !x.dead[i] }); err != nil {
			return err
		}
		if err := d.wait("a way out of the LAN", func() bool { return x.but == blind || d.flow.Up() }); err != nil {
			return err
		}
	}
	if x.but == deaf {
		time.Sleep(time.Second) // several rounds: nobody can be asked
		return nil
	}
	if err := d.alive("failover", "ping"); err != nil {
		return err
	}
	if x.dead[0] && x.dead[1] {
		return nil
	}
	*away = d.flow.Since(at).Longest().For
	return d.proper()
}

// recover waits until everything is as it was.
func (d *trial) recover() error {
	if err := d.wait("one default route by the first uplink", func() bool { return d.guard.by(d.Lab) == 0 }); err != nil {
		found, _ := d.Defaults()
		return fmt.Errorf("%w: heard of %q, found %q", err, d.guard.heard(), found)
	}
	if err := d.wait("a way out of the LAN", d.flow.Up); err != nil {
		return err
	}
	if err := d.alive(); err != nil {
		return err
	}
	if err := d.wait("every monitor online", d.online); err != nil {
		return err
	}
	if err := d.wait("two private tables, their rules and a spare", d.tidy); err != nil {
		return err
	}
	var why string
	if err := d.wait("nothing left over", func() bool { why = d.left(); return why == "" }); err != nil {
		return fmt.Errorf("%w: %s", err, why)
	}
	return d.wait("no process left over", func() bool { return len(d.Router.Pids()) <= 3 })
}

// online reports whether every monitor says that all is well.
func (d *trial) online() bool {
	document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
	if err != nil {
		return false
	}
	for _, m := range document.Monitors.All() {
		if m.State != status.Online {
			return false
		}
	}
	return true
}

// left says what has grown. Flows live for 30 s after the last packet, so that there
// are hundreds of questions at rest.
func (d *trial) left() string {
	f := d.footing()
	if f.flows < int(2000*hurry/d.pace) {
		f.flows = 0
	}
	return f.grown(d.rest)
}

// tidy reports whether the router has what imon needs and no more.
func (d *trial) tidy() bool {
	rules, err := d.Router.Run("rule")
	routes, failed := d.Router.Run("route", "show", "table", "all", "proto", "105")
	return err == nil && failed == nil && strings.Count(rules, "\n") == 3+4 && strings.Count(routes, "\n") == 4
}

// proper says what has been wrong with the default routes since the last reset.
func (d *trial) proper() error {
	switch none, several := d.guard.longest(); {
	case none > 3*time.Second: // of which a busy machine takes one
		return fmt.Errorf("no default route of imon's for %v", none)
	case several > 200*time.Millisecond:
		return fmt.Errorf("several default routes of imon's for %v", several)
	}
	return nil
}

// revive kills imon and starts it again, by another program if there is one; then is
// called as soon as that runs.
func (d *trial) revive(then func(), how ...string) error {
	if err := d.Signal(syscall.SIGKILL); err != nil && !d.Ended() {
		return err
	}
	if _, err := d.Program.Wait(d.t.Context()); err != nil {
		return err
	}
	d.launch(how...)
	if then != nil {
		then()
	}
	return d.wait("a round of the next imon", func() bool { return d.rounds()["failover"] > 0 })
}
