package main

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/metrics"
	"github.com/ejgeiger/imon/internal/progress"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/update"
	"github.com/ejgeiger/imon/internal/uplink"
)

// process is a running imon: the configuration in force and what carries it out.
type process struct {
	options
	env
	log      *sink.Log
	action   *sink.Action
	delivery *update.Sink
	say      teller
	gate     *gate
	tasks    *daemon.Supervisor
	monitors monitors
	current  config.Config // in force; the zero value before the first apply
	status   *status.Store
	past     *history.Store
	counts   *metrics.Store
	ledger   *ledger.Ledger
	control  controls
	bus      *bus // nil where there is no message bus
	manager  manager
	progress *progress.Watch
	asked    chan struct{} // holds a token when somebody wants a reload

	mu     sync.Mutex
	checks map[string]func() // of the monitors that run
}

// watch reads the configuration again at each SIGHUP, until ctx ends.
func (p *process) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.reload:
			p.again()
		case <-p.asked:
			p.again()
		}
	}
}

// again reads the configuration again. A faulty one changes nothing.
func (p *process) again() {
	p.manager.reloading()
	cfg, warnings, err := config.Load(p.fs, p.instance, p.config)
	if err != nil {
		for _, line := range faults(err) {
			p.say.fail("Configuration not reloaded: " + line)
		}
		warn(p.say, warnings)
		p.say.fail("The old configuration stays in force")
		p.manager.kept()
		return
	}
	if reflect.DeepEqual(cfg, p.current) {
		p.say.info("Configuration reloaded: nothing has changed")
		p.delivery.Configure(delivered(cfg)) // but perhaps a file with a secret
		p.manager.kept()
		return
	}
	p.say.info("Configuration reloaded")
	p.apply(cfg, warnings)
}

// apply puts cfg in force and says so: sinks first, then the monitors that it
// changes, in the order in which they start.
func (p *process) apply(cfg config.Config, warnings []config.Warning) {
	enabled := cfg.Enabled()
	p.log.Configure(sink.LogSettings{
		Datefmt: cfg.Global.Datefmt, Several: len(enabled) > 1, Action: cfg.Global.Action != "",
	})
	p.action.Configure(sink.ActionSettings{Path: cfg.Global.Action, Timeout: cfg.Global.ActionTimeout})
	p.delivery.Configure(delivered(cfg))
	p.status.Configure(settings(cfg))
	p.counts.Configure(settings(cfg))
	describe(p.say, cfg, warnings)
	p.serveWeb(cfg.Global.Listen)
	p.ledger.Configure(cfg.Global.OutagesCopy)
	p.renumber(cfg.Failover)
	for _, m := range p.monitors.of(cfg) {
		p.replace(m, cfg)
	}
	p.current = cfg
	p.manager.ready(cfg)
}

// renumber lets a preference follow its uplink to another place of the list, and
// ends it when the uplink is not there any more.
func (p *process) renumber(next config.Failover) {
	i, _ := p.control.Forced()
	before, after := p.current.Failover.All(), next.All()
	if !next.Enable || i == uplink.None || i >= len(before) { // it stops, or was found in the new list already
		return
	}
	preferred := before[i]
	j := slices.IndexFunc(after, func(u config.Uplink) bool {
		return u.Interface == preferred.Interface && u.Gateway == preferred.Gateway && u.Gateway6 == preferred.Gateway6
	})
	if j < 0 && i < len(after) && after[i].Interface == preferred.Interface { // by another gateway
		j = i
	}
	if j < 0 {
		p.say.warn("Network Failover decides by itself again: " + preferred.Interface + ", which it was told to keep to, is none of its uplinks any more")
	}
	p.control.Renumber(j)
}

// replace starts the monitor m if cfg wants it with other settings than those
// with which it runs, and stops it if cfg does not want it.
func (p *process) replace(m monitor, cfg config.Config) {
	before, after := m.settings(p.current), m.settings(cfg)
	if reflect.DeepEqual(before, after) {
		return
	}
	if after == nil {
		p.setCheck(m.name, nil)
		p.progress.Forget(m.name)
		p.tasks.Stop(m.name)
		m.stopped()
		p.say.info("Stopped the " + m.name + " monitor")
		return
	}
	p.log.Publish(event.Event{Kind: event.Message, Monitor: m.name, Time: time.Now(), Severity: event.Info, Text: m.greeting})
	job := m.job
	if cfg.Failover.Enable && m.name != event.Failover && m.name != event.Failover6 {
		job = p.gate.behind(job)
	}
	p.progress.Expect(m.name, longestSilence(m.rounds))
	p.tasks.Start(m.name, job)
	m.started()
	p.setCheck(m.name, m.check)
}

// setCheck notes how the running monitor of that name is asked for a round, nil
// when it does not run.
func (p *process) setCheck(name string, check func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks[name] = check
}
