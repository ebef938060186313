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

// Monitor measures one target. Make it with [New].
type Monitor struct {
	schedule.Nudge // Check starts a round now

	cfg    config.Ping
	pinger Pinger
	events event.Publisher
	state  state
}

// New returns a monitor of cfg.Target that publishes to events.
func New(cfg config.Ping, pinger Pinger, events event.Publisher) *Monitor {
	return &Monitor{Nudge: schedule.NewNudge(), cfg: cfg, pinger: pinger, events: events}
}

// Run probes until ctx is done and then returns nil. It may be called again
// after a panic and goes on with what it knew.
func (m *Monitor) Run(ctx context.Context) error {
	grid := schedule.NewGrid()
	for {
		r := m.echo(ctx)
		if ctx.Err() != nil {
			return nil
		}
		next, events := step(m.cfg.Target, m.state, r)
		m.state = next
		m.publish(events)
		if grid.WaitOr(ctx, m.cfg.Interval, m.Nudge) != nil {
			return nil
		}
	}
}

func (m *Monitor) echo(ctx context.Context) probe.Result {
	return m.pinger.Ping(ctx, probe.EchoRequest{
		Target:  m.cfg.Target,
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
