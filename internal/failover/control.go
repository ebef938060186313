package failover

import (
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/uplink"
)

// Control is how somebody outside has a say in a monitor while it runs. What it
// was told last outlives the monitor: the next one to obey it goes by it, too.
// Its methods never block and may be called from any goroutine.
type Control struct {
	wake chan struct{} // holds a token when there is something new

	mu     sync.Mutex
	check  bool
	resync bool
	forced int
	until  time.Time   // when that ends by itself; zero when it does not
	end    *time.Timer // which ends it; nil before the first one
}

// NewControl returns a Control that wants nothing.
func NewControl() *Control {
	return &Control{wake: make(chan struct{}, 1), forced: uplink.None}
}

// Check asks for a round of probes now.
func (c *Control) Check() { c.tell(func() { c.check = true }) }

// Force lets uplink i be preferred from now on: 0 for the primary, 1 for the
// standby, [uplink.None] to leave the choice to the monitor again. That ends by
// itself after d by the monotonic clock; when d is 0 it lasts until the next call.
// An uplink that is offline is not activated: the other one is, until it is back.
func (c *Control) Force(i int, d time.Duration) {
	c.tell(func() {
		c.forced, c.until = i, time.Time{}
		if c.end != nil {
			c.end.Stop()
		}
		if i != uplink.None && d > 0 {
			c.until, c.end = time.Now().Add(d), time.AfterFunc(d, c.release)
		}
	})
}

// release ends a preference whose time has come. One that was made while its
// predecessor's timer fired goes on.
func (c *Control) release() {
	c.tell(func() {
		if !c.until.IsZero() && time.Until(c.until) <= 0 {
			c.forced, c.until = uplink.None, time.Time{}
		}
	})
}

// Renumber says that the uplink that is forced is number i in the monitor that runs
// next, or [uplink.None] when it has none like it. The one that runs is not told.
// Where none is forced it does nothing.
func (c *Control) Renumber(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forced != uplink.None {
		c.forced = i
	}
	if i == uplink.None {
		c.until = time.Time{}
	}
}

// Resync asks for a Sync of the kernel now, as a change in the kernel does:
// something else that the uplinks depend on has changed.
func (c *Control) Resync() { c.tell(func() { c.resync = true }) }

// Forced returns the uplink that was forced last, or [uplink.None], and the time
// after which that ends by itself, 0 when it does not.
func (c *Control) Forced() (i int, left time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until.IsZero() {
		return c.forced, 0
	}
	return c.forced, max(time.Until(c.until), 1)
}

func (c *Control) tell(change func()) {
	c.mu.Lock()
	change()
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take returns what is wanted; checks and syncs are wanted once.
func (c *Control) take() (forced int, check, resync bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	check, resync = c.check, c.resync
	c.check, c.resync = false, false
	return c.forced, check, resync
}

// Obey lets the monitor go by c and returns the monitor. It is called before Run.
func (m *Monitor) Obey(c *Control) *Monitor {
	m.control = c
	return m
}

// obey does what is wanted now.
func (l *loop) obey() {
	want, check, resync := l.control.take()
	l.due = l.due || check
	if resync {
		l.sync()
	}
	if want != l.state.forced {
		l.feed(forced{at: l.now(), uplink: want})
	}
}
