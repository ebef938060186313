package updown

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

// Querier asks a DNS server for a name; the error says why there was no answer.
type Querier interface {
	Query(ctx context.Context, server, name string, path probe.Path) error
}

// Monitor watches one host. Make it with [New].
type Monitor struct {
	schedule.Nudge // Check starts a round now

	cfg    config.Updown
	pinger Pinger
	dns    Querier
	events event.Publisher

	wall  func() time.Time // for showing
	start time.Time        // zero of the monotonic clock
	state state

	before *Monitor // whose knowledge Run begins with; nil for none
}

// New returns a monitor of cfg.Target that publishes to events.
func New(cfg config.Updown, pinger Pinger, dns Querier, events event.Publisher) *Monitor {
	return &Monitor{
		Nudge: schedule.NewNudge(), cfg: cfg, pinger: pinger, dns: dns, events: events, wall: time.Now, start: time.Now(),
	}
}

// Follow makes m go on with what before knows, when both watch the same target:
// an outage is not over because the settings have changed. Run of before must
// have returned when Run of m begins. It returns m; before may be nil.
func (m *Monitor) Follow(before *Monitor) *Monitor {
	if before != nil && before.cfg.Target == m.cfg.Target {
		m.before = before
	}
	return m
}

// Run probes until ctx is done and then returns nil. It may be called again
// after a panic and goes on with what it knew.
func (m *Monitor) Run(ctx context.Context) error {
	if b := m.before; b != nil {
		m.start, m.state, m.before = b.start, b.state, nil
	}
	grid := schedule.NewGrid()
	for {
		in := m.observe(ctx)
		if ctx.Err() != nil {
			return nil
		}
		next, out := step(m.cfg, m.state, in)
		m.state = next
		m.publish(append(out.events, m.result(in)))
		if out.secondaries {
			m.publish(m.lookAtSecondaries(ctx))
		}
		if grid.WaitOr(ctx, out.wait, m.Nudge) != nil {
			return nil
		}
	}
}

// observe makes one round and, when it was in vain, asks the DNS server.
func (m *Monitor) observe(ctx context.Context) observation {
	in := observation{echo: m.echo(ctx, m.cfg.Target)}
	if !in.echo.Alive() && !in.echo.Unknown() && m.cfg.Refutes() {
		in.asked = true
		in.dns = m.dns.Query(ctx, m.cfg.DNSServer, m.cfg.DNSName, probe.Path{})
	}
	in.now = time.Since(m.start)
	return in
}

// result is what one round found out, for those who show it.
func (m *Monitor) result(in observation) event.Event {
	s := in.echo.Stats()
	return event.Event{
		Kind: event.UpdownResult, Target: m.cfg.Target, Online: m.state.verdict == online, Text: in.echo.Reason(),
		Round: event.Round{
			Sent: in.echo.Sent, Received: len(in.echo.RTTs),
			Min: s.Min, Avg: s.Avg, Max: s.Max, Jitter: s.Jitter, Loss: s.Loss, RTTs: in.echo.RTTs,
		},
	}
}

// lookAtSecondaries makes one round to each secondary, all at the same time,
// and returns one event for each, in the configured order. When ctx is done
// first, there is nothing to tell.
func (m *Monitor) lookAtSecondaries(ctx context.Context) []event.Event {
	found := make([]event.Event, len(m.cfg.Secondaries))
	panics := make(chan string, len(found))
	var rounds sync.WaitGroup
	for i, target := range m.cfg.Secondaries {
		rounds.Go(func() {
			defer hand(panics)
			found[i] = secondary(target, m.echo(ctx, target))
		})
	}
	rounds.Wait()
	close(panics)
	for p := range panics {
		panic(p) // in the goroutine of Run, where it ends this monitor only
	}
	if ctx.Err() != nil {
		return nil
	}
	return found
}

// hand is deferred: it turns a panic into a text with its stack.
func hand(panics chan<- string) {
	if r := recover(); r != nil {
		panics <- fmt.Sprintf("%v\n%s", r, debug.Stack())
	}
}

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
		e.Monitor, e.Time = event.Updown, m.wall()
		m.events.Publish(e)
	}
}
