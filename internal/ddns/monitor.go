package ddns

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// Asker asks one provider for the address by which it sees us. The address is
// a global one; the error says whose it is and why there is none.
type Asker interface {
	Address(ctx context.Context, url string, path probe.Path) (netip.Addr, error)
}

// Monitor tracks the external address. Make it with [New].
type Monitor struct {
	schedule.Nudge // Check starts a poll now

	urls   []string
	rules  rules
	asker  Asker
	events event.Publisher

	start time.Time // zero of the monotonic clock
	state state

	before *Monitor // whose address Run begins with; nil for none
}

// New returns a monitor that asks cfg.Providers and publishes to events. With
// debug it walks through fake addresses, one a poll, and asks nobody.
func New(cfg config.DDNS, debug bool, asker Asker, events event.Publisher) *Monitor {
	m := &Monitor{Nudge: schedule.NewNudge(), urls: cfg.Providers, asker: asker, events: events, start: time.Now()}
	m.rules = rules{interval: cfg.Interval, debug: debug}
	for _, u := range cfg.Providers {
		m.rules.providers = append(m.rules.providers, host(u))
	}
	m.state = begin(len(cfg.Providers), rand.IntN(max(len(cfg.Providers), 1)))
	return m
}

// host is how the log shows a provider.
func host(provider string) string {
	if u, err := url.Parse(provider); err == nil && u.Host != "" {
		return u.Host
	}
	return provider
}

// Follow makes m go on with the address that before knows: an event at start
// tells people that the machine has started, and new settings are no start. Run
// of before must have returned when Run of m begins. It returns m; before may be
// nil.
func (m *Monitor) Follow(before *Monitor) *Monitor {
	if before != nil && before.rules.debug == m.rules.debug {
		m.before = before
	}
	return m
}

// Run polls until ctx is done and then returns nil. It may be called again
// after a panic and goes on with what it knew.
func (m *Monitor) Run(ctx context.Context) error {
	if b := m.before; b != nil {
		m.state.known, m.before = b.state.known, nil
	}
	grid := schedule.NewGrid()
	for {
		wait := m.poll(ctx)
		if grid.WaitOr(ctx, wait, m.Nudge) != nil {
			return nil
		}
	}
}

// poll asks until the poll is decided and returns the time from its start to
// the next one.
func (m *Monitor) poll(ctx context.Context) time.Duration {
	in := input{now: time.Since(m.start), due: true}
	for {
		next, out := step(m.rules, m.state, in)
		m.state = next
		m.publish(out.events)
		if out.ask == nobody {
			m.publish([]event.Event{out.result})
			return out.wait
		}
		address, err := m.asker.Address(ctx, m.urls[out.ask], probe.Path{})
		if ctx.Err() != nil {
			return m.rules.interval
		}
		in = input{now: time.Since(m.start), address: address, err: err}
	}
}

func (m *Monitor) publish(events []event.Event) {
	for _, e := range events {
		e.Monitor, e.Time = event.DDNS, time.Now()
		m.events.Publish(e)
	}
}
