package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/ddns"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/uplink"
)

// address is the monitor of the external addresses of one family.
func (m monitors) address(name, greeting string, f uplink.Family, cfg config.Config) monitor {
	d, debug := cfg.Asked(), cfg.Global.Debug
	tracker := ddns.New(name, d, debug, m.sources(f, d), m.machine(f, cfg), m.outside(f, d), m.events).Follow(m.memory.address[f])
	return monitor{
		name: name, greeting: greeting, rounds: cfg.DDNS.Rounds,
		job:     tracker,
		check:   tracker.Check,
		started: func() { m.memory.address[f] = tracker },
		stopped: func() { m.memory.address[f] = nil },
		settings: func(c config.Config) any {
			wanted := f == uplink.V4 && (c.DDNS.Family.V4() || c.Global.Debug) || f == uplink.V6 && c.DDNS.Family.V6() && !c.Global.Debug
			uplinks := config.Failover{}
			if c.DDNS.Follow == config.FollowEach {
				uplinks = c.Failover
			}
			return when(c.DDNS.Enable && wanted, [3]any{c.Asked(), c.Global.Debug, uplinks})
		},
	}
}

// sources are those whom d wants to be asked for an address of the family.
func (m monitors) sources(f uplink.Family, d config.DDNS) []ddns.Source {
	return ddns.Sources(d, m.whoami.Names(family(f)))
}

// outside asks others.
func (m monitors) outside(f uplink.Family, d config.DDNS) outside {
	return outside{m.whoami, m.http, family(f)}
}

// machine is this machine as cfg wants it to be looked at.
func (m monitors) machine(f uplink.Family, cfg config.Config) ddns.Machine {
	if cfg.DDNS.Follow == config.FollowEach {
		own := cfg.Failover
		if f == uplink.V6 {
			own = own.V6()
		}
		return everyUplink{newLessons(m.names, m.fs, own, f), own, f}
	}
	return defaultRoute(f)
}

func family(f uplink.Family) probe.Family {
	if f == uplink.V6 {
		return probe.IPv6
	}
	return probe.IPv4
}

// commandTime is how long the user's program may take for its answer.
const commandTime = 10 * time.Second

// outside asks others for an address of a family.
type outside struct {
	whoami *probe.Whoami
	http   *probe.HTTP
	family probe.Family
}

// Address asks one source.
func (o outside) Address(ctx context.Context, s ddns.Source, path probe.Path) (netip.Addr, error) {
	switch s.Kind {
	case config.SourceDNS:
		return o.whoami.Address(ctx, s.Target, path, o.family)
	case config.SourceHTTP:
		return o.http.Address(ctx, s.Target, path, o.family)
	}
	env := []string{"IMON_FAMILY=" + map[probe.Family]string{probe.IPv4: "4", probe.IPv6: "6"}[o.family], "IMON_INTERFACE=" + path.Interface}
	if path.Source.IsValid() {
		env = append(env, "IMON_UPLINK_ADDRESS="+path.Source.String())
	}
	text, err := sink.Answer(ctx, s.Target, env, commandTime)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	a, err := probe.ReadAddress(text, o.family)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	return a, nil
}

// defaultRoute is this machine where the one external address is that of the default
// route, whichever uplink it leads by.
type defaultRoute uplink.Family

// Look asks the kernel how packets go to the internet. Without a route to it others are
// asked all the same: they may be nearer.
func (f defaultRoute) Look() []ddns.Sight {
	way, _ := uplink.DefaultWay(uplink.Family(f))
	return []ddns.Sight{{Way: way}}
}

// Watch tells when that may have changed.
func (f defaultRoute) Watch(ctx context.Context) <-chan struct{} {
	return uplink.Changes(ctx, uplink.Family(f))
}

// everyUplink is this machine where each uplink of failover has an external address.
type everyUplink struct {
	lessons *lessons
	cfg     config.Failover
	family  uplink.Family
}

// Look asks the kernel how the uplinks are.
func (e everyUplink) Look() (all []ddns.Sight) {
	o := routing(e.cfg, e.family)
	hops, _ := uplink.Hops(e.lessons.specs(nil), o) // an error comes again
	specs := e.lessons.specs(hops)
	states, err := uplink.States(specs, o)
	for i, u := range e.cfg.All() {
		s := ddns.Sight{Uplink: event.Uplink{Role: event.Role(i), Name: u.Name, Interface: u.Interface}, Away: err}
		if err == nil {
			s = e.sight(s, specs[i], states[i])
		}
		all = append(all, s)
	}
	return all
}

func (e everyUplink) sight(s ddns.Sight, spec uplink.Spec, state uplink.State) ddns.Sight {
	if spec.Interface != s.Uplink.Interface {
		s.Uplink.Link = spec.Interface
	}
	s.Uplink.Address, s.Uplink.Gateway = state.Address, spec.Gateway
	s.Path = probe.Path{Source: state.Address, Interface: spec.Interface}
	if s.Way, s.Away = uplink.WayBy(state); s.Away == nil {
		s.Way.Device = spec.Interface
	} else {
		s.Away = errors.New(s.Uplink.Device() + ": " + s.Away.Error())
	}
	return s
}

// Watch tells when that may have changed.
func (e everyUplink) Watch(ctx context.Context) <-chan struct{} {
	return uplink.Changes(ctx, e.family)
}

// prompter has the external address asked for as soon as another uplink is active, or
// one is back.
type prompter struct{ check func(monitor string) []string }

// Publish looks for such news.
func (p prompter) Publish(e event.Event) {
	if !e.Kind.Activates() && e.Kind != event.FailoverUplinkOnline {
		return
	}
	if e.Monitor == event.Failover6 {
		p.check(event.DDNS6)
		return
	}
	p.check(event.DDNS)
}
