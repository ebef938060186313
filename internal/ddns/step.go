// Package ddns is the monitor of the external address: the one by which the
// internet sees this machine.
//
// What costs least is asked first. An address of the machine itself that the
// internet knows is looked at without any traffic, and its word counts. Otherwise
// others are asked: name servers, web servers, or a program of the user's. They take
// turns, because no one is owed that much trust or load, and because one may lie:
// vote.go says who is believed.
package ddns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

const (
	// enough is how many sources of a kind may fail in one poll, and how many may
	// answer.
	enough = 3
	// soonest is the time from a poll on an event that came to nothing, or from one that
	// is in doubt, to the next,
	// unless the interval is longer: a line that has just changed may not be ready.
	soonest = 5 * time.Second
	// slowest is the longest time between two polls that came to nothing,
	// unless the time between others is longer.
	slowest = time.Minute
	// nobody stands for "no source" where one is expected.
	nobody = -1
	// never is later than anything: the next poll while there is no need for one.
	// busy is the same while there is one.
	never = time.Duration(1<<63 - 1)
	busy  = never - 1
)

// state is all that the monitor remembers of one external address. One poll goes:
//
//	                ┌────── undecided: ask the next source ────────┐
//	                v                                              │
//	due ────────> asking ─────────────── reply ───────────────> judged
//	 ^                                                             │
//	 │ believed, or what is known already ── settled ──────────────┤ wait: lookup interval
//	 │ nothing to go by, or no agreement ─── failed ───────────────┘ wait: twice as long
//	 │                                                               each time
//	 └── another address, route or uplink: at once, and what was said before does not count
//
// A settled poll publishes an address that is new. Failed polls are told once
// until the next settled one; those after an event come sooner at first than the
// lookup interval, and the waits of all grow up to slowest. While the machine has
// an external address itself there are no polls.
type state struct {
	known   netip.Addr    // the address published last
	source  string        // who said so last
	why     string        // why there is none now; "" when there is
	doubted netip.Addr    // another one that the last poll found, and not surely
	wait    time.Duration // from a failed poll to the next; 0 before the first
	failing bool          // the log has the present episode of failed polls
	looks   int           // debug: how many there were

	way   uplink.Way // how it was when the machine looked last
	seen  bool       // it has looked
	due   time.Duration
	begun time.Duration // when the present poll was
	spent time.Duration // until when polls on events are paid for, see rush
	eager bool          // the poll is due to an event, or to one before that failed

	asking bool                 // a question is on its way, or about to be
	last   int                  // the source asked last
	turns  [kinds]int           // the one of its kind asked last
	polled [kinds]time.Duration // when the poll was in which one of the kind was asked last
	bench  []bench              // of each source
	said   []said               // what each source said last
	reply  []reply              // of the present poll
}

// said is the last word of a source.
type said struct {
	at      time.Duration // 0 for never
	address netip.Addr
	why     string // why there is no address
	told    bool   // the log has that it was not believed
}

// reply is what one source said: an address, or why not.
type reply struct {
	source  int
	address netip.Addr
	err     error
}

// input is a look at the machine or, with answered, what the source that was asked
// last said.
type input struct {
	now   time.Duration // on the monotonic clock, more than 0
	tick  bool          // the look is the regular one
	nudge bool          // somebody wants a poll
	way   uplink.Way
	away  error // why nobody can be asked; nil when somebody can

	answered bool
	address  netip.Addr
	err      error
}

// outcome is what follows.
type outcome struct {
	ask    int  // index of a source, or nobody
	cancel bool // the answer to what was asked is not wanted any more
	events []event.Event
	done   bool // a poll is over, or the machine has looked: show how it stands
}

// begin returns the state before the first look, whose poll asks the source after
// the last one.
func begin(r rules, last int) state {
	s := state{last: last, eager: true, bench: make([]bench, len(r.sources)), said: make([]said, len(r.sources))}
	for i := range s.turns {
		s.turns[i] = last
	}
	return s
}

// step is the whole behaviour of the monitor.
func step(r rules, s state, in input) (state, outcome) {
	switch {
	case in.answered && s.asking:
		return s.hear(r, in)
	case in.answered:
		return s, outcome{ask: nobody}
	case r.debug:
		return s.pretend(r, in)
	}
	return s.look(r, in)
}

// look takes note of how the machine is, and begins a poll when that is due. Who wants
// one while one is under way, by the same way, gets that.
func (s state) look(r rules, in input) (state, outcome) {
	news := in.nudge && !s.asking || s.seen && in.way != s.way
	s.way, s.seen = in.way, true
	if r.own && probe.Global(in.way.Own) {
		return s.own(r, in)
	}
	if news || s.due == never {
		s = s.rush(in.now).amnesty() // whom the other way did not lead to
	}
	if in.now < s.due {
		return s, outcome{ask: nobody, done: in.tick}
	}
	out := outcome{ask: nobody, cancel: s.asking}
	s.reply, s.asking, s.begun, s.due = nil, true, in.now, busy
	if in.away != nil {
		return s.failed(r, in.away.Error(), out)
	}
	return s.proceed(r, in.now, out)
}

