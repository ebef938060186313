package uplink

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// internet6 is a host that both providers reach by IPv6.
const internet6 = "2001:db8:ffff::7"

// newWorld6 is a world that has IPv6, too. Both providers' gateways are fe80::1.
func newWorld6(t testing.TB) *world {
	t.Helper()
	needKernel(t)
	w := newWorld(t)
	w.write("ipv6/conf/all/forwarding", "1")
	t.Cleanup(func() { w.write("ipv6/conf/all/forwarding", "0") })
	for _, p := range append(w.isp[:], w.lan) {
		w.impatient(p)
	}
	w.address6(w.here, "eth0", "2001:db8:f::1/64")
	w.address6(w.lan.netlink, "peer", "2001:db8:f::9/64")
	w.route6(w.lan.netlink, "::/0", "peer", "2001:db8:f::1")
	for i, near := range []string{"2001:db8:1::2", "2001:db8:2::2"} {
		p := w.isp[i]
		w.address6(w.here, p.dev, near+"/64")
		w.address6(p.netlink, "peer", "fe80::1/64")
		w.address6(p.netlink, "peer", near[:len(near)-1]+"1/64")
		w.address6(p.netlink, "lo", internet6+"/128")
		w.route6(p.netlink, "2001:db8:f::/64", "peer", near)
		p.in(func() { w.set(os.WriteFile("/proc/sys/net/ipv6/conf/all/forwarding", []byte("1"), 0)) })
		w.specs[i].Gateway = netip.MustParseAddr("fe80::1")
	}
	t.Cleanup(w.clear6)
	return w
}

// impatient makes both ends of a cable look again for a neighbour that is not there
// yet after 100 ms, not after a second.
func (w *world) impatient(p peer) {
	w.t.Helper()
	w.write("ipv6/neigh/"+p.dev+"/retrans_time_ms", "100")
	p.in(func() { w.write("ipv6/neigh/peer/retrans_time_ms", "100") })
}

// clear6 removes what a failed test left: rules and unreachable routes.
func (w *world) clear6() {
	rules, err := w.here.RuleList(netlink.FAMILY_V6)
	w.set(err)
	for _, r := range rules {
		if r.Priority == PriorityMain || r.Priority == PriorityTable {
			w.set(w.here.RuleDel(&r))
		}
	}
	c := conn{w.here, &lists{}}
	defer c.lists.close()
	k, err := c.list(settings{family: V6})
	w.set(err)
	for _, o := range k.planOpen() {
		w.set(c.apply(o))
	}
}

// address6 gives an interface an address that can be used at once.
func (w *world) address6(h *netlink.Handle, dev, a string) {
	w.t.Helper()
	parsed, err := netlink.ParseAddr(a)
	w.set(err)
	parsed.Flags = unix.IFA_F_NODAD
	link := w.link(h, dev)
	w.set(h.AddrAdd(link, parsed))
	w.await(a+" answers", func() bool {
		all, err := h.AddrList(link, netlink.FAMILY_V6)
		w.set(err)
		return !slices.ContainsFunc(all, func(a netlink.Addr) bool { return a.Flags&unix.IFA_F_TENTATIVE != 0 })
	})
}

func (w *world) route6(h *netlink.Handle, to, dev, gateway string) {
	w.t.Helper()
	w.set(h.RouteAdd(&netlink.Route{Dst: ipNet(netip.MustParsePrefix(to)), Gw: net.ParseIP(gateway), LinkIndex: w.link(h, dev).Attrs().Index}))
}

// advertised is a default route as a router advertisement makes one.
func (w *world) advertised(dev string, metric int) *netlink.Route {
	w.t.Helper()
	return &netlink.Route{
		Dst: ipNet(netip.MustParsePrefix("::/0")), Gw: net.ParseIP("fe80::1"), LinkIndex: w.link(w.here, dev).Attrs().Index,
		Protocol: unix.RTPROT_RA, Priority: metric, Table: unix.RT_TABLE_MAIN,
	}
}

// router6 returns a Router of IPv6 that is closed at the end.
func (w *world) router6(o Options) *Router {
	w.t.Helper()
	o.Metric, o.Family = 201, V6
	r, err := New(w.specs, o)
	w.set(err)
	w.t.Cleanup(func() { r.Close() })
	return r
}

func (w *world) answerInternet6() {
	for i, p := range w.isp {
		w.answer(p.in, internet6, [...]string{"isp0", "isp1"}[i])
	}
}
