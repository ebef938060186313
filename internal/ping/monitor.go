package ping

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// Pinger sends one round of echo requests.
type Pinger interface {
	Ping(ctx context.Context, r probe.EchoRequest) probe.Result
}

// Monitor measures targets. Make it with [New].
type Monitor struct {
	schedule.Nudge // Check starts a round now

	cfg    config.Ping
	pinger Pinger
	events event.Publisher
	start  time.Time
	states []state // of the targets
}

// New returns a monitor of all targets of cfg that publishes to events.
func New(cfg config.Ping, pinger Pinger, events event.Publisher) *Monitor {
	return &Monitor{Nudge: schedule.NewNudge(), cfg: cfg, pinger: pinger, events: events, start: time.Now(), states: make([]state, len(cfg.All()))}
}

// Run probes until ctx is done and then returns nil. It may be called again
// after a panic and goes on with what it knew.
func (m *Monitor) Run(ctx context.Context) error {
	grid := schedule.NewGrid()
	for {
		results := m.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for i, target := range m.cfg.All() {
			next, events := step(target, m.states[i], results[i])
			next, judged := assess(target, m.cfg.Quality, next, time.Since(m.start), results[i])
			m.states[i] = next
			m.publish(append(events, judged...))
		}
		if grid.WaitOr(ctx, m.cfg.Interval, m.Nudge) != nil {
			return nil
		}
	}
}

// round makes one round to each target, all at the same time, and returns what each has
// found out.
func (m *Monitor) round(ctx context.Context) []probe.Result {
	targets := m.cfg.All()
	results := make([]probe.Result, len(targets))
	panics := make(chan string, len(targets))
	var rounds sync.WaitGroup
	for i, target := range targets[1:] {
		rounds.Go(func() {
			defer hand(panics)
			results[i+1] = m.echo(ctx, target)
		})
	}
	results[0] = m.echo(ctx, targets[0])
	rounds.Wait()
	close(panics)
	for p := range panics {
		panic(p) // in the goroutine of Run, where it ends this monitor only
	}
	return results
}

// hand is deferred: it turns a panic into a text with its stack.
func hand(panics chan<- string) {
	if r := recover(); r != nil {
		panics <- fmt.Sprintf("%v\n%s", r, debug.Stack())
	}
}

// echo makes one round to one target.
func (m *Monitor) echo(ctx context.Context, target string) probe.Result {
	return m.pinger.Ping(ctx, probe.EchoRequest{
		Target:  target,
		Count:   m.cfg.Count,
		Spacing: schedule.Spacing(m.cfg.Interval, m.cfg.Count),
		Wait:    m.cfg.Wait,
	})
}

func (m *Monitor) publish(events []event.Event) {
	for _, e := range events {
		e.Monitor, e.Time = event.Ping, time.Now()
		m.events.Publish(e)
	}
}
