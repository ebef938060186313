package uplink

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestDefaultWay(t *testing.T) {
	w := newWorld(t)
	if way, err := DefaultWay(V4); err == nil {
		t.Errorf("without a default route: %+v", way)
	}
	for i, want := range []Way{
		{"eth1", netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.2")},
		{"eth2", netip.MustParseAddr("198.51.100.2"), netip.MustParseAddr("198.51.100.2")},
	} {
		changes := Changes(t.Context(), V4)
		at := time.Now()
		w.set(w.here.RouteReplace(&netlink.Route{Dst: ipNet(netip.MustParsePrefix("0.0.0.0/0")), Gw: w.specs[i].Gateway.AsSlice()}))
		<-changes
		t.Logf("told after %v", time.Since(at))
		if way, err := DefaultWay(V4); err != nil || way != want {
			t.Errorf("%+v, %v, want %+v", way, err, want)
		}
	}
	states, err := States(w.specs, Options{Metric: 1})
	if err != nil {
		t.Fatal(err)
	}
	if way, err := WayBy(states[0]); err != nil || way.Device != "eth1" || way.Own != netip.MustParseAddr("192.0.2.2") {
		t.Errorf("%+v, %v", way, err)
	}
	w.set(w.here.LinkSetDown(w.link(w.here, "eth1")))
	if states, err = States(w.specs, Options{Metric: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := WayBy(states[0]); err == nil || err.Error() != "interface is down" {
		t.Errorf("%v", err)
	}
}

// The machine is to be known by an address that lasts.
func TestLastingAddress(t *testing.T) {
	at := func(ip string, flags int) netlink.Addr {
		return netlink.Addr{IPNet: ipNet(netip.PrefixFrom(netip.MustParseAddr(ip), 64)), LinkIndex: 1, Flags: flags}
	}
	const source = "2a00::7"
	for _, tt := range []struct {
		want string
		all  []netlink.Addr
	}{
		{"2a00::7", []netlink.Addr{at("2a00::1", 0), at(source, 0)}},
		{"2a00::1", []netlink.Addr{at("2a00::1", 0), at(source, unix.IFA_F_TEMPORARY)}},
		{"2a00::1", []netlink.Addr{at("2a00::2", 0), at("2a00::1", 0), at(source, unix.IFA_F_DEPRECATED)}},
		{"2a00::2", []netlink.Addr{at("2a00::1", unix.IFA_F_TENTATIVE), at("2a00::2", 0), at("fd00::1", 0), at(source, unix.IFA_F_DADFAILED)}},
		{"2a00::7", []netlink.Addr{at("fd00::1", 0), at(source, unix.IFA_F_TEMPORARY)}},
		{"invalid IP", []netlink.Addr{at(source, unix.IFA_F_DEPRECATED)}},
	} {
		if got := lasting(tt.all, 1, netip.MustParseAddr(source)).String(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.all, got, tt.want)
		}
	}
}
