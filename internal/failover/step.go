package failover

import (
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// The states, and what leads from one to another. P and S are the verdicts on
// primary and standby; further uplinks stand behind the standby in the same way.
// An arrow to an active state is walked only when the activate was applied, that
// is, when the kernel was read back and agrees.
//
//	              ┌───────────────┐  a verdict on one uplink is missing:
//	              │    starting   │  wait, for at most patience rounds
//	              └───────┬───────┘
//	                      │ all have a verdict: failover-initial, for each
//	       ┌──────────────┼───────────────────┐
//	  P on │        S on  │ (P off, or S has  │ P off, S off
//	       v              v  the route)       v
//	┌────────────┐   P off, S on    ┌────────────┐
//	│  primary   │─────────────────>│  standby   │
//	│  active    │<─────────────────│  active    │
//	└──┬──────┬──┘ S off, P on; or  └──┬──────┬──┘
//	   │  ^   │    prefer-primary, P on│  ^   │
//	   │  └───┘ for as long as hold    │  └───┘ route gone:
//	   │ route gone: put back          │        put back
//	   │        P off, S off           │
//	   └───────────┐     ┌─────────────┘
//	               v     v
//	           ┌─────────────┐  the route stays where it is, or is
//	           │  both down  │  withdrawn; the first uplink that comes
//	           └─────────────┘  back is activated and announced again
//
// "On" and "off" are verdicts, and rounds are only evidence for them: fall rounds
// in a row without an answer make an uplink offline, rise rounds with one make it
// online again (note). An uplink that is online may be degraded (assess): then it
// gives way to one that is not.
//
// Beside these there is at most one activate in flight. While it is, verdicts
// are noted and nothing is decided; its applied decides anew. An activate that
// failed leaves the state as it is and its uplink out of the choice until the
// next round, or until a verdict changes.
//
// A forced uplink is preferred over everything else for as long as it is forced.
// It cannot be active while it is offline: then another one is, until it is back.

// idle stands for "no activate" where the uplink of one is expected.
const idle = uplink.None - 1

// state is all that step knows.
type state struct {
	cfg       config.Failover
	all       []config.Uplink // of cfg
	uplinks   []knowledge
	started   bool // all uplinks have had a verdict, and that was said
	bothDown  bool // that none is online was said, and nothing was activated since
	withdrawn bool // it was said that the route was withdrawn, and nothing was activated since
	stuck     bool // a withdrawal failed, and no round has ended since
	active    int  // the uplink announced last; None before, and while all are down
	holder    int  // the uplink whose default route the kernel has, as last heard
	inFlight  int  // the uplink of the activate that was not yet answered, or idle
	forced    int  // the uplink that somebody wants, or None
}

// begin returns the state in which nothing is known but who holds the default
// route: the uplink that a predecessor left active, or None.
func begin(cfg config.Failover, holder int) state {
	s := state{cfg: cfg, all: cfg.All(), active: uplink.None, holder: holder, inFlight: idle, forced: uplink.None}
	s.uplinks = make([]knowledge, len(s.all))
	for i := range s.uplinks {
		s.uplinks[i].removals.said = -removalWindow
		s.uplinks[i].hold = cfg.Hold
	}
	return s
}

// turn is one call of step under way: the state that is being changed, and the
// outputs so far.
type turn struct {
	state
	at    time.Duration
	round bool
	out   []output
}

// step takes what is known and one input, and returns what is known then and
// what is to be done.
func step(s state, in input) (state, []output) {
	t := turn{state: s}
	t.uplinks = slices.Clone(s.uplinks)
	switch in := in.(type) {
	case observed:
		t.at, t.round = in.at, in.round
		t.observe(in)
	case applied:
		t.at = in.at
		t.settle(in)
	case forced:
		t.at = in.at
		t.force(in.uplink)
	}
	t.decide()
	return t.state, t.out
}

// observe notes what was seen.
func (t *turn) observe(in observed) {
	t.holder = in.holder
	worked := t.isOnline(t.active)
	t.stuck = t.stuck && !in.round
	for i, o := range in.uplinks {
		t.recount(i)
		if in.round {
			t.uplinks[i].failed = false
		}
		t.note(i, o)
	}
	t.start()
	if !in.round && worked && !t.isOnline(t.active) {
		t.out = append(t.out, probeNow{}) // what is known of the others is as old as the last round
	}
}

// start says the first verdicts, once all uplinks have one.
func (t *turn) start() {
	if t.started || slices.ContainsFunc(t.uplinks, func(u knowledge) bool { return u.verdict == unknown }) {
		return
	}
	t.started = true
	for i, u := range t.uplinks {
		t.emit(event.Event{Kind: event.FailoverInitial, Uplink: t.describe(i), Online: u.verdict == online, Text: u.reason})
	}
}

// force notes which uplink somebody wants, and says it when that is new.
func (t *turn) force(i int) {
	if i == t.forced {
		return
	}
	t.forced = i
	e := event.Event{Kind: event.FailoverForced}
	if i != uplink.None {
		e.Uplink = t.describe(i)
	}
	t.emit(e)
}

// settle notes the result of the activate in flight.
func (t *turn) settle(in applied) {
	if t.inFlight == idle || in.uplink != t.inFlight {
		return
	}
	t.inFlight = idle
	if in.uplink == uplink.None {
		t.settleWithdrawal(in.err)
		return
	}
	u := &t.uplinks[in.uplink]
	u.failed = in.err != nil
	if in.err != nil {
		t.complain(in.uplink, in.err)
		return
	}
	t.holder, u.complained, t.stuck = in.uplink, false, false
	if t.active == in.uplink {
		t.putBack(in.uplink)
	} else {
		t.announce(in.uplink)
	}
}

// settleWithdrawal notes the result of a withdrawal.
func (t *turn) settleWithdrawal(err error) {
	t.stuck = err != nil
	if err != nil {
		t.say(event.Error, "Cannot withdraw the default route: %v; will try again", err)
		return
	}
	t.holder = uplink.None
	if !t.withdrawn {
		t.say(event.Notice, "Default route withdrawn until a network is online")
	}
	t.withdrawn = true
}

// announce says that i has become the active uplink.
func (t *turn) announce(i int) {
	t.active, t.bothDown, t.withdrawn, t.uplinks[i].moved = i, false, false, false
	kind := event.FailoverUplink
	if i <= standby {
		kind = [...]event.Kind{event.FailoverPrimary, event.FailoverStandby}[i]
	}
	t.emit(event.Event{Kind: kind, Uplink: t.describe(i)})
	if t.all[i].PostTarget != "" {
		t.out = append(t.out, postPing{i})
	}
}

// decide compares what ought to be with what is. It is the only place that
// activates.
func (t *turn) decide() {
	if !t.started || t.inFlight != idle {
		return
	}
	want := t.choose()
	if want == uplink.None {
		t.giveUp()
		return
	}
	if want != t.active || want != t.holder && t.mayPutBack(want) {
		t.activate(want)
	}
}

func (t *turn) activate(i int) {
	t.inFlight = i
	t.out = append(t.out, activate{i})
}

// giveUp says that no uplink is online, unless it was said already, or one is
// online and only could not be activated; then it withdraws the route, if told to.
func (t *turn) giveUp() {
	if t.anyOnline() {
		return
	}
	if !t.bothDown {
		t.active, t.bothDown = uplink.None, true
		e := event.Event{Kind: event.FailoverBothDown, Uplink: t.describe(primary), Other: t.describe(standby), Uplinks: len(t.uplinks)}
		e.Uplink.Address, e.Other.Address = t.uplinks[primary].address, t.uplinks[standby].address
		t.emit(e)
	}
	if t.cfg.WithdrawWhenDown && (t.holder != uplink.None || !t.withdrawn) && !t.stuck {
		t.activate(uplink.None)
	}
}

// anyOnline reports whether any uplink is online.
func (s *state) anyOnline() bool {
	return slices.ContainsFunc(s.uplinks, func(u knowledge) bool { return u.verdict == online })
}

// isOnline reports whether i is an uplink, and online by the last verdict.
func (s *state) isOnline(i int) bool {
	return i != uplink.None && s.uplinks[i].verdict == online
}
