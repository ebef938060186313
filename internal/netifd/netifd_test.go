package netifd

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/netifd/netifdtest"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wan() netifdtest.Interface {
	return netifdtest.Interface{Name: "wan", Device: "eth1", Address: netip.MustParsePrefix("192.168.42.2/24"), Gateway: netip.MustParseAddr("192.168.42.1")}
}

func wwan() netifdtest.Interface {
	return netifdtest.Interface{Name: "wwan", Device: "wwan0", Address: netip.MustParsePrefix("10.1.2.3/30"), Gateway: netip.MustParseAddr("10.1.2.1"), DefaultRoute: true}
}

// follow runs a Watcher on the bus at socket; each change is a token.
func follow(t *testing.T, socket string) (*Watcher, chan struct{}) {
	t.Helper()
	changes := make(chan struct{}, 1000)
	bus := ubus.New(socket, func(text string) { t.Log("imon:", text) })
	w := New(bus, func() { changes <- struct{}{} })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return w, changes
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// is returns whether the interface of that name is as wanted.
func (w *Watcher) is(want Interface) func() bool {
	return func() bool { got, _ := w.Interface(want.Name); return got == want }
}

func TestWatcher(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		n := netifdtest.Start(t, bus.Socket(), wan(), wwan())
		w, changes := follow(t, bus.Socket())
		<-w.Ready()
		first := Interface{Name: "wan", Up: true, Device: "eth1", Gateway: wan().Gateway, Address: wan().Address.Addr()}
		until(t, "wan as listed", w.is(first))
		until(t, "wwan as listed", w.is(Interface{Name: "wwan", Up: true, Device: "wwan0", Gateway: wwan().Gateway, Address: wwan().Address.Addr(), Installs: true}))
		<-changes
		until(t, "the subscription", n.Heard)

		moved := wan()
		moved.Device, moved.Gateway = "pppoe-wan", netip.MustParseAddr("192.168.42.254")
		must(t, n.Update(moved))
		<-changes
		second := first
		second.Device, second.Gateway = moved.Device, moved.Gateway
		until(t, "wan as updated", w.is(second))

		must(t, n.Down("wan"))
		<-changes
		until(t, "wan down, with what was known last", w.is(Interface{Name: "wan", Device: moved.Device, Gateway: moved.Gateway}))

		must(t, n.Update(wan()))
		<-changes
		until(t, "wan up again", w.is(first))
		must(t, n.Update(wan())) // no news
		must(t, n.Down("wwan"))
		<-changes
		if len(changes) > 0 {
			t.Error("an update without news counts as a change")
		}
	})
}

// netifd's word that an interface is down counts, even if the status that comes
// with it has not got so far.
func TestDownIsDown(t *testing.T) {
	w := &Watcher{changed: func() {}, interfaces: map[string]Interface{}}
	status := ubus.Table{{Name: "interface", Value: "wan"}, {Name: "up", Value: true}, {Name: "l3_device", Value: "eth1"}}
	for _, c := range []struct {
		method string
		up     bool
	}{{"interface.update", true}, {"interface.down", false}, {"interface.dance", false}, {"interface.update", true}} {
		w.notified(c.method, status)
		if i, _ := w.Interface("wan"); i.Up != c.up {
			t.Errorf("after %s: %+v", c.method, i)
		}
	}
}

// Whoever restarts, netifd or ubusd, the state is right again.
func TestRestarts(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		n := netifdtest.Start(t, bus.Socket(), wan())
		w, _ := follow(t, bus.Socket())
		<-w.Ready()
		n.Stop()
		if i, ok := w.Interface("wan"); !ok || !i.Up {
			t.Errorf("without netifd: %+v", i)
		}
		again := wan()
		again.Gateway = netip.MustParseAddr("192.168.42.254")
		n = netifdtest.Start(t, bus.Socket(), again)
		until(t, "the gateway of the second netifd", func() bool { i, _ := w.Interface("wan"); return i.Gateway == again.Gateway })
		until(t, "the subscription to it", n.Heard)

		bus.Kill()
		bus.Restart()
		until(t, "another list", func() bool { return n.Asked() > 1 })
		until(t, "the subscription by the new ubusd", n.Heard)
		must(t, n.Down("wan"))
		until(t, "wan down", func() bool { i, _ := w.Interface("wan"); return !i.Up })
	})
}

func TestNoNetifd(t *testing.T) {
	w, _ := follow(t, ubustest.Start(t).Socket())
	if _, ok := w.Interface("wan"); ok {
		t.Error("there is a wan")
	}
	select {
	case <-w.Ready():
		t.Error("all interfaces are known")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestOver(t *testing.T) {
	w := &Watcher{interfaces: map[string]Interface{}}
	for _, i := range []Interface{
		{Name: "wan6", Device: "eth1", Up: true},
		{Name: "wan", Device: "eth1", Up: true, Gateway: netip.MustParseAddr("192.168.42.1")},
		{Name: "old", Device: "eth1", Gateway: netip.MustParseAddr("192.168.42.9")},
		{Name: "lan", Device: "br-lan", Up: true},
	} {
		w.interfaces[i.Name] = i
	}
	for range 20 { // maps have no order
		if i, ok := w.Over("eth1"); !ok || i.Name != "wan" {
			t.Fatalf("over eth1 is %+v", i)
		}
	}
	if _, ok := w.Over("eth7"); ok {
		t.Error("there is something over eth7")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
