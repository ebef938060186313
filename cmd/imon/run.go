package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/daemon"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/metrics"
	"github.com/ejgeiger/imon/internal/progress"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/status"
)

// How long an end by SIGTERM may take: two seconds in all. The action sink
// needs at most 1.3 s for a script that does not want to end, the log 0.5 s.
const (
	workGrace = 1400 * time.Millisecond
	logGrace  = 600 * time.Millisecond
)

// daemonize runs the monitors of one instance until ctx ends. The sinks
// outlive the monitors, and the log outlives all, so that nothing is lost.
func daemonize(ctx context.Context, o options, e env) int {
	log := newLog(o, e)
	logContext, endLog := context.WithCancel(context.WithoutCancel(ctx))
	logs := daemon.New(logContext, log)
	logs.Start("log", log)
	code := serve(ctx, o, e, log)
	endLog()
	if err := logs.Wait(logGrace); err != nil {
		fmt.Fprintf(e.stderr, "imon: %v\n", err)
	}
	return code
}

// newLog returns the log sink that the command line asks for.
func newLog(o options, e env) *sink.Log {
	if o.nosyslog {
		return sink.NewTerminal(o.instance, e.stdout)
	}
	return sink.NewSyslog(o.instance)
}

// serve loads the configuration and runs the monitors.
func serve(ctx context.Context, o options, e env, log *sink.Log) int {
	say := teller{log}
	say.info("Starting")
	say.info("Version V" + build.Version)
	say.info("Command line: " + o.line)
	cfg, warnings, err := config.Load(e.fs, o.instance, o.config)
	if err != nil {
		return refuse(e, warnings, err)
	}
	work, endWork := context.WithCancel(ctx)
	defer endWork()
	action := sink.NewAction(o.instance, o.nosyslog, log)
	p := &process{
		options: o, env: e, log: log, action: action, say: say, gate: newGate(),
		status: status.New(o.instance), past: history.New(o.instance), counts: metrics.New(), control: newControls(), manager: manager{say}, progress: progress.New(),
		asked: make(chan struct{}, 1), checks: make(map[string]func()),
	}
	p.ledger = e.newLedger(o.instance, log)
	p.delivery = e.newDelivery(o.instance, action, log)
	p.tasks = daemon.New(work, event.NewBus(log, p.progress))
	p.bus = newBus(e, o.instance, p.control, say)
	sinks := append([]event.Publisher{log, action, p.delivery, p.gate, p.status, p.past, p.counts, p.ledger, p.progress, prompter{p.check}}, p.bus.publishers()...)
	p.monitors = newMonitors(event.NewBus(sinks...), p.bus.interfaces(), p.control, e.fs, e.owner(o.instance))
	p.tasks.Start("action", action)
	p.tasks.Start("delivery", p.delivery)
	p.tasks.Start("memory", tidier{})
	p.join()
	p.listen()
	p.apply(cfg, warnings)
	p.tasks.Start("ledger", p.ledger)
	if w, wanted := newWatchdog(p.manager, p.progress); wanted {
		p.tasks.Start("watchdog", w)
	}
	p.watch(ctx)
	p.manager.stopping()
	if err := p.tasks.Wait(workGrace); err != nil {
		say.fail(err.Error())
	}
	return exitOK
}

// refuse prints one line for each fault, and then for each warning, which may
// explain a fault.
func refuse(e env, warnings []config.Warning, err error) int {
	for _, line := range faults(err) {
		fmt.Fprintln(e.stderr, "? "+line)
	}
	hint(e, warnings)
	return exitFault
}

// hint prints one line for each warning.
func hint(e env, warnings []config.Warning) {
	for _, w := range warnings {
		fmt.Fprintln(e.stderr, "% "+w.String())
	}
}

// faults are the lines of a configuration error.
func faults(err error) []string {
	var all config.Faults
	if !errors.As(err, &all) {
		return []string{err.Error()}
	}
	lines := make([]string, len(all))
	for i, f := range all {
		lines[i] = f.Error()
	}
	return lines
}

// describe logs which configuration is in force.
func describe(say teller, cfg config.Config, warnings []config.Warning) {
	say.info("Configuration file " + cfg.Source())
	for _, section := range cfg.Listing() {
		for _, line := range section.Lines() {
			say.info(line)
		}
	}
	warn(say, warnings)
}

// warn logs the warnings of a configuration.
func warn(say teller, warnings []config.Warning) {
	for _, w := range warnings {
		say.warn("Configuration warning: " + w.String())
	}
}

// teller logs lines that belong to no monitor.
type teller struct{ to event.Publisher }

func (t teller) info(text string) { t.tell(event.Info, text) }
func (t teller) warn(text string) { t.tell(event.Warning, text) }
func (t teller) fail(text string) { t.tell(event.Error, text) }

func (t teller) tell(s event.Severity, text string) {
	t.to.Publish(event.Event{Kind: event.Message, Time: time.Now(), Severity: s, Text: text})
}
