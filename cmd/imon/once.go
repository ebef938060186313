package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// onceTime is how long "imon ddns --once" waits for answers: for three sources of
// each kind that do not give any.
const onceTime = 60 * time.Second

// finding is one external address, or why there is none.
type finding struct {
	Family  int    `json:"family"`           // 4 or 6
	Uplink  string `json:"uplink"`           // a role, or "active"
	Address string `json:"address"`          // "" when it is not known
	Source  string `json:"source,omitempty"` // who said so
	Reason  string `json:"reason,omitempty"` // why it is not known
}

// askOnce prints the external addresses, one a line: those that a running imon has, or
// else those that are found out now as it would.
func askOnce(ctx context.Context, o options, e env) int {
	all, warnings, err := e.findings(ctx, o)
	if err != nil {
		return refuse(e, warnings, err)
	}
	if o.json {
		text, _ := json.MarshalIndent(all, "", "  ") // of strings and numbers: it always works
		fmt.Fprintln(e.stdout, string(text))
	}
	code := exitOK
	for _, f := range all {
		if !o.json && f.Address != "" {
			fmt.Fprintln(e.stdout, f.Family, f.Uplink, f.Address)
		}
		if f.Address == "" {
			fmt.Fprintf(e.stderr, "? The external IPv%d address of the %s uplink is not known: %s\n", f.Family, f.Uplink, f.Reason)
			code = exitFault
		}
	}
	return code
}

// findings are the external addresses. An error says that nobody could be asked.
func (e env) findings(ctx context.Context, o options) (all []finding, warnings []config.Warning, err error) {
	if o.config == "" {
		running, err := trackings(ctx, e.socket(o.instance))
		for _, t := range running {
			all = append(all, t.findings()...)
		}
		if err == nil {
			return all, nil, nil
		}
	}
	cfg, warnings, err := config.Load(e.fs, o.instance, o.config)
	if err != nil {
		return nil, warnings, err
	}
	return e.find(ctx, cfg), nil, nil
}

// findings are the addresses that a running imon has.
func (t tracking) findings() (all []finding) {
	for _, a := range t.Addresses {
		all = append(all, finding{t.Family, cmp.Or(a.Uplink, "active"), a.Address, a.Source, a.Reason})
	}
	if len(all) == 0 {
		return []finding{{Family: t.Family, Uplink: "active", Reason: "imon has just started"}}
	}
	return all
}

// find finds the addresses that cfg wants to be tracked.
func (e env) find(ctx context.Context, cfg config.Config) (all []finding) {
	names, end := lookUp(ctx, e)
	defer end()
	ctx, cancel := context.WithTimeout(ctx, onceTime)
	defer cancel()
	d := cfg.DDNS
	for _, f := range []struct {
		number int
		name   string
		uplink.Family
		wanted bool
	}{{4, event.DDNS, uplink.V4, d.Family.V4()}, {6, event.DDNS6, uplink.V6, d.Family.V6()}} {
		if f.wanted {
			all = append(all, e.findFamily(ctx, cfg, names, f.name, f.number, f.Family)...)
		}
	}
	return all
}

// findFamily runs a monitor until it knows, or cannot know, each address.
func (e env) findFamily(ctx context.Context, cfg config.Config, names interfaces, name string, number int, f uplink.Family) []finding {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &collector{heard: make(map[string]bool), done: cancel}
	m := newMonitors(c, names, newControls(), e.fs, owner{})
	for _, s := range m.machine(f, cfg).Look() {
		c.all = append(c.all, finding{Family: number, Uplink: cmp.Or(roleOf(s.Uplink), "active"), Reason: "nobody has answered in time"})
	}
	_ = m.address(name, "", f, cfg).job.Run(ctx) // it has no error but a panic's
	return c.all
}

// roleOf is the role of an uplink as the state shows it.
func roleOf(u event.Uplink) string { return strings.ToLower(u.Role) }

// collector takes the first word on each address.
type collector struct {
	mu    sync.Mutex
	all   []finding
	heard map[string]bool // by uplink
	done  func()          // the last one was heard of
}

// Publish notes what a poll has found out.
func (c *collector) Publish(e event.Event) {
	if e.Kind != event.DDNSResult {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	whose := cmp.Or(roleOf(e.Uplink), "active")
	for i, f := range c.all {
		if f.Uplink == whose && !c.heard[whose] {
			c.all[i] = found(f, e)
			c.heard[whose] = true
		}
	}
	if len(c.heard) == len(c.all) {
		c.done()
	}
}

// found is f with what e says of it.
func found(f finding, e event.Event) finding {
	f.Source, f.Reason = e.Source, e.Text
	if e.Address.IsValid() {
		f.Address = e.Address.String()
	}
	return f
}
