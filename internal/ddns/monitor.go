package ddns

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
	"github.com/ejgeiger/imon/internal/uplink"
)

// Asker asks one source for the address by which it sees whoever comes by a path. The
// address is a global one; the error says whose it is and why there is none.
type Asker interface {
	Address(ctx context.Context, source Source, path probe.Path) (netip.Addr, error)
}

// Machine is this machine, or what it is to the monitor.
type Machine interface {
	// Look returns how each external address is come by: always as many, and in the
	// same order. It sends nothing.
	Look() []Sight
	// Watch returns a channel that says when another look may show something else.
	Watch(ctx context.Context) <-chan struct{}
}

// Sight is how one external address is come by at this moment.
type Sight struct {
	Uplink event.Uplink // whose address it is; zero for that of the default route
	Way    uplink.Way
	Path   probe.Path // of the questions to others
	Away   error      // why nobody can be asked; nil when somebody can
}

// Monitor tracks the external addresses of one family. Make it with [New].
type Monitor struct {
	schedule.Nudge // Check starts a poll now

	name    string
	rules   rules
	machine Machine
	asker   Asker
	events  event.Publisher

	start time.Time // zero of the monotonic clock, less one
	lines []*line

	answers   chan answer
	questions sync.WaitGroup
	before    *Monitor // whose addresses Run begins with; nil for none
}

// line is one external address that is tracked.
type line struct {
	state
	sight    Sight
	question int // the number of the one on its way
	cancel   context.CancelFunc
}

// answer is what came of a question.
type answer struct {
	line, question int
	address        netip.Addr
	err            error
}

// New returns a monitor, called name, that asks sources and publishes to events. The
// sources of a kind follow one another, and the kinds are in the order of their cost.
// With debug it walks through fake addresses, one a look, and asks nobody.
func New(name string, cfg config.DDNS, debug bool, sources []Source, machine Machine, asker Asker, events event.Publisher) *Monitor {
	m := &Monitor{
		Nudge: schedule.NewNudge(), name: name, machine: machine, asker: asker, events: events,
		start: time.Now().Add(-1), answers: make(chan answer),
	}
	m.rules = rules{
		subject: "External IP Address", interval: cfg.Interval, lookup: cfg.LookupInterval,
		own: cfg.Has(config.SourceInterface), sources: sources, debug: debug,
	}
	return m
}

// Follow makes m go on with the addresses that before knows: an event at start
// tells people that the machine has started, and new settings are no start. Run
// of before must have returned when Run of m begins. It returns m; before may be
// nil.
func (m *Monitor) Follow(before *Monitor) *Monitor {
	if before != nil && before.rules.debug == m.rules.debug {
		m.before = before
	}
	return m
}

