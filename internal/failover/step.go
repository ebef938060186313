package failover

import (
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// The states, and what leads from one to another. P and S are the verdicts on
// primary and standby; an arrow to an active state is walked only when the
// activate was applied, that is, when the kernel was read back and agrees.
//
//	              ┌───────────────┐  a verdict on one uplink is missing:
//	              │    starting   │  wait, for at most patience rounds
//	              └───────┬───────┘
//	                      │ both have a verdict: failover-initial, twice
//	       ┌──────────────┼───────────────────┐
//	  P on │        S on  │ (P off, or S has  │ P off, S off
//	       v              v  the route)       v
//	┌────────────┐   P off, S on    ┌────────────┐
//	│  primary   │─────────────────>│  standby   │
//	│  active    │<─────────────────│  active    │
//	└──┬──────┬──┘ S off, P on; or  └──┬──────┬──┘
//	   │  ^   │    prefer-primary, P on│  ^   │
//	   │  └───┘ route gone:            │  └───┘ route gone:
//	   │        put back               │        put back
//	   │        P off, S off           │
//	   └───────────┐     ┌─────────────┘
//	               v     v
//	           ┌─────────────┐  the route stays where it is;
//	           │  both down  │  the first uplink that comes back is
//	           └─────────────┘  activated and announced again
//
// Beside these there is at most one activate in flight. While it is, verdicts
// are noted and nothing is decided; its applied decides anew. An activate that
// failed leaves the state as it is and its uplink out of the choice until the
// next round, or until a verdict changes.
//
// A forced uplink is preferred over everything else for as long as it is forced.
// It cannot be active while it is offline: then the other one is, until it is back.

const (
	// patience is how many rounds in a row may end without a verdict on an
	// uplink before that is said. At the start such an uplink counts as offline
	// from then on, so that a machine that cannot probe does start.
	patience = 3
	// removalWindow is the time for which one line about removed routes stands.
	removalWindow = time.Minute
	// maxPutBacks is how often in one removalWindow a removed route is put back
	// at once. Later ones wait for the next round: two programs that each
	// insist on their route must not keep a router busy with nothing else.
	maxPutBacks = 10
)

// state is all that step knows.
type state struct {
	cfg      config.Failover
	uplinks  [2]knowledge
	started  bool // both uplinks have had a verdict, and that was said
	bothDown bool // that was said, and nothing was activated since
	active   int  // the uplink announced last; None before, and while both are down
	holder   int  // the uplink whose default route the kernel has, as last heard
	inFlight int  // the uplink of the activate that was not yet answered, or None
	forced   int  // the uplink that somebody wants, or None
}

// begin returns the state in which nothing is known but who holds the default
// route: the uplink that a predecessor left active, or None.
func begin(cfg config.Failover, holder int) state {
	s := state{cfg: cfg, active: uplink.None, holder: holder, inFlight: uplink.None, forced: uplink.None}
	for i := range s.uplinks {
		s.uplinks[i].removals.said = -removalWindow
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
	switch in := in.(type) {
	case observed:
		t.at, t.round = in.at, in.round
		t.observe(in)
	case applied:
		t.at = in.at
		t.settle(in)
	case forced:
		t.force(in.uplink)
	}
	t.decide()
	return t.state, t.out
}

// observe notes what was seen.
func (t *turn) observe(in observed) {
	t.holder = in.holder
	worked := t.isOnline(t.active)
	for i, o := range in.uplinks {
		t.recount(i)
		if in.round {
			t.uplinks[i].failed = false
		}
		t.note(i, o)
	}
	t.start()
	if !in.round && worked && !t.isOnline(t.active) {
		t.out = append(t.out, probeNow{}) // what is known of the other is as old as the last round
	}
}

// start says the first verdicts, once there are two.
func (t *turn) start() {
	if t.started || t.uplinks[primary].verdict == unknown || t.uplinks[standby].verdict == unknown {
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
	if t.inFlight == uplink.None || in.uplink != t.inFlight {
		return
	}
	t.inFlight = uplink.None
	u := &t.uplinks[in.uplink]
	u.failed = in.err != nil
	switch {
	case in.err != nil:
		t.complain(in.uplink, in.err)
	case t.active == in.uplink:
		t.holder, u.complained = in.uplink, false
		t.putBack(in.uplink)
	default:
		t.holder, u.complained = in.uplink, false
		t.announce(in.uplink)
	}
}

// announce says that i has become the active uplink.
func (t *turn) announce(i int) {
	t.active, t.bothDown, t.uplinks[i].moved = i, false, false
	kinds := [2]event.Kind{event.FailoverPrimary, event.FailoverStandby}
	t.emit(event.Event{Kind: kinds[i], Uplink: t.describe(i)})
	if t.cfg.Uplinks[i].PostTarget != "" {
		t.out = append(t.out, postPing{i})
	}
}

// decide compares what ought to be with what is. It is the only place that
// activates.
func (t *turn) decide() {
	if !t.started || t.inFlight != uplink.None {
		return
	}
	want := t.choose()
	switch {
	case want == uplink.None:
		t.giveUp()
	case want != t.active, want != t.holder && t.mayPutBack(want):
		t.inFlight = want
		t.out = append(t.out, activate{want})
	}
}

// choose returns the uplink that ought to be active: the one that is forced, or
// the primary where it is preferred, else the one that is, else the one that holds the route already,
// else the primary, else the standby; of these the first that is online and
// could be activated. None when there is no such uplink.
func (t *turn) choose() int {
	order := [...]int{t.active, t.holder, primary, standby}
	if t.cfg.PreferPrimary {
		order[0] = primary
	}
	if t.forced != uplink.None {
		order = [...]int{t.forced, t.active, t.holder, 1 - t.forced}
	}
	for _, i := range order {
		if t.isOnline(i) && !t.uplinks[i].failed {
			return i
		}
	}
	return uplink.None
}

// giveUp says that no uplink is online, unless it was said already, or one is
// online and only could not be activated.
func (t *turn) giveUp() {
	if t.bothDown || t.isOnline(primary) || t.isOnline(standby) {
		return
	}
	t.active, t.bothDown = uplink.None, true
	e := event.Event{Kind: event.FailoverBothDown, Uplink: t.describe(primary), Other: t.describe(standby)}
	e.Uplink.Address, e.Other.Address = t.uplinks[primary].address, t.uplinks[standby].address
	t.emit(e)
}

// isOnline reports whether i is an uplink, and online by the last verdict.
func (t *turn) isOnline(i int) bool {
	return i != uplink.None && t.uplinks[i].verdict == online
}
