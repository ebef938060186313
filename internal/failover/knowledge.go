package failover

import (
	"github.com/ejgeiger/imon/internal/quality"
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// patience is how many rounds in a row may end without a verdict on an
// uplink before that is said. At the start such an uplink counts as offline
// from then on, so that a machine that cannot probe does start.
const patience = 3

// knowledge is what step knows of one uplink.
type knowledge struct {
	verdict    verdict
	reason     string        // why it is not online
	address    netip.Addr    // the last one seen
	device     string        // the last one seen
	gateway    netip.Addr    // the last one seen
	moved      bool          // device or gateway changed, and the default route has not followed
	since      time.Duration // when it went offline
	contrary   int           // rounds in a row that speak against the verdict
	fresh      bool          // something changed at it: the next round decides alone
	vetoes     int           // rounds in a row without an answer that the LAN's traffic refuted
	refuted    bool          // and that was said
	blind      int           // rounds in a row without a verdict
	guessed    bool          // it counts as offline because it could not be probed from the start on
	failed     bool          // an activate failed, and no round ended and no verdict changed since
	complained bool          // and that was said
	window     quality.Window
	degraded   bool
	well       time.Duration // since when it is online and not degraded
	hold       time.Duration // how long it has to be well before failback
	removals   removals
}

// note takes over what was seen of uplink i, and says it when the verdict changed.
func (t *turn) note(i int, o observation) {
	u := &t.uplinks[i]
	u.place(o)
	u.moved = u.moved && t.holder != i
	switch {
	case o.past:
	case o.verdict == unknown && t.round:
		t.noteBlind(i, o.reason)
	case o.verdict == unknown:
	case !t.round:
		u.blind = 0
		t.judge(i, o.verdict, o.reason)
	default:
		u.blind = 0
		t.count(i, o)
		t.assess(i, o.sample)
	}
}

// place takes over from which address, and through which device and gateway, the
// uplink leads now.
func (u *knowledge) place(o observation) {
	if o.address.IsValid() {
		u.address = o.address
	}
	if o.changed {
		u.fresh = true
		u.forget()
	}
	if o.device == "" {
		return
	}
	u.moved = u.moved || u.device != "" && (o.device != u.device || o.gateway != u.gateway)
	u.device, u.gateway = o.device, o.gateway
}

// count weighs the verdict of a round on uplink i. It takes several rounds against
// the verdict so far to change it, but one when that is about a former state.
func (t *turn) count(i int, o observation) {
	u := &t.uplinks[i]
	u.guessed = false
	if o.verdict == offline && t.refuted(i, o) {
		return
	}
	if o.verdict == online {
		u.vetoes, u.refuted = 0, false
	}
	if o.verdict == u.verdict {
		u.contrary = 0
	} else {
		u.contrary++
	}
	if u.verdict != unknown && !u.fresh && u.contrary < t.needed(o.verdict) {
		if o.verdict == u.verdict {
			u.reason = o.reason
		}
		return
	}
	t.judge(i, o.verdict, o.reason)
	u.fresh = false
}

// needed is how many rounds in a row it takes to come to that verdict. While no
// uplink is active the first success wins.
func (t *turn) needed(v verdict) int {
	switch {
	case v == offline:
		return t.cfg.Fall
	case t.active == uplink.None && t.started:
		return 1
	}
	return t.cfg.Rise
}

// refuted reports whether replies to the LAN contradict a round on uplink i in which
// nobody answered. They may do so for some rounds in a row, not for ever: some of
// them may come from the provider itself. Where one round would decide, it takes a
// second one to know of any.
func (t *turn) refuted(i int, o observation) bool {
	u := &t.uplinks[i]
	waits := o.replies == pending && t.cfg.Fall == 1
	if u.verdict != online || o.replies != replied && !waits || u.vetoes >= t.cfg.PassiveRounds {
		return false
	}
	u.vetoes++
	if !waits && !u.refuted {
		u.refuted = true
		t.say(event.Info, "Offline of %s refuted by replies to the LAN", t.name(i))
	}
	return true
}

// doubtful reports whether there is evidence against the verdict on any uplink, but
// not yet enough.
func (s *state) doubtful() bool {
	for _, u := range s.uplinks {
		if u.contrary > 0 && u.verdict != unknown || u.vetoes > 0 {
			return true
		}
	}
	return false
}

// noteBlind counts a round that said nothing about uplink i.
func (t *turn) noteBlind(i int, reason string) {
	u := &t.uplinks[i]
	u.blind++
	if u.blind != patience {
		return
	}
	if u.verdict == unknown {
		t.judge(i, offline, reason)
		u.guessed = true
	}
	t.say(event.Error, "Cannot tell whether %s is online: %s; it counts as %v until that is known", t.name(i), reason, u.verdict)
}

// judge sets the verdict on uplink i. The first one is said by start.
func (t *turn) judge(i int, v verdict, reason string) {
	u := &t.uplinks[i]
	old := u.verdict
	u.verdict, u.reason, u.contrary, u.guessed = v, reason, 0, false
	if v == old {
		return
	}
	u.complained = false
	for j := range t.uplinks {
		t.uplinks[j].failed = false // all is to be chosen anew
	}
	if v == offline {
		t.lose(i, old)
	} else {
		t.regain(i)
	}
}

// lose says that uplink i is not online any more.
func (t *turn) lose(i int, old verdict) {
	u := &t.uplinks[i]
	u.since, u.vetoes, u.refuted = t.at, 0, false
	if old == online && !u.degraded {
		t.relapse(i)
	}
	u.forget()
	if t.started {
		t.emit(event.Event{Kind: event.FailoverUplinkOffline, Uplink: t.describe(i), Active: i == t.active, Text: u.reason})
	}
}

// regain says that uplink i is online again.
func (t *turn) regain(i int) {
	t.recover(i)
	if t.started {
		t.emit(event.Event{Kind: event.FailoverUplinkOnline, Uplink: t.describe(i), Outage: t.at - t.uplinks[i].since})
	}
}
