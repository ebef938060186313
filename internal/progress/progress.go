// Package progress knows which monitors have stopped making any.
//
// A monitor that works says something with every round, if only how the round
// went. One that has been silent for longer than a round can take hangs.
package progress

import (
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Watch notes the last sign of life of each monitor. Make it with [New]. Its
// methods may be called from any goroutine.
type Watch struct {
	mu    sync.Mutex
	lives []life // of the monitors that run, in the order in which they were expected
}

// life is what is known of one monitor.
type life struct {
	monitor string
	within  time.Duration // from one sign of life to the next
	last    time.Time
}

// New returns a Watch that expects nothing of anybody.
func New() *Watch { return &Watch{} }

// Expect says that the monitor runs from now on, and that from one event of it
// to the next there are at most within.
func (w *Watch) Expect(monitor string, within time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(monitor)
	w.lives = append(w.lives, life{monitor, within, time.Now()})
}

// Forget says that the monitor does not run any more.
func (w *Watch) Forget(monitor string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(monitor)
}

func (w *Watch) remove(monitor string) {
	for i, l := range w.lives {
		if l.monitor == monitor {
			w.lives = append(w.lives[:i], w.lives[i+1:]...)
			return
		}
	}
}

// Publish takes an event as a sign of life of its monitor, whatever it says: a
// monitor that fails and is started again is looked after already.
func (w *Watch) Publish(e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.lives {
		if w.lives[i].monitor == e.Monitor {
			w.lives[i].last = time.Now()
		}
	}
}

// Silent is a monitor that should have said something, and for how long it has not.
type Silent struct {
	Monitor string
	For     time.Duration // by the monotonic clock
}

// Overdue are the monitors that have been silent for too long.
func (w *Watch) Overdue() []Silent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Silent
	for _, l := range w.lives {
		if silent := time.Since(l.last); silent > l.within {
			all = append(all, Silent{l.monitor, silent})
		}
	}
	return all
}
