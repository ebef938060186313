package failover

import "time"

// stormy is how many changes of the kernel are acted on within a second. The
// next ones wait for its end: somebody who adds and removes addresses all the
// time must not keep a router busy with nothing else.
const stormy = 30

// weather tells a storm of changes from single ones.
type weather struct {
	second time.Duration    // when the present second of changes began
	gusts  int              // the changes in it
	calm   <-chan time.Time // its end, when there are too many; else nil
}

// heeded are the changes to act on now; none until a storm is over.
func (w *weather) heeded(changes <-chan struct{}) <-chan struct{} {
	if w.calm != nil {
		return nil
	}
	return changes
}

// brace counts a change, and waits for calm when there are too many.
func (w *weather) brace(now time.Duration) {
	if now-w.second >= time.Second {
		w.second, w.gusts = now, 0
	}
	if w.gusts++; w.gusts >= stormy {
		w.calm = time.After(w.second + time.Second - now)
	}
}
