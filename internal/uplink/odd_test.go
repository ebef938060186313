package uplink

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
)

// renumber gives the uplinks other addresses and gateways.
func (w *world) renumber(near, gateways [2]string) {
	w.t.Helper()
	w.noAddress("eth1", "192.0.2.2/24")
	w.noAddress("eth2", "198.51.100.2/24")
	for i, p := range w.isp {
		w.address(w.here, p.dev, near[i])
		w.address(p.netlink, "peer", gateways[i]+"/24")
		w.specs[i].Gateway = netip.MustParseAddr(gateways[i])
	}
}

// Both providers' boxes have addresses of one subnet, on two cables.
func TestProbesOfUplinksInOneSubnet(t *testing.T) {
	for filter := range 3 {
		w := newWorld(t)
		w.renumber([2]string{"192.168.1.2/24", "192.168.1.3/24"}, [2]string{"192.168.1.1", "192.168.1.254"})
		w.rpFilter(filter)
		w.answerInternet()
		w.checkProbes(w.router())
		w.unplug(w.isp[0])
		w.unplug(w.isp[1])
		w.unplug(w.lan)
	}
}

// Of several addresses the one in the gateway's subnet is used, whatever their order
// and scopes, and another one when it goes.
func TestProbesWithSeveralAddresses(t *testing.T) {
	w := newWorld(t)
	w.rpFilter(1)
	w.noAddress("eth1", "192.0.2.2/24")
	for _, a := range []string{"10.77.0.5/16", "169.254.3.3/16", "192.0.2.2/24", "192.0.2.50/24"} {
		w.address(w.here, "eth1", a)
	}
	w.answerInternet()
	r := w.router()
	w.checkProbes(r)
	if got := w.sync(r).Uplinks[0].Address.String(); got != "192.0.2.2" {
		t.Errorf("the address is %s", got)
	}
	w.noAddress("eth1", "192.0.2.2/24")
	w.noAddressIfAny("eth1", "192.0.2.50/24")
	w.address(w.here, "eth1", "192.0.2.51/24")
	w.checkProbes(r)
	if got := w.sync(r).Uplinks[0].Address.String(); got != "192.0.2.51" {
		t.Errorf("the address is %s", got)
	}
}

// A modem that is plugged in only when imon runs, and then again and again, each
// time as another device of the same name.
func TestModemThatComesAndGoes(t *testing.T) {
	w := newWorld(t)
	w.unplug(w.isp[1])
	w.answerInternet()
	r := w.router()
	changes := r.Watch(t.Context())
	if s := w.sync(r); s.Uplinks[1] != (State{Reason: "interface does not exist"}) {
		t.Fatalf("%+v", s)
	}
	w.setDefault(r, 0)
	for range 3 {
		quiet(changes)
		w.plug(w.isp[1])
		told(t, changes, "a new interface")
		w.address(w.here, "eth2", "198.51.100.2/24")
		w.address(w.isp[1].netlink, "peer", "198.51.100.1/24")
		w.checkProbes(r)
		w.unplug(w.isp[1])
		if s := w.sync(r); s.Default != None || s.Uplinks[1].Usable() || strings.Contains(w.text(r), "198.51.100.") {
			t.Errorf("without it: %+v\n%s", s, w.text(r))
		}
		w.setDefault(r, 0)
	}
}

// The same for IPv6, where the addresses go with the link.
func TestModemThatComesAndGoes6(t *testing.T) {
	w := newWorld6(t)
	w.answerInternet6()
	r := w.router6(Options{})
	index := w.sync(r).Uplinks[1].Index
	w.checkProbes(r)
	w.unplug(w.isp[1])
	if s := w.sync(r); s.Default != None || s.Uplinks[1].Reason != "interface does not exist" || strings.Contains(w.text(r), "2001:db8:2:") {
		t.Errorf("without it: %+v\n%s", s, w.text(r))
	}
	p := w.isp[1]
	w.plug(p)
	w.impatient(p)
	w.address6(w.here, "eth2", "2001:db8:2::2/64")
	w.address6(p.netlink, "peer", "fe80::1/64")
	w.address6(p.netlink, "peer", "2001:db8:2::1/64")
	if s := w.sync(r); s.Uplinks[1].Index == index || !s.Uplinks[1].Usable() {
		t.Errorf("with a new one: %+v", s)
	}
	w.checkProbes(r)
	w.down("eth1")
	if s := w.sync(r); s.Uplinks[0].Usable() {
		t.Errorf("with the link down: %+v", s)
	}
	w.up("eth1")
	w.address6(w.here, "eth1", "2001:db8:1::2/64")
	w.checkProbes(r)
}

// A managed route goes with its device, and the one that comes back is managed anew.
func TestManagedRouteOfAModemThatComesAndGoes(t *testing.T) {
	w := newWorld(t)
	r := w.managing()
	w.sync(r)
	w.setDefault(r, 0)
	for range 3 {
		w.set(w.here.RouteAdd(w.defaultRoute("eth2", "198.51.100.1", 16, 1003)))
		if s := w.sync(r); len(s.Managed) != 1 || s.Contested != "" || len(w.mains(r)) != 1 {
			t.Errorf("%+v, %q", s, w.mains(r))
		}
		w.unplug(w.isp[1])
		if s := w.sync(r); len(s.Managed) != 0 {
			t.Errorf("%+v", s)
		}
		w.plug(w.isp[1])
		w.address(w.here, "eth2", "198.51.100.2/24")
	}
	w.set(r.Close())
	left, err := w.here.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: 16}, netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	w.set(err)
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