// Run looks and asks until ctx is done and then returns nil. It may be called again
// after a panic and goes on with what it knew.
func (m *Monitor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer m.questions.Wait()
	defer cancel()
	m.resume()
	changes, grid := m.machine.Watch(ctx), schedule.NewGrid()
	m.look(ctx, input{tick: true})
	tick := grid.Next(m.rules.interval)
	for {
		timer := time.NewTimer(min(time.Until(tick), m.wait()))
		select {
		case <-ctx.Done():
		case <-timer.C:
			in := input{tick: !time.Now().Before(tick)}
			if in.tick {
				tick = grid.Next(m.rules.interval)
			}
			m.look(ctx, in)
		case <-m.Wanted():
			m.look(ctx, input{nudge: true})
		case _, open := <-changes:
			if !open {
				changes = nil
			}
			m.look(ctx, input{})
		case a := <-m.answers:
			m.hear(ctx, a)
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// resume forgets questions of a Run before, and takes over what Follow wants.
func (m *Monitor) resume() {
	for _, l := range m.lines {
		l.asking, l.due = false, 0
	}
	if m.before == nil {
		return
	}
	for _, b := range m.before.lines {
		m.line(b.sight).known = b.known
	}
	m.before = nil
}

// line is the one of a sight; there is one when it returns.
func (m *Monitor) line(s Sight) *line {
	for _, l := range m.lines {
		if l.sight.Uplink.Interface == s.Uplink.Interface && l.sight.Uplink.Role == s.Uplink.Role {
			return l
		}
	}
	l := &line{state: begin(m.rules, rand.IntN(max(len(m.rules.sources), 1))), sight: s, cancel: func() {}}
	m.lines = append(m.lines, l)
	return l
}

// wait is how long it is until a poll is due.
func (m *Monitor) wait() time.Duration {
	due := never
	for _, l := range m.lines {
		due = min(due, l.due)
	}
	return max(due-m.now(), 0)
}

func (m *Monitor) now() time.Duration { return time.Since(m.start) }

// look looks at the machine and carries out what follows for each address.
func (m *Monitor) look(ctx context.Context, in input) {
	sights := m.machine.Look()
	in.now = m.now()
	for _, s := range sights {
		l := m.line(s)
		l.sight = s
		in.way, in.away = s.Way, s.Away
		m.step(ctx, l, in)
	}
}

// hear takes an answer, unless it is too late.
func (m *Monitor) hear(ctx context.Context, a answer) {
	if l := m.lines[a.line]; l.question == a.question {
		m.step(ctx, l, input{now: m.now(), answered: true, address: a.address, err: a.err})
	}
}

func (m *Monitor) step(ctx context.Context, l *line, in input) {
	next, out := step(m.rulesOf(l), l.state, in)
	l.state = next
	if out.cancel {
		l.question++
		l.cancel()
	}
	for _, e := range out.events {
		m.publish(l, e)
	}
	if out.done {
		m.show(l)
	}
	if out.ask != nobody {
		m.ask(ctx, l, out.ask)
	}
}

// rulesOf are the rules for an address, with the words for whose it is.
func (m *Monitor) rulesOf(l *line) rules {
	r := m.rules
	if u := l.sight.Uplink; u.Role != "" {
		r.subject += " of " + u.Role + " Network " + u.Device()
	}
	return r
}

// ask puts a question, and answers hears what comes of it.
func (m *Monitor) ask(ctx context.Context, l *line, source int) {
	l.cancel()
	ctx, l.cancel = context.WithCancel(ctx)
	l.question++
	a := answer{question: l.question}
	for i := range m.lines {
		if m.lines[i] == l {
			a.line = i
		}
	}
	path := l.sight.Path
	m.questions.Go(func() {
		a.address, a.err = m.put(ctx, m.rules.sources[source], path)
		select {
		case m.answers <- a:
		case <-ctx.Done():
		}
	})
}

// put is one question. A panic is an answer that there is none.
func (m *Monitor) put(ctx context.Context, s Source, path probe.Path) (a netip.Addr, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: panic: %v", s.Name, v)
		}
	}()
	return m.asker.Address(ctx, s, path)
}

func (m *Monitor) publish(l *line, e event.Event) {
	e.Monitor, e.Time, e.Uplink = m.name, time.Now(), l.sight.Uplink
	m.events.Publish(e)
}

// show publishes how an address stands.
func (m *Monitor) show(l *line) {
	e := event.Event{Kind: event.DDNSResult, Online: !l.failing, Text: l.why, Lookups: m.lookups(l)}
	switch {
	case !l.failing && !l.known.IsValid():
		return // nothing is known yet
	case !l.failing:
		e.Address, e.Source = l.known, l.source
	}
	m.publish(l, e)
}

// lookups is what the sources have said of an address, and when one is asked next.
func (m *Monitor) lookups(l *line) *event.Lookups {
	at := func(d time.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return m.start.Add(d)
	}
	all := &event.Lookups{}
	if l.due < busy {
		all.Next = at(cmp.Or(l.due, 1))
	}
	for i, s := range m.rules.sources {
		w, b := l.said[i], l.bench[i]
		one := event.Source{Kind: s.Kind, Name: s.Name, Address: w.address, Text: w.why, Time: at(w.at)}
		if !b.free(m.now()) {
			one.Bench, one.Barred = at(b.until), b.barred
		}
		all.Sources = append(all.Sources, one)
	}
	return all
}
