// Package ping is the monitor that measures round-trip times to one target and
// tells every round.
package ping

import (
	"errors"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

// trouble is why requests of a round did not leave this machine. What a round
// tells depends on what the log has already:
//
//	a round with                  tells                     and forgets
//	none                          its result                every trouble
//	unresolved, noRoute, other    once why, and its result  unknown
//	unknown                       once why                  nothing
//
// So a name that comes and goes is one line in the log until a request leaves
// again, and a round that says nothing of the network ends no other trouble.
type trouble int

const (
	none       trouble = iota // the requests left, answered or not
	unresolved                // the name has no address
	noRoute                   // the kernel knows no way
	other                     // any other reason
	unknown                   // the round could not be made
	troubles                  // how many there are
)

// state is all that the monitor remembers: which troubles the log has.
type state struct{ told [troubles]bool }

// step is the whole behaviour of the monitor.
func step(target string, s state, r probe.Result) (state, []event.Event) {
	var out []event.Event
	switch what := classify(r); what {
	case none:
		s = state{}
	case unknown:
		if !s.told[unknown] {
			out = append(out, line(event.Error, target, r))
		}
		s.told[unknown] = true
		return s, out
	default:
		if !s.told[what] {
			out = append(out, line(event.Warning, target, r))
		}
		s.told[what], s.told[unknown] = true, false
	}
	return s, append(out, result(target, r))
}

func classify(r probe.Result) trouble {
	switch {
	case r.Alive() || r.Err == nil:
		return none
	case r.Unknown():
		return unknown
	case errors.Is(r.Err, probe.ErrResolve):
		return unresolved
	case errors.Is(r.Err, probe.ErrNoRoute):
		return noRoute
	default:
		return other
	}
}

// line tells a trouble.
func line(severity event.Severity, target string, r probe.Result) event.Event {
	return event.Event{Kind: event.Message, Severity: severity, Text: "Ping target " + target + ": " + r.Reason()}
}

// result tells the figures of a round.
func result(target string, r probe.Result) event.Event {
	s := r.Stats()
	return event.Event{Kind: event.PingResult, Target: target, Text: r.Reason(), Round: event.Round{
		Sent: r.Sent, Received: len(r.RTTs),
		Min: s.Min, Avg: s.Avg, Max: s.Max, Jitter: s.Jitter, Loss: s.Loss, RTTs: r.RTTs,
	}}
}
