// Package ddns is the monitor of the external address: the one by which the
// internet sees this machine.
//
// It asks web servers, the providers, which answer with the address of the
// asker. They take turns, because no one is owed that much trust or load, and
// because one may lie: an address that is news counts only when a second
// provider says the same.
package ddns

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

const (
	// enough is how many providers may fail in one poll, and how many may
	// answer, before it is over.
	enough = 3
	// slowest is the longest time between two polls that came to nothing,
	// unless the interval is longer.
	slowest = time.Minute
	// nobody stands for "no provider" where one is expected.
	nobody = -1
)

// rules is what does not change while the monitor lives.
type rules struct {
	interval  time.Duration
	providers []string // as the log shows them
	debug     bool     // pretend, and ask nobody
}

// state is all that the monitor remembers. One poll goes:
//
//	                ┌────── undecided: ask the next provider ──────┐
//	                v                                              │
//	due ────────> asking ─────────────── reply ───────────────> judged
//	                                                               │
//	   two agree, or one says what is known ── settled ────────────┤ wait: interval
//	   nothing to go by, or no two agree ───── failed ─────────────┘ wait: twice as
//	                                                                 long, up to slowest
//
// A settled poll publishes an address that is new. Failed polls are told once
// until the next settled one.
type state struct {
	known   netip.Addr    // the address published last
	wait    time.Duration // from the last poll to the next; 0 before the first
	failing bool          // the log has the present episode of failed polls
	polls   int           // debug: how many there were
	last    int           // the provider asked last
	bench   []bench       // of each provider
	replies []reply       // of the present poll
}

// reply is what one provider said: an address, or why not.
type reply struct {
	provider int
	address  netip.Addr
	err      error
}

// input is a poll that is due or, when it is not, what the provider that was
// asked last said.
type input struct {
	now     time.Duration // on the monotonic clock
	due     bool
	address netip.Addr
	err     error
}

// outcome is what follows: somebody to ask, or the end of this poll.
type outcome struct {
	ask    int // index of a provider, or nobody
	events []event.Event
	wait   time.Duration // at the end of a poll: from its start to the next one
	result event.Event   // at the end of a poll: how it ended
}

// begin returns the state before the first poll, which asks the provider after
// the last one.
func begin(providers, last int) state {
	return state{last: last, bench: make([]bench, providers)}
}

// step is the whole behaviour of the monitor.
func step(r rules, s state, in input) (state, outcome) {
	switch {
	case in.due && r.debug:
		return s.pretend(r)
	case in.due:
		s.replies = nil
	default:
		s = s.hear(in)
	}
	answers := s.answers()
	if winner, ok := s.winner(answers, len(r.providers)); ok {
		return s.settled(r, in.now, winner, answers)
	}
	if len(answers) < enough && len(s.replies)-len(answers) < enough {
		if p := s.next(in.now); p != nobody {
			s.last = p
			return s, outcome{ask: p}
		}
	}
	return s.failed(r)
}

// hear notes what the provider that was asked last said.
func (s state) hear(in input) state {
	s.replies = append(slices.Clip(s.replies), reply{s.last, in.address, in.err})
	if in.err != nil {
		return s.sendOff(s.last, in.now)
	}
	return s.welcome(s.last, in.now)
}

// answers are the replies that hold an address.
func (s state) answers() []reply {
	return slices.DeleteFunc(slices.Clone(s.replies), func(r reply) bool { return r.err != nil })
}

// winner is the answer to believe: one that says what is known or has nobody
// else to ask, or one that two providers gave.
func (s state) winner(answers []reply, providers int) (reply, bool) {
	if len(answers) == 1 {
		return answers[0], answers[0].address == s.known || providers == 1
	}
	for i, a := range answers {
		for _, b := range answers[i+1:] {
			if a.address == b.address {
				return a, true
			}
		}
	}
	return reply{}, false
}

// settled ends a poll that found the address. Whoever said another one has
// to pause like one that failed.
func (s state) settled(r rules, now time.Duration, winner reply, answers []reply) (state, outcome) {
	for _, a := range answers {
		if a.address != winner.address {
			s = s.sendOff(a.provider, now)
		}
	}
	return s.found(r, winner.address, r.providers[winner.provider])
}

// found publishes an address if it is news.
func (s state) found(r rules, address netip.Addr, source string) (state, outcome) {
	out := outcome{ask: nobody, wait: r.interval}
	out.result = event.Event{Kind: event.DDNSResult, Online: true, Address: address, Source: source}
	switch {
	case address != s.known:
		out.events = []event.Event{{Kind: event.DDNSUpdate, Address: address, OldAddress: s.known, Source: source}}
	case s.failing:
		text := "External IP Address is still " + address.String()
		out.events = []event.Event{{Kind: event.Message, Severity: event.Info, Text: text}}
	}
	s.known, s.wait, s.failing = address, r.interval, false
	return s, out
}

// failed ends a poll without an answer, with one that nobody confirmed, or with
// answers that are all different.
func (s state) failed(r rules) (state, outcome) {
	text := r.quote(s.replies)
	switch n := len(s.answers()); {
	case n == 1:
		text += "; nobody confirms it"
	case n > 1:
		text = "providers disagree: " + text
	}
	var events []event.Event
	if !s.failing {
		events = []event.Event{{Kind: event.DDNSNoUpdate, Text: text}}
	}
	s.failing = true
	s.wait = min(2*max(s.wait, r.interval), max(r.interval, slowest))
	result := event.Event{Kind: event.DDNSResult, Text: text}
	return s, outcome{ask: nobody, events: events, wait: s.wait, result: result}
}

// quote lists who said what. An error says itself whose it is.
func (r rules) quote(replies []reply) string {
	var said []string
	for _, p := range replies {
		if p.err != nil {
			said = append(said, p.err.Error())
		} else {
			said = append(said, r.providers[p.provider]+" says "+p.address.String())
		}
	}
	return strings.Join(said, "; ")
}

// pretend is a poll in debug mode: four private addresses in turn.
func (s state) pretend(r rules) (state, outcome) {
	fakes := [...][4]byte{{192, 168, 14, 1}, {172, 16, 12, 2}, {10, 1, 10, 3}, {192, 168, 14, 4}}
	address := netip.AddrFrom4(fakes[s.polls%len(fakes)])
	s.polls++
	return s.found(r, address, "debug")
}
