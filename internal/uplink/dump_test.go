package uplink

import (
	"testing"

	"golang.org/x/sys/unix"
)

// With no file descriptor left for another socket, the routes are still seen and the
// default route still goes where it should.
func TestSwitchWithoutFileDescriptors(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	var before unix.Rlimit
	w.set(unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	none := before
	none.Cur = 0
	w.set(unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
	err := r.SetDefault(1)
	k, failed := r.list()
	w.set(unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	if err != nil || failed != nil || k.snapshot().Default != 1 {
		t.Errorf("errors %v, %v", err, failed)
	}
}
