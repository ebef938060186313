package main

import (
	"os"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/netifd"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/ubus"
	"strings"
)

// socketVariable names the environment variable that holds ubusd's socket where
// it is not at one of its usual places. Set and empty it keeps imon off the bus.
const socketVariable = "IMON_UBUS_SOCKET"

// hasBus reports whether this machine has a message bus, though it may not run
// at the moment. Elsewhere imon does not say a word about it.
func (e env) hasBus() bool {
	if socket, set := os.LookupEnv(socketVariable); set {
		return socket != ""
	}
	for _, path := range []string{"/sbin/ubusd", "/var/run/ubus", "/var/run/ubus.sock"} {
		if _, err := e.fs.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// newClient returns a client of the message bus.
func newClient(say func(string)) *ubus.Client { return ubus.New(os.Getenv(socketVariable), say) }

// bus is what imon has on the message bus.
type bus struct {
	client *ubus.Client
	netifd *netifd.Watcher
	events *sink.Ubus
}

// newBus returns what imon has on the bus, but for its object, or nil where
// there is no bus.
func newBus(e env, instance string, control controls, say teller) *bus {
	if !e.hasBus() {
		return nil
	}
	client := newClient(say.warn)
	return &bus{
		client: client,
		netifd: netifd.New(client, control.Resync),
		events: sink.NewUbus(instance, path(instance), client, say.to),
	}
}

// path is the name of an instance's object.
func path(instance string) string { return "imon." + instance }

// publishers are the sinks of the bus, if there is one.
func (b *bus) publishers() []event.Publisher {
	if b == nil {
		return nil
	}
	return []event.Publisher{b.events}
}

// interfaces is where logical interfaces are looked up.
func (b *bus) interfaces() interfaces {
	if b == nil {
		return interfaces{}
	}
	return interfaces{b.netifd}
}

// join offers the object and runs all that the bus needs.
func (p *process) join() {
	if p.bus == nil {
		return
	}
	p.bus.client.Add(object{
		front: p.front(), path: path(p.instance), check: p.check, reload: p.ask,
	}.onBus())
	p.tasks.Start("ubus", p.bus.client)
	p.tasks.Start("ubus events", p.bus.events)
}

// ask has the configuration read again soon.
func (p *process) ask() {
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

// check asks the running monitor of that name for a round now, or all of them
// when it is empty, and returns their names in the order in which they start.
func (p *process) check(name string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var asked []string
	for _, n := range []string{event.DDNS, event.DDNS6, event.Updown, event.Failover, event.Failover6, event.Ping} {
		if check := p.checks[n]; check != nil && (name == "" || name == n) {
			check()
			asked = append(asked, n)
		}
	}
	return asked
}

// settings are what the state shows of cfg.
func settings(cfg config.Config) []status.Settings {
	four, six := cfg.Failover.Family.V4(), cfg.Failover.Family.V6()
	return []status.Settings{
		{Monitor: event.DDNS, Enabled: cfg.DDNS.Enable && (cfg.DDNS.Family.V4() || cfg.Global.Debug), Interval: cfg.DDNS.Interval},
		{Monitor: event.DDNS6, Enabled: cfg.DDNS.Enable && cfg.DDNS.Family.V6() && !cfg.Global.Debug, Interval: cfg.DDNS.Interval},
		{Monitor: event.Updown, Enabled: cfg.Updown.Enable, Interval: cfg.Updown.Interval, Target: cfg.Updown.Target},
		failoverSettings(event.Failover, cfg.Failover, four),
		failoverSettings(event.Failover6, cfg.Failover.V6(), six),
		{Monitor: event.Ping, Enabled: cfg.Ping.Enable, Interval: cfg.Ping.Interval, Target: cfg.Ping.Target, Further: cfg.Ping.Further},
	}
}

// failoverSettings are what the state shows of one family.
func failoverSettings(monitor string, cfg config.Failover, wanted bool) status.Settings {
	f := status.Settings{Monitor: monitor, Enabled: cfg.Enable && wanted, Interval: cfg.Interval}
	for i, u := range cfg.All() {
		seen := event.Uplink{Role: event.Role(i), Name: u.Name, Interface: u.Interface}
		if !u.AutoGateway() && !u.NoGateway() {
			seen.Gateway = u.Gateway
		}
		f.Uplinks = append(f.Uplinks, status.Link{Uplink: seen, Target: strings.Join(u.Targets, ",")})
	}
	return f
}
