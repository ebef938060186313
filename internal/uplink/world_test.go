package uplink

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// world is a router (this process's namespace) with a LAN on eth0 and an
// internet provider each on eth1 and eth2. Both lead to the host internet.
type world struct {
	t     testing.TB
	lan   peer
	isp   [2]peer
	specs []Spec
	here  *netlink.Handle
}

// internet is a host that both providers reach.
const internet = "203.0.113.7"

// peer is what is at the other end of an interface.
type peer struct {
	dev     string // the near end
	ns      netns.NsHandle
	netlink *netlink.Handle
}

func newWorld(t testing.TB) *world {
	t.Helper()
	needKernel(t)
	noDAD(t)
	w := &world{t: t, here: newHandle(t, netns.None())}
	w.set(w.here.LinkSetUp(w.link(w.here, "lo")))
	w.lan = w.connect("eth0", "10.0.0.1/24", "10.0.0.9/24")
	w.isp[0] = w.connect("eth1", "192.0.2.2/24", "192.0.2.1/24", internet+"/32")
	w.isp[1] = w.connect("eth2", "198.51.100.2/24", "198.51.100.1/24", internet+"/32")
	w.specs = []Spec{
		{Interface: "eth1", Gateway: netip.MustParseAddr("192.0.2.1")},
		{Interface: "eth2", Gateway: netip.MustParseAddr("198.51.100.1")},
	}
	t.Cleanup(w.clearRules)
	return w
}

// clearRules removes what a failed test left; the routes go with their devices.
func (w *world) clearRules() {
	rules, err := w.here.RuleList(netlink.FAMILY_V4)
	w.set(err)
	for _, r := range rules {
		if r.Priority == PriorityMain || r.Priority == PriorityTable {
			w.set(w.here.RuleDel(&r))
		}
	}
}

func newHandle(t testing.TB, ns netns.NsHandle) *netlink.Handle {
	t.Helper()
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// connect makes a namespace at the far end of a new interface, and gives near
// end, far end and what is beyond their addresses.
func (w *world) connect(dev, near, far string, beyond ...string) peer {
	w.t.Helper()
	p := peer{dev: dev, ns: newNamespace(w.t)}
	p.netlink = newHandle(w.t, p.ns)
	p.in(func() { noDAD(w.t) })
	w.plug(p)
	w.set(p.netlink.LinkSetUp(w.link(p.netlink, "lo")))
	w.address(w.here, dev, near)
	p.in(func() { // no real provider answers ARP for the internet
		w.set(os.WriteFile("/proc/sys/net/ipv4/conf/all/arp_ignore", []byte("1"), 0))
	})
	w.address(p.netlink, "peer", far)
	for _, a := range beyond {
		w.address(p.netlink, "lo", a)
	}
	w.t.Cleanup(func() { w.unplug(p) })
	return p
}

// plug makes the interface of p; its far end is called peer.
func (w *world) plug(p peer) {
	w.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = p.dev
	w.set(w.here.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer", PeerNamespace: netlink.NsFd(p.ns)}))
	w.set(w.here.LinkSetUp(w.link(w.here, p.dev)))
	w.set(p.netlink.LinkSetUp(w.link(p.netlink, "peer")))
	w.running(p)
}

// noDAD lets new interfaces have a link-local address at once, not after a second of
// duplicate address detection.
func noDAD(t testing.TB) {
	t.Helper()
	for _, conf := range []string{"all", "default"} {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+conf+"/accept_dad", []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) unplug(p peer) {
	if l, err := w.here.LinkByName(p.dev); err == nil {
		w.set(w.here.LinkDel(l))
	}
}

func newNamespace(t testing.TB) netns.NsHandle {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := netns.Set(home); err != nil {
		panic(err) // this thread must not be used any more
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

// in runs f on a thread that is in p's namespace.
func (p peer) in(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	if err != nil {
		panic(err)
	}
	defer home.Close()
	if err := netns.Set(p.ns); err != nil {
		panic(err)
	}
	f()
	if err := netns.Set(home); err != nil {
		panic(err)
	}
}

func (w *world) set(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

func (w *world) link(h *netlink.Handle, name string) netlink.Link {
	w.t.Helper()
	l, err := h.LinkByName(name)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return l
}

func (w *world) address(h *netlink.Handle, dev, a string) {
	w.t.Helper()
	parsed, err := netlink.ParseAddr(a)
	w.set(err)
	w.set(h.AddrAdd(w.link(h, dev), parsed))
}

func (w *world) noAddress(dev, a string) {
	w.t.Helper()
	parsed, err := netlink.ParseAddr(a)
	w.set(err)
	w.set(w.here.AddrDel(w.link(w.here, dev), parsed))
}

func (w *world) down(dev string) { w.t.Helper(); w.set(w.here.LinkSetDown(w.link(w.here, dev))) }

// up sets an interface up and waits until both ends pass packets: a veth drops
// them until the kernel's link watch has seen the carrier.
func (w *world) up(dev string) {
	w.t.Helper()
	w.set(w.here.LinkSetUp(w.link(w.here, dev)))
	for _, p := range append(w.isp[:], w.lan) {
		if p.dev == dev {
			w.running(p)
		}
	}
}

func (w *world) running(p peer) {
	w.t.Helper()
	w.await(p.dev+" passes packets", func() bool {
		return w.link(w.here, p.dev).Attrs().RawFlags&w.link(p.netlink, "peer").Attrs().RawFlags&unix.IFF_RUNNING != 0
	})
}

// defaultRoute is a default route for others to add or delete.
func (w *world) defaultRoute(dev, gateway string, protocol, metric int) *netlink.Route {
	w.t.Helper()
	return &netlink.Route{
		Dst: ipNet(netip.MustParsePrefix("0.0.0.0/0")), Gw: net.ParseIP(gateway).To4(), LinkIndex: w.link(w.here, dev).Attrs().Index,
		Protocol: netlink.RouteProtocol(protocol), Priority: metric, Table: unix.RT_TABLE_MAIN,
	}
}

// router returns a Router that is closed at the end.
func (w *world) router() *Router {
	w.t.Helper()
	r, err := New(w.specs, Options{Metric: 201})
	w.set(err)
	w.t.Cleanup(func() { r.Close() })
	return r
}

// sync runs Sync, which must succeed.
func (w *world) sync(r *Router) Snapshot {
	w.t.Helper()
	s, err := r.Sync()
	w.set(err)
	return s
}

func (w *world) setDefault(r *Router, i int) {
	w.t.Helper()
	w.set(r.SetDefault(i))
}

// text is what of routes and rules is in the kernel, ours and default routes.
func (w *world) text(r *Router) string {
	w.t.Helper()
	c := conn{w.here, &lists{}}
	defer c.lists.close()
	k, err := c.list(r.settings)
	w.set(err)
	return strings.NewReplacer(tableName(r.tables[0]), "A", tableName(r.tables[1]), "B").Replace(k.text())
}

// mains are the default routes of the main table.
func (w *world) mains(r *Router) []string {
	w.t.Helper()
	return slices.DeleteFunc(strings.Split(w.text(r), "\n"), func(s string) bool {
		return s == "" || strings.HasPrefix(s, "rule") || strings.Contains(s, " table ")
	})
}

// await polls until what holds.
func (w *world) await(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("waited in vain until ", what)
		}
	}
}
