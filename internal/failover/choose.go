package failover

import (
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// steady is how many times its hold an uplink has to be without a fault so that
// its next one is not taken for flapping.
const steady = 10

// choose returns the uplink that ought to be active: the one that is forced, else
// the first in order that is online, could be activated, and is not degraded while
// another one is not. From an uplink that works it goes to a better one only when
// that has stood its hold. When there is no such uplink, it is one that cannot be probed
// (guess), or None.
func (t *turn) choose() int {
	if t.usable(t.forced) {
		return t.forced
	}
	current := t.active
	if current == uplink.None {
		current = t.holder
	}
	best := uplink.None
	for _, i := range t.order(current) {
		switch {
		case !t.usable(i):
		case best != uplink.None && !t.cleaner(i, best):
		case i != current && t.usable(current) && !t.cleaner(i, current) && !t.steady(i):
		default:
			best = i
		}
	}
	if best == uplink.None && !t.cfg.WithdrawWhenDown && !t.anyOnline() {
		return t.guess(current)
	}
	return best
}

// spare returns the uplink that is to take over when the active one's device goes: the
// first in order that is online, and rather one that is not degraded; or None.
func (s *state) spare() int {
	best := uplink.None
	for i, u := range s.uplinks {
		if s.active == uplink.None || i == s.active || !s.isOnline(i) || u.failed {
			continue
		}
		if best == uplink.None || s.uplinks[best].degraded && !u.degraded {
			best = i
		}
	}
	return best
}

// guess returns the first uplink that nothing is known against but that it cannot be
// probed, when nothing is known for any: a machine that cannot probe, or a clock that
// is wrong and cannot be set without a line, must not keep anybody offline.
func (t *turn) guess(current int) int {
	for _, i := range t.order(current) {
		if u := t.uplinks[i]; u.guessed && u.address.IsValid() && !u.failed {
			return i
		}
	}
	return uplink.None
}

// order is in which order the uplinks are looked at: that of the configuration,
// with the current one in front unless the primary is preferred.
func (t *turn) order(current int) []int {
	var order []int
	if !t.cfg.PreferPrimary && current != uplink.None {
		order = append(order, current)
	}
	if t.holder != uplink.None && !t.cfg.PreferPrimary {
		order = append(order, t.holder)
	}
	for i := range t.uplinks {
		order = append(order, i)
	}
	return order
}

// usable reports whether i is an uplink that may be made the active one now.
func (t *turn) usable(i int) bool { return t.isOnline(i) && !t.uplinks[i].failed }

// cleaner reports whether j is degraded and i is not.
func (t *turn) cleaner(i, j int) bool { return t.uplinks[j].degraded && !t.uplinks[i].degraded }

// steady reports whether uplink i has been online, and not degraded, for as long
// as it has to be before failback.
func (t *turn) steady(i int) bool { return t.at-t.uplinks[i].well >= t.uplinks[i].hold }

// recover notes that uplink i is well from now on.
func (t *turn) recover(i int) { t.uplinks[i].well = t.at }

// relapse notes that uplink i is not well any more. One that was well for a short
// time only has to be well for twice as long the next time, before failback.
func (t *turn) relapse(i int) {
	u := &t.uplinks[i]
	if t.cfg.Hold == 0 || !t.started {
		return
	}
	if t.at-u.well >= steady*u.hold {
		u.hold = t.cfg.Hold
		return
	}
	hold := max(t.cfg.Hold, min(2*u.hold, t.cfg.HoldMax))
	if hold != u.hold {
		t.say(event.Notice, "%s comes and goes: it has to be online for %v before failback", t.name(i), hold.Round(time.Second))
	}
	u.hold = hold
}
