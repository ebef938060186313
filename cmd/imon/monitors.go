package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/failover"
	"github.com/ejgeiger/imon/internal/ping"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/updown"
	"github.com/ejgeiger/imon/internal/uplink"
)

// monitors wires each monitor to what it asks and to where its events go.
type monitors struct {
	events  event.Publisher
	pinger  *probe.Pinger
	asker   *probe.Asker
	dns     *probe.DNS
	http    *probe.HTTP
	whoami  *probe.Whoami
	names   interfaces
	control controls
	memory  *memory
	fs      afero.Fs
	owner   owner
}

// owner is the instance whose failover keeps the default routes, and the directory where it
// says so, "" for none.
type owner struct{ instance, directory string }

// newMonitors returns the wiring; events get what the monitors have to say,
// names says what is behind the name of an uplink, control has a say in failover,
// fs has the DHCP clients' leases, and owner keeps the default routes.
func newMonitors(events event.Publisher, names interfaces, control controls, fs afero.Fs, o owner) monitors {
	resolver := probe.NewResolver()
	pinger, dns, http := probe.NewPinger(resolver), probe.NewDNS(resolver), probe.NewHTTP(resolver, "imon/"+build.Version)
	return monitors{
		events:  events,
		pinger:  pinger,
		asker:   probe.NewAsker(pinger, dns, http),
		dns:     dns,
		http:    http,
		whoami:  probe.NewWhoami(),
		names:   names,
		control: control,
		memory:  &memory{},
		fs:      fs,
		owner:   o,
	}
}

// monitor is one monitor as a configuration wants it.
type monitor struct {
	name     string
	greeting string // the line that says that it starts
	rounds   config.Rounds
	job      daemon.Job
	check    func() // asks the job for a round now
	started  func() // notes for the next reload that the job was started
	stopped  func() // notes that there is none
	// settings are what a configuration says of this monitor: two equal ones
	// make it behave the same. They are nil when it is not enabled.
	settings func(config.Config) any
}

// of returns all monitors as cfg wants them, in the order in which they
// start.
func (m monitors) of(cfg config.Config) []monitor {
	host := updown.New(cfg.Updown, m.pinger, m.dns, m.events).Follow(m.memory.host)
	figures := ping.New(cfg.Ping, m.pinger, m.events)
	return []monitor{
		m.address(event.DDNS, "Start External IP Address tracking", uplink.V4, cfg),
		m.address(event.DDNS6, "Start External IPv6 Address tracking", uplink.V6, cfg),
		{
			name: event.Updown, greeting: "Start Updown Monitor for IP Address " + cfg.Updown.Target,
			rounds:   cfg.Updown.Rounds,
			job:      host,
			check:    host.Check,
			started:  func() { m.memory.host = host },
			stopped:  func() { m.memory.host = nil },
			settings: func(c config.Config) any { return when(c.Updown.Enable, c.Updown) },
		},
		m.failover(event.Failover, "Start Network Failover Monitor", uplink.V4, cfg,
			func(c config.Failover) (config.Failover, bool) { return c, c.Family.V4() }),
		m.failover(event.Failover6, "Start IPv6 Network Failover Monitor", uplink.V6, cfg,
			func(c config.Failover) (config.Failover, bool) { return c.V6(), c.Family.V6() }),
		{
			name: event.Ping, greeting: "Start Ping Monitor",
			rounds:   cfg.Ping.Rounds,
			job:      figures,
			check:    figures.Check,
			started:  func() {},
			stopped:  func() {},
			settings: func(c config.Config) any { return when(c.Ping.Enable, c.Ping) },
		},
	}
}

// failover is the failover monitor of one family; of says what of a configuration is
// that family's, and whether it is wanted.
func (m monitors) failover(name, greeting string, f uplink.Family, cfg config.Config, of func(config.Failover) (config.Failover, bool)) monitor {
	own, _ := of(cfg.Failover)
	return monitor{
		name: name, greeting: greeting, rounds: own.Rounds,
		job:     failoverJob{name, own, f, m.memory.metric[f], m},
		check:   m.control[f].Check,
		started: func() { m.memory.metric[f] = &own.Metric },
		stopped: func() { m.control[f].Force(uplink.None, 0) }, // the route that it left is still ours
		settings: func(c config.Config) any {
			own, wanted := of(c.Failover)
			return when(own.Enable && wanted, own)
		},
	}
}

// when returns v if on is set, and nil otherwise.
func when(on bool, v any) any {
	if !on {
		return nil
	}
	return v
}

// failoverJob is the failover monitor of one family together with the router that it
// owns while it runs. Each run begins with a router of its own, which adopts the
// default route that the one before has left.
type failoverJob struct {
	name   string
	cfg    config.Failover
	family uplink.Family
	former *int // metric of the failover that this one replaces, nil for none
	monitors
}

// Run runs the monitor until ctx ends.
func (j failoverJob) Run(ctx context.Context) (err error) {
	j.names.await(ctx)
	lessons := newLessons(j.names, j.fs, j.cfg, j.family)
	specs, o := lessons.specs(nil), routing(j.cfg, j.family)
	if !j.cfg.DryRun && j.owner.directory != "" {
		claims, err := claim(j.owner.directory, j.owner.instance, specs, o)
		if err != nil {
			return err
		}
		defer claims.release()
	}
	router, err := uplink.New(specs, o)
	if err != nil {
		return err
	}
	for _, sentence := range uplink.Neighbours(specs, o) {
		j.events.Publish(event.Event{Time: time.Now(), Monitor: j.name, Kind: event.Message, Severity: event.Notice, Text: sentence})
	}
	defer func() { err = errors.Join(err, router.Close()) }()
	if j.former != nil {
		router.Succeed(*j.former)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kernel := &following{Router: router, lessons: lessons}
	return failover.New(j.name, j.cfg, kernel, router.Watch(ctx), j.asker, j.events).Obey(j.control[j.family]).Run(ctx)
}
