package uplink

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A switch is one change: a reader never sees none or two of our routes.
func TestSwitchIsAtomic(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	monitor := w.monitor(unix.RTM_DELROUTE)
	stop, looks := make(chan struct{}), 0
	reader, known := newHandle(t, netns.None()), r.settings
	var watching sync.WaitGroup
	watching.Go(func() {
		c := conn{reader, &lists{}}
		defer c.lists.close()
		for {
			select {
			case <-stop:
				return
			default:
			}
			k, err := c.list(known)
			if err != nil {
				continue // interrupted by too many changes
			}
			looks++
			n := len(slices.DeleteFunc(k.routes, func(r route) bool { return !k.ours(r) }))
			if n != 1 {
				t.Errorf("%d default routes of ours:\n%s", n, k.text())
				return
			}
		}
	})
	for n := range 1000 {
		if err := r.SetDefault((n + 1) % 2); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	watching.Wait()
	if looks < 10 {
		t.Errorf("the reader looked only %d times", looks)
	}
	if got := monitor.read(); len(got) > 0 {
		t.Errorf("%d routes were deleted", len(got))
	}
}

// The new route is there before the old one goes, also when it cannot be atomic.
func TestFault05AddedBeforeRemoved(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	rival := w.defaultRoute("eth0", "10.0.0.9", unix.RTPROT_STATIC, 201)
	w.set(w.here.RouteAppend(rival))
	monitor := w.monitor(0)
	for n := range 10 {
		w.setDefault(r, (n+1)%2)
		got := monitor.read()
		want := []uint16{unix.RTM_NEWROUTE, unix.RTM_DELROUTE}
		if !slices.Equal(got, want) {
			t.Fatalf("messages %v, want a new route, then a deletion %v", got, want)
		}
	}
	want := []string{first, "default via 10.0.0.9 dev eth0 proto static metric 201"}
	if diff := cmp.Diff(want, w.mains(r)); diff != "" {
		t.Error(diff)
	}
	if s := w.sync(r); s.Default != 0 || !slices.Equal(s.Foreign, want[1:]) {
		t.Errorf("snapshot %+v", s)
	}
}

// What the kernel refuses is an error, and the old route stays.
func TestFault05RefusalIsAnError(t *testing.T) {
	w := newWorld(t)
	w.specs[1].Gateway = netip.MustParseAddr("198.51.100.255") // a broadcast address
	r := w.router()
	s, err := r.Sync()
	if err == nil || !strings.Contains(err.Error(), "cannot route replace default via 198.51.100.255 dev eth2") {
		t.Errorf("error %v", err)
	}
	if s.Uplinks[1].Reason != "its probes cannot be routed" || !s.Uplinks[0].Usable() {
		t.Errorf("snapshot %+v", s)
	}
	w.setDefault(r, 0)
	const refused = "cannot set the default route via 198.51.100.255 dev eth2: cannot route add default"
	for _, rivals := range []string{"", "rival"} {
		if rivals != "" {
			w.set(w.here.RouteAppend(w.defaultRoute("eth0", "10.0.0.9", unix.RTPROT_STATIC, 201)))
		}
		err = r.SetDefault(1)
		want := strings.Replace(refused, "route add", map[string]string{"": "route replace", "rival": "route prepend"}[rivals], 1)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s…", err, want)
		}
		if got := w.mains(r)[0]; got != first {
			t.Errorf("routes %q", got)
		}
	}
	w.down("eth1")
	if err := r.SetDefault(0); err == nil || err.Error() != "cannot set the default route via 192.0.2.1 dev eth1: interface is down" {
		t.Errorf("error %v", err)
	}
}

// Routes of others survive whatever imon does.
func TestFault06ForeignRoutesSurvive(t *testing.T) {
	w := newWorld(t)
	for _, f := range []struct {
		dev, gateway     string
		protocol, metric int
	}{
		{"eth1", "192.0.2.1", unix.RTPROT_DHCP, 100},    // our gateway, another metric
		{"eth1", "192.0.2.1", unix.RTPROT_BOOT, 300},    // the same, larger
		{"eth2", "198.51.100.1", unix.RTPROT_STATIC, 0}, // no metric
		{"eth1", "192.0.2.9", unix.RTPROT_BOOT, 201},    // our metric, another gateway
		{"eth0", "10.0.0.9", unix.RTPROT_STATIC, 201},   // our metric again
		{"eth0", "10.0.0.9", Protocol, 50},              // another instance's
	} {
		w.set(w.here.RouteAppend(w.defaultRoute(f.dev, f.gateway, f.protocol, f.metric)))
	}
	r := w.router()
	foreign := w.mains(r)
	check := func(after string) {
		t.Helper()
		got := slices.DeleteFunc(w.mains(r), func(s string) bool { return s == first || s == second })
		if diff := cmp.Diff(foreign, got); diff != "" {
			t.Fatalf("after %s, -want +got:\n%s", after, diff)
		}
	}
	s := w.sync(r)
	check("Sync")
	want := []string{
		"default via 198.51.100.1 dev eth2 proto static",
		"default via 10.0.0.9 dev eth0 proto 105 metric 50",
		"default via 192.0.2.1 dev eth1 proto dhcp metric 100",
		"default via 192.0.2.9 dev eth1 metric 201",
		"default via 10.0.0.9 dev eth0 proto static metric 201",
	}
	if diff := cmp.Diff(want, s.Foreign); diff != "" {
		t.Error(diff)
	}
	for n := range 6 {
		w.setDefault(r, n%2)
		check("SetDefault")
		if got := w.sync(r).Default; got != n%2 {
			t.Errorf("default %d, want %d", got, n%2)
		}
	}
	w.set(w.here.RouteDel(w.defaultRoute("eth2", "198.51.100.1", Protocol, 201)))
	w.setDefault(r, 0)
	check("a deletion")
	w.set(r.Close())
	check("Close")
	w.setDefault(w.router(), 1)
	check("a restart")
}
