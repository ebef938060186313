package main

import (
	"math"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// scenario is one fault, and what has to happen then.
type scenario struct {
	letter string
	name   string
	goal   string // what imon is held to
	fault  func(*lab.Lab) lab.Fault
	play   func(*cell, *rig) (sample, bool) // one round; false: the contender is in no state for another
	slow   bool                             // it is measured in seconds, and others may run meanwhile
	lossy  bool                             // what is measured is the time to the clean uplink
	link   bool                             // the kernel tells that a link is gone
}

// Limits of patience. Whatever takes longer is only called longer.
const (
	limit  = 30 * time.Second       // to be on the other uplink
	window = 20 * time.Second       // of a line that loses packets
	back   = 70 * time.Second       // for a planned failback
	ready  = 20 * time.Second       // to be as before the fault, else all begins anew
	calm   = 300 * time.Millisecond // without a loss: it is over
	quiet  = 1500 * time.Millisecond
)

// scenarios are all faults in the order of the table.
func scenarios() []scenario {
	return []scenario{
		{letter: "a", name: "cable cut at the router: interface set down", goal: "median <= 5 ms, p99 <= 20 ms", link: true,
			fault: func(l *lab.Lab) lab.Fault { return l.CutRouter(0) }, play: (*cell).away},
		{letter: "b", name: "cable cut at the ISP: carrier lost", goal: "median <= 5 ms, p99 <= 20 ms", link: true,
			fault: func(l *lab.Lab) lab.Fault { return l.CutISP(0) }, play: (*cell).away},
		{letter: "c", name: "ISP blackhole behind a live gateway", goal: "<= fall x interval + pingwait + 20 ms", slow: true,
			fault: func(l *lab.Lab) lab.Fault { return l.Blackhole(0) }, play: (*cell).away},
		{letter: "d", name: "30 % loss; time until the stream is on the clean uplink to stay", goal: "", slow: true, lossy: true,
			fault: func(l *lab.Lab) lab.Fault { return l.Loss(0, 30) }, play: (*cell).lossy},
		{letter: "e", name: "planned failback", goal: "0 packets",
			fault: func(l *lab.Lab) lab.Fault { return l.Blackhole(0) }, play: (*cell).failback},
		{letter: "f", name: "renumbering: another address in the same subnet", goal: "",
			fault: func(l *lab.Lab) lab.Fault { return l.Renumber(0) }, play: (*cell).stay},
		{letter: "g", name: "default route deleted by somebody", goal: "<= 10 ms",
			fault: func(l *lab.Lab) lab.Fault { return l.DefaultDeleted() }, play: (*cell).stay},
		{letter: "h", name: "interface re-plugged: gone, then a new one", goal: "median <= 5 ms, p99 <= 20 ms", link: true,
			fault: func(l *lab.Lab) lab.Fault { return l.Removed(0) }, play: (*cell).away},
	}
}

// sample is what one round measured.
type sample struct {
	gap   time.Duration // the longest one; with loss, the time to the clean uplink
	lost  int           // packets, from the fault until all was well again
	back  int           // packets lost while the fault was undone
	ways  int           // changes of the way
	never bool          // it did not happen in the time that it was given
	steps steps
}

// steps is where the time of a gap went, each counted from the kernel's word
// that the link is gone; NaN for what did not happen.
type steps struct {
	lost     float64 // the first lost packet was sent, ms; before the word
	moved    float64 // the route was replaced
	freed    float64 // the stream's flow was removed from connection tracking
	answered float64 // the first packet was sent that was answered again
}

// since is what the stream has seen since the fault.
func (r *rig) since(at time.Time) sample {
	report := r.stream.Since(at)
	s := sample{gap: report.Longest().For, lost: report.Lost, ways: max(0, len(r.stream.Ways(at))-1)}
	s.steps = r.steps(at, report.Longest())
	return s
}

// steps are those of a gap after a fault.
func (r *rig) steps(at time.Time, gap lab.Gap) steps {
	word := r.watch.first(told, at)
	after := func(t time.Time) float64 {
		if t.IsZero() || word.IsZero() {
			return math.NaN()
		}
		return float64(t.Sub(word).Microseconds()) / 1000
	}
	s := steps{lost: after(gap.From), moved: after(r.watch.first(moved, at)), freed: after(r.watch.first(freed, at)), answered: math.NaN()}
	if !gap.From.IsZero() {
		s.answered = after(gap.From.Add(gap.For))
	}
	return s
}

// away is a fault that moves the stream to the standby.
func (c *cell) away(r *rig) (sample, bool) {
	f := c.scenario.fault(r.lab)
	at := time.Now()
	if c.failed(f.Inject()) {
		return sample{}, false
	}
	moved := r.steady(1, calm, limit)
	s := r.since(at)
	s.never = !moved
	return s, !s.never && c.restore(r, f, &s)
}

// restore undoes the fault and counts what is lost until all is as before.
func (c *cell) restore(r *rig, f lab.Fault, s *sample) bool {
	at := time.Now()
	if c.failed(f.Restore()) || c.failed(c.repair(r)) {
		return false
	}
	again := r.steady(0, calm, ready)
	s.back = r.stream.Since(at).Lost
	return again
}

// repair does what a machine's network configuration does when a link returns.
func (c *cell) repair(r *rig) error {
	switch {
	case c.contender.name == "kernel alone":
		return r.ip(first)
	case c.contender.floor || c.contender.isImon():
		return nil
	}
	return r.ip(tables)
}

// stay is a fault after which the stream may go by either uplink. Late effects
// count.
func (c *cell) stay(r *rig) (sample, bool) {
	f := c.scenario.fault(r.lab)
	at := time.Now()
	if c.failed(f.Inject()) {
		return sample{}, false
	}
	over := r.steady(-1, quiet, limit)
	s := r.since(at)
	s.never = !over
	return s, over && c.restore(r, f, &s)
}

// failback is the return to a primary that is well again. The fault before is
// one that the kernel does not see, if the contender can see it.
func (c *cell) failback(r *rig) (sample, bool) {
	f := c.scenario.fault(r.lab)
	if c.contender.floor {
		f = r.lab.CutISP(0)
	}
	if c.failed(f.Inject()) || !r.steady(1, quiet, limit) {
		return sample{never: true}, false
	}
	at := time.Now()
	if c.failed(f.Restore()) || c.failed(c.repair(r)) {
		return sample{}, false
	}
	again := r.steady(0, calm, back)
	s := r.since(at)
	s.never = !again
	return s, again
}

// lossy is a line that loses packets for a while.
func (c *cell) lossy(r *rig) (sample, bool) {
	f := c.scenario.fault(r.lab)
	at := time.Now()
	if c.failed(f.Inject()) {
		return sample{}, false
	}
	r.pause(window)
	s := r.since(at)
	ways := r.stream.Ways(at)
	last := len(ways) - 1
	s.never = last < 0 || ways[last].Via != r.lab.Uplink(1).Global
	s.gap = window
	if !s.never {
		s.gap = ways[last].From.Sub(at)
	}
	return s, c.restore(r, f, &s)
}
