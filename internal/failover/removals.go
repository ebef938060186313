package failover

import (
	"fmt"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

const (
	// removalWindow is the time for which one line about removed routes stands.
	removalWindow = time.Minute
	// maxPutBacks is how often in one removalWindow a removed route is put back
	// at once. Later ones wait for the next round: two programs that each
	// insist on their route must not keep a router busy with nothing else.
	maxPutBacks = 10
)

// removals counts how often the default route was put back after somebody
// else had removed it.
type removals struct {
	said  time.Duration // when the last line about it was written
	count int           // how often since
}

// complain says once that uplink i cannot be activated, until it can, or goes offline.
func (t *turn) complain(i int, err error) {
	if t.uplinks[i].complained {
		return
	}
	t.uplinks[i].complained = true
	t.say(event.Error, "Cannot activate %s: %v; will try again", t.name(i), err)
}

// mayPutBack reports whether a removed route of uplink i is put back now.
func (t *turn) mayPutBack(i int) bool {
	return t.round || t.uplinks[i].moved || t.uplinks[i].removals.count < maxPutBacks
}

// putBack says that a removed route is in place again, at most once in a window,
// or that the route has followed its uplink to another device or gateway.
func (t *turn) putBack(i int) {
	u := &t.uplinks[i]
	if u.moved {
		u.moved = false
		t.say(event.Notice, "Default route of %s leads via %s now", t.name(i), u.way())
		return
	}
	r := &u.removals
	if t.at-r.said < removalWindow {
		r.count++
		return
	}
	r.said = t.at
	t.say(event.Warning, "Default route of %s had been removed; put back", t.name(i))
}

// way is gateway and device as ip-route(8) has them.
func (u *knowledge) way() string {
	if !u.gateway.IsValid() {
		return "dev " + u.device
	}
	return u.gateway.String() + " dev " + u.device
}

// recount says how often a route was put back in the window that has ended.
func (t *turn) recount(i int) {
	r := &t.uplinks[i].removals
	if r.count == 0 || t.at-r.said < removalWindow {
		return
	}
	times := ""
	if r.count > 1 {
		times = fmt.Sprintf(" %d times in the last minute", r.count)
	}
	r.said, r.count = t.at, 0
	t.say(event.Warning, "Default route of %s had been removed; put back%s", t.name(i), times)
}
