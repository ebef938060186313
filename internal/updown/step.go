// Package updown is the monitor of one host: is it online, and for how long was
// it not.
//
// A host that answers no echo request of a round is offline, unless a DNS
// server answers a query at that moment: then the network works, and the host
// is online though it keeps silent. At each change the secondaries are looked
// at too, to show how far the network works.
package updown

import (
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

// fastest is the longest time between two rounds while the target is offline.
const fastest = time.Second

// verdict is what is known of the target.
//
//	           up: initial (online)
//	starting ───────────────────────────> online <────────┐
//	    │                              ^      │           │
//	    │ down: initial (offline)      │      │ down:     │ up:
//	    │                              │      │ offline   │ online, with the outage
//	    └─> absent ────────────────────┘      └───> offline
//	                up: initial (online)
//
// "up" is a round that was answered, or refuted by a DNS answer; "down" is any
// other round. A round that could not be made changes nothing. Each arrow to or
// from online also looks at the secondaries.
type verdict int

const (
	starting verdict = iota // no round yet
	absent                  // offline since the start
	online
	offline
)

// state is all that the monitor remembers.
type state struct {
	verdict verdict
	since   time.Duration // when the verdict became offline
	refuted bool          // the log has the present episode of silence
	blind   bool          // the log has the present episode of rounds that could not be made
}

// observation is one round: what the target answered at which moment of the
// monotonic clock and, when it was silent, what a DNS server did.
type observation struct {
	now   time.Duration
	echo  probe.Result
	asked bool  // a DNS query was made
	dns   error // why it was not answered
}

// refuted reports whether a DNS answer contradicts the silence of the target.
func (in observation) refuted() bool { return in.asked && in.dns == nil }

// reason says why the target is taken for offline.
func (in observation) reason() string {
	if in.dns == nil {
		return in.echo.Reason()
	}
	return in.echo.Reason() + "; " + in.dns.Error()
}

// outcome is what follows from a round.
type outcome struct {
	events      []event.Event
	secondaries bool          // look at the secondaries now
	wait        time.Duration // from the start of this round to the start of the next
}

// step is the whole behaviour of the monitor.
func step(cfg config.Updown, s state, in observation) (state, outcome) {
	var out outcome
	switch {
	case in.echo.Unknown():
		s, out = s.unknown(cfg, in)
	case in.echo.Alive():
		s.refuted, s.blind = false, false
		s, out = s.up(cfg, in)
	case in.refuted():
		s.blind = false
		s, out = s.silent(cfg, in)
	default:
		s.refuted, s.blind = false, false
		s, out = s.down(cfg, in)
	}
	out.wait = s.cadence(cfg.Interval)
	return s, out
}

// unknown is a round that this machine could not make.
func (s state) unknown(cfg config.Updown, in observation) (state, outcome) {
	if s.blind {
		return s, outcome{}
	}
	s.blind = true
	return s, outcome{events: []event.Event{notChecked("Monitored IP", cfg.Target, in.echo)}}
}

// silent is a round without an answer, contradicted by a DNS server.
func (s state) silent(cfg config.Updown, in observation) (state, outcome) {
	told := s.refuted
	s.refuted = true
	s, out := s.up(cfg, in)
	if !told {
		refuted := event.Event{Kind: event.UpdownRefuted, Target: cfg.Target, DNSName: cfg.DNSName, DNSServer: cfg.DNSServer}
		out.events = append([]event.Event{refuted}, out.events...)
	}
	return s, out
}

// up is a round after which the target is online.
func (s state) up(cfg config.Updown, in observation) (state, outcome) {
	e := event.Event{Kind: event.UpdownInitial, Target: cfg.Target, Online: true}
	switch s.verdict {
	case online:
		return s, outcome{}
	case offline:
		e.Kind, e.Outage = event.UpdownOnline, in.now-s.since
	}
	s.verdict = online
	return s, outcome{events: []event.Event{e}, secondaries: true}
}

// down is a round after which the target is offline.
func (s state) down(cfg config.Updown, in observation) (state, outcome) {
	e := event.Event{Target: cfg.Target, Text: in.reason()}
	switch s.verdict {
	case starting:
		e.Kind, s.verdict = event.UpdownInitial, absent
		return s, outcome{events: []event.Event{e}}
	case online:
		e.Kind, s.verdict, s.since = event.UpdownOffline, offline, in.now
		return s, outcome{events: []event.Event{e}, secondaries: true}
	}
	return s, outcome{}
}

// cadence is the time from one round to the next.
func (s state) cadence(interval time.Duration) time.Duration {
	if s.verdict == absent || s.verdict == offline {
		return min(fastest, interval)
	}
	return interval
}

// secondary is what one round to a secondary says.
func secondary(target string, r probe.Result) event.Event {
	if r.Unknown() {
		return notChecked("Secondary IP", target, r)
	}
	return event.Event{Kind: event.UpdownSecondary, Target: target, Online: r.Alive(), Text: r.Reason()}
}

// notChecked is the line for a round that this machine could not make.
func notChecked(role, target string, r probe.Result) event.Event {
	return event.Event{Kind: event.Message, Severity: event.Error, Text: role + " " + target + " not checked: " + r.Reason()}
}
