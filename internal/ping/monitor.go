package ping

import (
	"context"
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

	cfg     config.Ping
	targets []string
	pinger  Pinger
	events  event.Publisher
	start   time.Time
	states  []state // of the targets
}

// New returns a monitor of all targets of cfg that publishes to events.
func New(cfg config.Ping, pinger Pinger, events event.Publisher) *Monitor {
	targets := cfg.All()
	return &Monitor{Nudge: schedule.NewNudge(), cfg: cfg, targets: targets, pinger: pinger, events: events, start: time.Now(), states: make([]state, len(targets))}
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
		for i, target := range m.targets {
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
	results := make([]probe.Result, len(m.targets))
	schedule.Together(len(results), func(i int) { results[i] = m.echo(ctx, m.targets[i]) })
	return results
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
