package update

import (
	"net/netip"
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// When a name is compared with what its name server says.
const (
	settleTime  = 10 * time.Minute // after a delivery, for all name servers to have it
	comparePace = time.Hour        // and then
)

// record is one name and how far its delivery is. It is pure: every method gets the
// time and none asks, logs or waits. Times are of the monotonic clock.
//
//	news ──> due ──> delivered ──> compared ──┐
//	          ^ │failed: after a pause        │ as delivered: after an hour
//	          └─┴───────── drifted <──────────┘
type record struct {
	host  string
	path  probe.Path
	force time.Duration // after which the same is delivered again, 0 for never

	wanted    addresses
	delivered addresses
	at        time.Time // of the last delivery; zero for none that is known

	due      time.Time // of the next delivery, zero for none
	compare  time.Time // of the next comparison, zero for none
	hold     time.Time // until when a refusal holds
	failures int       // of deliveries, in a row
	repairs  int       // in a row, that is since it was seen to be right
	doubt    string    // why it could not be compared
	err      string    // of the last delivery, "" when it went well
}

// addresses are one IPv4 and one IPv6 address, either of which may be invalid.
type addresses [2]netip.Addr

// with is a with one of them replaced by that address.
func (a addresses) with(one netip.Addr) addresses {
	if one.Is4() {
		a[0] = one
	} else {
		a[1] = one
	}
	return a
}

// all are those that there are.
func (a addresses) all() []netip.Addr {
	return slices.DeleteFunc(a[:], func(one netip.Addr) bool { return !one.IsValid() })
}

// parcel is what is to be delivered.
func (r *record) parcel() parcel { return parcel{r.host, r.wanted.all(), r.path} }

// news notes an address. One that is delivered already, by a process before this one
// as well, is only compared, and supersedes one that waits.
func (r *record) news(a netip.Addr, path probe.Path, now time.Time) {
	r.wanted, r.path = r.wanted.with(a), path
	if r.wanted == r.delivered {
		r.due, r.failures, r.err = time.Time{}, 0, ""
		r.compare = now
		return
	}
	r.failures, r.repairs = 0, 0
	r.due, r.compare = now, time.Time{}
	if r.hold.After(now) {
		r.due = r.hold
	}
}

// next is what is to be done next and when: a delivery or a comparison. A zero time
// is for nothing at all.
func (r *record) next() (at time.Time, deliver bool) {
	forced := time.Time{}
	if r.force > 0 && !r.at.IsZero() && r.wanted == r.delivered {
		forced = r.at.Add(r.force)
		if r.hold.After(forced) {
			forced = r.hold
		}
	}
	switch first := earliest(r.due, forced); {
	case r.host == "" || r.compare.IsZero():
		return first, true
	case first.IsZero() || r.compare.Before(first):
		return r.compare, false
	default:
		return first, true
	}
}

// earliest is the earlier of two times, of which zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// arrived notes that what was wanted is delivered.
func (r *record) arrived(what addresses, now time.Time) {
	r.delivered, r.at = what, now
	r.due, r.hold, r.failures, r.err = time.Time{}, time.Time{}, 0, ""
	r.compare = now.Add(settle(r.repairs))
}

// settle is how long after a delivery to compare. Repairs that do not help become
// rare: a name that its provider answers otherwise is no reason to nag him.
func settle(repairs int) time.Duration {
	pauses := [...]time.Duration{settleTime, comparePace, 6 * time.Hour, 24 * time.Hour}
	return pauses[min(repairs, len(pauses)-1)]
}

// failed notes that a delivery failed and returns the pause before the next one.
// hold is that of a refusal, 0 for another failure.
func (r *record) failed(why string, hold time.Duration, now time.Time) time.Duration {
	r.failures++
	r.err = why
	pause := schedule.RetryAfter(r.failures)
	if hold > 0 {
		pause = hold
		r.hold = now.Add(hold)
	}
	r.due = now.Add(pause)
	return pause
}

// compared notes that the name server said what was delivered.
func (r *record) compared(now time.Time) {
	r.repairs, r.doubt = 0, ""
	r.compare = now.Add(comparePace)
}

// doubtful notes that it could not be compared, and reports whether that is new.
func (r *record) doubtful(why string, now time.Time) bool {
	known := r.doubt != ""
	r.doubt = why
	r.compare = now.Add(comparePace)
	return !known
}

// drifted notes that the name server said something else, and reports whether that
// is new.
func (r *record) drifted(now time.Time) bool {
	r.repairs++
	r.doubt = ""
	r.due, r.compare = now, time.Time{}
	if r.hold.After(now) {
		r.due = r.hold
	}
	return r.repairs == 1
}
