package uplink

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func TestHops(t *testing.T) {
	for _, c := range []struct{ name, kernel, gateway, route string }{
		{"nothing", "", "", ""},
		{"ours tells nothing", first, "", ""},
		{"another device's", "default via 10.0.0.9 dev eth0", "", ""},
		{"of a DHCP client", "default via 192.0.2.9 dev eth1 proto dhcp metric 1002", "192.0.2.9", "default via 192.0.2.9 dev eth1 proto dhcp metric 1002"},
		{"the smaller metric", "default via 192.0.2.9 dev eth1 metric 5\ndefault via 192.0.2.8 dev eth1 metric 4", "192.0.2.8", "default via 192.0.2.8 dev eth1 metric 4"},
		{"without gateway", "default dev eth1 scope link", "direct", "default dev eth1 scope link"},
		{"an error is no way", "unreachable default dev eth1", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks+c.kernel)
			h := k.hops()[0]
			got := h.Gateway.String()
			if h.Direct {
				got = "direct"
			}
			if !h.Gateway.IsValid() && !h.Direct {
				got = ""
			}
			if got != c.gateway || h.Route != c.route {
				t.Errorf("%+v", h)
			}
		})
	}
	k := parseKernel(t, strings.Replace(twoUplinks, "eth2 up", "eth2 pointopoint up", 1))
	if h := k.hops(); h[0].Direct || !h[1].Direct || h[1].Index != 4 || !cmp.Equal(h[1].Addresses, []netip.Addr{netip.MustParseAddr("198.51.100.2")}, sameAddr) {
		t.Errorf("%+v", h)
	}
}

var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// The tables of other programs tell of gateways, too (netifd's ip4table, mwan3);
// what main says counts more.
func TestHopsOfTheKernel(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	elsewhere := w.defaultRoute("eth1", "192.0.2.7", unix.RTPROT_STATIC, 3)
	elsewhere.Table = 100
	w.set(w.here.RouteAdd(elsewhere))
	if h := w.sync(r).Hops; h[0].Gateway.String() != "192.0.2.7" || h[1].Gateway.IsValid() || h[1].Route != "" {
		t.Errorf("%+v", h)
	}
	w.set(w.here.RouteAdd(w.defaultRoute("eth1", "192.0.2.8", unix.RTPROT_DHCP, 1002)))
	hops, err := Hops(w.specs, Options{Metric: 201})
	w.set(err)
	if h := hops[0]; h.Gateway.String() != "192.0.2.8" || h.Route != "default via 192.0.2.8 dev eth1 proto dhcp metric 1002" || h.Direct {
		t.Errorf("%+v", h)
	}
	w.set(w.here.LinkSetARPOff(w.link(w.here, "eth2")))
	if h := w.sync(r).Hops; !h[1].Direct {
		t.Errorf("%+v", h[1])
	}
}

// A table of another program that holds a route by an uplink's device is none of ours.
func TestOtherTablesStay(t *testing.T) {
	w := newWorld(t)
	elsewhere := w.defaultRoute("eth1", "192.0.2.1", Protocol, 201)
	elsewhere.Table = 100
	w.set(w.here.RouteAdd(elsewhere))
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.setDefault(r, None)
	w.set(r.Close())
	left, err := w.here.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: 100}, netlink.RT_FILTER_TABLE)
	w.set(err)
	if len(left) != 1 {
		t.Errorf("left of the table: %v", left)
	}
}
