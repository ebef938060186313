package uplink

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// dialUp is a machine whose standby is a modem on a point-to-point link.
var dialUp = strings.NewReplacer("via 198.51.100.1 dev eth2", "dev ppp0", "eth2 up", "ppp0 up",
	"addr 198.51.100.2/24 dev eth2", "addr 100.64.0.7/32 peer 100.64.0.1/32 dev ppp0").Replace(twoUplinks)

const straight = "default dev ppp0 proto 105 scope link metric 201"

func TestPlanDefaultDirect(t *testing.T) {
	for _, c := range []struct {
		name, kernel string
		uplink       int
		want         []string
	}{
		{"empty table", "", 1, []string{"route add " + straight}},
		{"in place", straight, 1, nil},
		{"away from a gateway", first, 1, []string{"route replace " + straight}},
		{"back to a gateway", straight, 0, []string{"route replace " + first}},
		{"that of pppd stays, also with our metric", "default dev ppp0 scope link metric 201", 1, []string{"route prepend " + straight}},
		{"with a gateway of old", "default via 100.64.0.1 dev ppp0 proto 105 metric 201", 1, []string{"route replace " + straight}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, dialUp+c.kernel)
			ops, err := k.planDefault(c.uplink)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			checkDefault(t, k, ops, c.uplink)
		})
	}
}

func TestDirectUplinkWithoutAddress(t *testing.T) {
	k := parseKernel(t, strings.Replace(dialUp, "addr 100.64.0.7", "addr 100.64.0.7/32 dev lo scope host\naddr 127.0.0.7", 1))
	k.addrs = k.addrs[:len(k.addrs)-1]
	if s := k.states()[1]; s.Reason != "no IPv4 address" {
		t.Errorf("state %+v", s)
	}
}

// The standby has no gateway: probes, the switch and the way back all work.
func TestProbesOfADirectUplink(t *testing.T) {
	w := newWorld(t)
	w.noAddress("eth2", "198.51.100.2/24")
	w.pointToPoint(w.isp[1], "100.64.0.7", "100.64.0.1")
	w.specs[1] = Spec{Interface: "eth2", Direct: true}
	w.answerInternet()
	r := w.router()
	w.checkProbes(r)
	if got, want := w.mains(r), []string{"default dev eth2 proto 105 scope link metric 201"}; !cmp.Equal(got, want) {
		t.Errorf("routes %q, want %q", got, want)
	}
}

// pointToPoint makes p's link one without ARP as the far end sees it: it answers
// for every address, and has a host route back.
func (w *world) pointToPoint(p peer, near, far string) {
	w.t.Helper()
	local, err := netlink.ParseAddr(near + "/32")
	w.set(err)
	local.Peer = ipNet(netip.MustParsePrefix(far + "/32"))
	w.set(w.here.AddrAdd(w.link(w.here, p.dev), local))
	w.address(p.netlink, "peer", far+"/32")
	w.set(w.here.LinkSetARPOff(w.link(w.here, p.dev)))
	w.set(p.netlink.LinkSetARPOff(w.link(p.netlink, "peer")))
	w.set(w.here.LinkSetHardwareAddr(w.link(w.here, p.dev), w.link(p.netlink, "peer").Attrs().HardwareAddr))
	w.set(p.netlink.RouteAdd(&netlink.Route{Dst: ipNet(netip.MustParsePrefix(near + "/32")),
		LinkIndex: w.link(p.netlink, "peer").Attrs().Index, Scope: netlink.SCOPE_LINK}))
}
