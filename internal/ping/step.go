// Package ping is the monitor that measures round-trip times to targets, tells every
// round, and when a target is bad by its thresholds.
package ping

import (
	"errors"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/quality"
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

// state is all that the monitor remembers of one target: which troubles the log has, and
// how good it was in the last time.
type state struct {
	told     [troubles]bool
	window   quality.Window
	degraded bool
}

// step is the whole behaviour of the monitor.
func step(target string, s state, r probe.Result) (state, []event.Event) {
	var out []event.Event
	switch what := classify(r); what {
	case none:
		s.told = [troubles]bool{}
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

// assess judges a target after a round, by all rounds of the window. A round that could not
// be made says nothing.
func assess(target string, q config.Quality, s state, at time.Duration, r probe.Result) (state, []event.Event) {
	if !q.Measured() || r.Unknown() && !r.Alive() || r.Sent == 0 {
		return s, nil
	}
	stats := r.Stats()
	s.window.Add(at, q.Window, quality.Sample{Sent: r.Sent, Received: len(r.RTTs), RTT: stats.Avg, Jitter: stats.Jitter})
	was := s.degraded
	var why string
	switch s.degraded, why = s.window.Judge(at, q, was); {
	case s.degraded && !was:
		return s, []event.Event{{Kind: event.PingDegraded, Target: target, Text: why}}
	case was && !s.degraded:
		return s, []event.Event{{Kind: event.PingRecovered, Target: target}}
	}
	return s, nil
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