// own is an address of the machine itself that the internet knows.
func (s state) own(r rules, in input) (state, outcome) {
	out := outcome{ask: nobody, cancel: s.asking, done: in.tick || s.failing || s.known != in.way.Own}
	s.reply, s.asking, s.due = nil, false, never
	return s.found(r.subject, in.way.Own, "interface "+in.way.Device, out)
}

// hear notes what the source that was asked last said.
func (s state) hear(r rules, in input) (state, outcome) {
	s.reply = append(slices.Clip(s.reply), reply{s.last, in.address, in.err})
	word := said{at: in.now, address: in.address}
	out := outcome{ask: nobody}
	if in.err != nil {
		word.why, word.told = in.err.Error(), s.said[s.last].told
		s = s.sendOff(s.last, in.now, in.err)
	} else {
		s = s.welcome(s.last, in.now)
	}
	if refused(in.err) && !word.told {
		word.told = true
		out.events = []event.Event{{Kind: event.Message, Severity: event.Warning, Text: r.subject + " not believed: " + word.why}}
	}
	s.said = slices.Clone(s.said)
	s.said[s.last] = word
	return s.proceed(r, in.now, out)
}

// proceed goes on with a poll: it is decided, another source is asked, or it has
// come to nothing.
func (s state) proceed(r rules, now time.Duration, out outcome) (state, outcome) {
	if winner, ok := s.winner(r); ok {
		return s.settled(r, now, winner, out)
	}
	if p := s.next(r, now); p != nobody {
		kind := r.sources[p].kind()
		s.last, s.turns[kind], s.polled[kind] = p, p, s.begun
		out.ask = p
		return s, out
	}
	if winner, ok := s.lastWord(r); ok {
		if s.doubtful(r, winner) {
			return s.doubt(winner, out)
		}
		return s.settled(r, now, winner, out)
	}
	return s.failed(r, s.lacking(r), out)
}

// doubt ends a poll that found another address which the next one has to find, too.
func (s state) doubt(winner reply, out outcome) (state, outcome) {
	s.doubted, s.asking, s.eager, out.done = winner.address, false, true, true
	s.due = min(s.due, s.begun+soonest)
	return s, out
}

// settled ends a poll that found the address. Whoever said another one has
// to pause like one that failed.
func (s state) settled(r rules, now time.Duration, winner reply, out outcome) (state, outcome) {
	for _, a := range s.answers() {
		if a.address != winner.address {
			s = s.sendOff(a.source, now, errOutvoted)
		}
	}
	s.asking, s.eager, s.wait, s.doubted = false, false, 0, netip.Addr{}
	s.due = min(s.due, s.begun+r.pause(r.sources[winner.source].kind()))
	out.done = true
	return s.found(r.subject, winner.address, r.sources[winner.source].Name, out)
}

// found publishes an address if it is news.
func (s state) found(subject string, address netip.Addr, source string, out outcome) (state, outcome) {
	switch {
	case address != s.known:
		out.events = append(out.events, event.Event{Kind: event.DDNSUpdate, Address: address, OldAddress: s.known, Source: source})
	case s.failing:
		text := subject + " is still " + address.String()
		out.events = append(out.events, event.Event{Kind: event.Message, Severity: event.Info, Text: text})
	}
	s.known, s.source, s.why, s.failing = address, source, "", false
	return s, out
}

// failed ends a poll without an answer, with one that nobody confirmed, or with
// answers that are all different.
func (s state) failed(r rules, why string, out outcome) (state, outcome) {
	if !s.failing {
		out.events = append(out.events, event.Event{Kind: event.DDNSNoUpdate, Text: why})
	}
	s.why, s.failing, s.asking, s.doubted, out.done = why, true, false, netip.Addr{}, true
	pause := r.cheapest()
	least, longest := pause, max(slowest, pause, r.interval)
	if s.eager {
		least = max(r.interval, soonest)
	}
	s.wait = min(2*max(s.wait, least), longest)
	s.eager = s.eager && s.wait < longest
	s.due = min(s.due, s.begun+s.wait)
	return s, out
}

// pretend is a regular look in debug mode: four private addresses in turn.
func (s state) pretend(r rules, in input) (state, outcome) {
	if !in.tick && !in.nudge {
		return s, outcome{ask: nobody}
	}
	fakes := [...][4]byte{{192, 168, 14, 1}, {172, 16, 12, 2}, {10, 1, 10, 3}, {192, 168, 14, 4}}
	address := netip.AddrFrom4(fakes[s.looks%len(fakes)])
	s.looks++
	s.due = never
	return s.found(r.subject, address, "debug", outcome{ask: nobody, done: true})
}

// A poll costs what is earned in earn; so many may be made at once. Routes that flap
// shall not make a flood of questions.
const (
	earn  = 10 * time.Second
	burst = 10
)

// rush makes a poll due, at once or when it is paid for.
func (s state) rush(now time.Duration) state {
	s.spent = max(s.spent, now) + earn
	s.due, s.eager, s.wait = max(now, s.spent-burst*earn), true, 0
	return s
}
