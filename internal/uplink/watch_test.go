package uplink

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// quiet drains changes until none has come for a moment.
func quiet(changes <-chan struct{}) {
	for {
		select {
		case <-changes:
		case <-time.After(20 * time.Millisecond):
			return
		}
	}
}

// told waits for a change.
func told(t testing.TB, changes <-chan struct{}, of string) {
	t.Helper()
	select {
	case _, ok := <-changes:
		if !ok {
			t.Fatal("the channel is closed")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no word of ", of)
	}
}

func TestWatchTellsOfEachKind(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	changes := r.Watch(t.Context())
	route := w.defaultRoute("eth0", "10.0.0.9", unix.RTPROT_STATIC, 300)
	rule := ruleToNetlink(rules(netip.MustParseAddr("10.9.9.9"), 7)[1])
	for _, c := range []struct {
		of string
		do func()
	}{
		{"a link going down", func() { w.down("eth1") }},
		{"a link coming up", func() { w.up("eth1") }},
		{"a carrier lost", func() { w.set(w.isp[1].netlink.LinkSetDown(w.link(w.isp[1].netlink, "peer"))) }},
		{"an address", func() { w.address(w.here, "eth1", "192.0.2.66/24") }},
		{"an address gone", func() { w.noAddress("eth1", "192.0.2.66/24") }},
		{"a default route", func() { w.set(w.here.RouteAdd(route)) }},
		{"a default route gone", func() { w.set(w.here.RouteDel(route)) }},
		{"a rule", func() { w.set(w.here.RuleAdd(rule)) }},
		{"a rule gone", func() { w.set(w.here.RuleDel(rule)) }},
	} {
		quiet(changes)
		c.do()
		told(t, changes, c.of)
	}
}

func TestWatchPassesOverOtherRoutes(t *testing.T) {
	w := newWorld(t)
	changes := w.router().Watch(t.Context())
	quiet(changes)
	w.flood(100)
	select {
	case <-changes:
		t.Error("a route that is no default was reported")
	case <-time.After(50 * time.Millisecond):
	}
}

// flood adds and deletes a route that is no default n times.
func (w *world) flood(n int) {
	w.t.Helper()
	route := &netlink.Route{Dst: ipNet(netip.MustParsePrefix("10.66.0.0/16")), LinkIndex: w.link(w.here, "eth0").Attrs().Index, Scope: netlink.SCOPE_LINK}
	for range n {
		w.set(w.here.RouteAdd(route))
		w.set(w.here.RouteDel(route))
	}
}

// With the smallest receive buffer the kernel drops messages. That is told as
// a change, and the watch goes on.
func TestWatchSurvivesENOBUFS(t *testing.T) {
	w := newWorld(t)
	f := w.monitor(0).buffer(1).file
	var err error
	w.flood(200) // nobody reads meanwhile
	var overflow bool
	for range 400 {
		w.set(f.SetReadDeadline(time.Now().Add(20 * time.Millisecond)))
		if _, err = f.Read(make([]byte, 8<<10)); errors.Is(err, unix.ENOBUFS) {
			overflow = true
		} else if err != nil {
			break
		}
	}
	if !overflow {
		t.Fatal("the buffer did not overflow")
	}
	w.flood(200)
	w.set(f.SetReadDeadline(time.Time{}))
	changes := make(chan struct{}, 1)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { watch{changes: changes}.follow(ctx, f); close(done) }()
	told(t, changes, "lost messages")
	quiet(changes)
	w.down("eth1")
	told(t, changes, "a link after the loss")
	cancel()
	<-done
}

// While messages wait that had room, the kernel drops all others and says no more of
// it. When they have been read there is news again.
func TestWatchTellsTheEndOfDropping(t *testing.T) {
	w := newWorld(t)
	f := w.monitor(0).buffer(1).file
	w.flood(200) // nobody reads meanwhile
	changes := make(chan struct{}, 2)
	go watch{changes: changes}.follow(t.Context(), f)
	told(t, changes, "that messages are dropped")
	told(t, changes, "that they are dropped no more")
}

// A subscription that breaks is renewed, and that counts as a change.
func TestWatchResubscribes(t *testing.T) {
	w := newWorld(t)
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	var tries atomic.Int32
	opened := make(chan *os.File, 4)
	v := watch{changes: make(chan struct{}, 1), subscribe: func() (*os.File, error) {
		if tries.Add(1) < 3 {
			return nil, unix.EMFILE
		}
		f, err := subscribe(V4)
		opened <- f
		return f, err
	}}
	go v.run(ctx, nil, unix.EMFILE)
	f := <-opened
	told(t, v.changes, "the first subscription")
	quiet(v.changes)
	f.Close()
	<-opened
	told(t, v.changes, "the second subscription")
	quiet(v.changes)
	w.down("eth1")
	told(t, v.changes, "a link")
	cancel()
	for range v.changes {
	}
}

// While no subscription can be had, tries become rare, and end with ctx.
func TestWatchBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		v := watch{changes: make(chan struct{}, 1), subscribe: func() (*os.File, error) { tries++; return nil, unix.EMFILE }}
		go v.run(ctx, nil, unix.EMFILE)
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if tries < 60 || tries > 70 {
			t.Errorf("%d tries in a minute", tries)
		}
		cancel()
		synctest.Wait()
		for range v.changes {
		}
	})
}

func TestWatchEnds(t *testing.T) {
	w := newWorld(t)
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	changes := w.router().Watch(ctx)
	cancel()
	for range changes { // until it is closed
	}
}

// Nobody reads the channel: the watch must not block, and holds one word.
func TestWatchCoalesces(t *testing.T) {
	w := newWorld(t)
	changes := w.router().Watch(t.Context())
	for range 50 {
		w.down("eth1")
		w.up("eth1")
	}
	w.await("something was told", func() bool { return len(changes) == 1 })
	quiet(changes)
	w.down("eth1")
	told(t, changes, "a link")
}

func FuzzMatters(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{20, 0, 0, 0, unix.RTM_NEWROUTE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 24, 0, 0})
	f.Fuzz(func(_ *testing.T, b []byte) { matters(b) })
}
