package uplink

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A thousand changes of the machine leave no rule, route, descriptor or
// goroutine behind.
func TestThousandFlapsLeakNothing(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	changes := r.Watch(t.Context())
	w.sync(r)
	w.setDefault(r, 0)
	want, files := w.text(r), descriptors(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for n := range 1000 {
		switch {
		case n%50 == 49: // slow: the kernel waits for readers
			w.down("eth1")
			w.sync(r)
			w.up("eth1")
		default:
			w.noAddress("eth1", "192.0.2.2/24")
			w.sync(r)
			w.address(w.here, "eth1", "192.0.2.2/24")
		}
		w.sync(r)
		w.setDefault(r, n%2)
	}
	w.setDefault(r, 0)
	// The order of rules tells only who came first.
	if got := len(w.text(r)); got != len(want) {
		t.Errorf("in the kernel:\n%swant:\n%s", w.text(r), want)
	}
	if got := descriptors(t); got != files {
		t.Errorf("%d file descriptors, want %d", got, files)
	}
	told(t, changes, "all that")
}

// Routers that come and go leave nothing but the default route.
func TestRestartsLeakNothing(t *testing.T) {
	w := newWorld(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	files := descriptors(t)
	var last *Router
	for n := range 50 {
		r, err := New(w.specs, Options{Metric: 201})
		w.set(err)
		w.sync(r)
		w.setDefault(r, n%2)
		w.set(r.Close())
		last = r
	}
	if got := w.text(last); got != second+"\n" {
		t.Errorf("left in the kernel:\n%s", got)
	}
	if got := descriptors(t); got != files {
		t.Errorf("%d file descriptors, want %d", got, files)
	}
}
