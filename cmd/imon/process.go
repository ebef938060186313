package main

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/sink"
)

// stopGrace is how long a monitor may take to stop before its successor starts.
const stopGrace = 2 * time.Second

// process is a running imon: the configuration in force and what carries it out.
type process struct {
	options
	env
	log      *sink.Log
	action   *sink.Action
	say      teller
	gate     *gate
	tasks    *daemon.Supervisor
	monitors monitors
	current  config.Config // in force; the zero value before the first apply
}

// watch reads the configuration again at each SIGHUP, until ctx ends.
func (p *process) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.reload:
			p.again()
		}
	}
}

// again reads the configuration again. A faulty one changes nothing.
func (p *process) again() {
	cfg, warnings, err := config.Load(p.fs, p.instance, p.config)
	if err != nil {
		for _, line := range faults(err) {
			p.say.fail("Configuration not reloaded: " + line)
		}
		p.say.fail("The old configuration stays in force")
		return
	}
	p.say.info("Configuration reloaded")
	describe(p.say, cfg, warnings)
	p.apply(cfg)
}

// apply puts cfg in force: sinks first, then the monitors that it changes, in
// the order in which they start.
func (p *process) apply(cfg config.Config) {
	enabled := cfg.Enabled()
	p.log.Configure(sink.LogSettings{
		Datefmt: cfg.Global.Datefmt, Several: len(enabled) > 1, Action: cfg.Global.Action != "",
	})
	p.action.Configure(sink.ActionSettings{Path: cfg.Global.Action, Timeout: cfg.Global.ActionTimeout})
	for _, m := range p.monitors.of(cfg) {
		p.replace(m, cfg)
	}
	p.current = cfg
}

// replace stops the monitor m if it runs with other settings than cfg's, and
// starts it if cfg wants it and it does not run.
func (p *process) replace(m monitor, cfg config.Config) {
	before, after := m.settings(p.current), m.settings(cfg)
	if reflect.DeepEqual(before, after) {
		return
	}
	if err := p.tasks.Stop(m.name, stopGrace); err != nil {
		p.say.fail(err.Error() + "; its settings stay as they were until the next reload")
		return
	}
	if after == nil {
		if before != nil {
			p.say.info("Stopped the " + m.name + " monitor")
		}
		return
	}
	p.log.Publish(event.Event{Kind: event.Message, Monitor: m.name, Time: time.Now(), Severity: event.Info, Text: m.greeting})
	job := m.job
	if cfg.Failover.Enable && m.name != event.Failover {
		job = p.gate.behind(job)
	}
	if err := p.tasks.Start(m.name, job); err != nil {
		p.say.fail(strings.TrimSpace(err.Error()))
	}
}
