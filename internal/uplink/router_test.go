package uplink

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	first  = "default via 192.0.2.1 dev eth1 proto 105 metric 201"
	second = "default via 198.51.100.1 dev eth2 proto 105 metric 201"
)

func TestSyncInstallsAndThenWritesNothing(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	s := w.sync(r)
	w.setDefault(r, 0)
	want := strings.Split(first+"\n"+inPlace, "\n")
	if diff := cmp.Diff(want, strings.Split(w.text(r), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
	states := []State{
		{w.link(w.here, "eth1").Attrs().Index, true, netip.MustParseAddr("192.0.2.2"), ""},
		{w.link(w.here, "eth2").Attrs().Index, true, netip.MustParseAddr("198.51.100.2"), ""},
	}
	if !slices.Equal(s.Uplinks, states) || s.Default != None || s.Foreign != nil {
		t.Errorf("snapshot %+v", s)
	}
	monitor := w.monitor(0)
	writes := r.writes
	for range 3 {
		s = w.sync(r)
		w.setDefault(r, 0)
	}
	if !slices.Equal(s.Uplinks, states) || s.Default != 0 || s.Foreign != nil {
		t.Errorf("snapshot %+v", s)
	}
	if r.writes != writes {
		t.Errorf("%d changes asked for, want none", r.writes-writes)
	}
	if got := monitor.read(); len(got) > 0 {
		t.Errorf("the kernel announced changes: %v", got)
	}
}

func TestCloseLeavesTheDefault(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 1)
	w.set(r.Close())
	if got := w.text(r); got != second+"\n" {
		t.Errorf("left in the kernel:\n%s", got)
	}
}

func TestInterfaceMissing(t *testing.T) {
	w := newWorld(t)
	w.unplug(w.isp[0])
	r := w.router()
	s := w.sync(r)
	if got := s.Uplinks[0]; got != (State{Reason: "interface does not exist"}) {
		t.Errorf("state %+v", got)
	}
	w.setDefault(r, 1)
	if err := r.SetDefault(0); err == nil || err.Error() != "cannot set the default route via 192.0.2.1 dev eth1: interface does not exist" {
		t.Error(err)
	}
	if s = w.sync(r); s.Default != 1 {
		t.Errorf("default %d", s.Default)
	}
}

func TestStateFollowsTheLink(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	reason := func(want string) {
		t.Helper()
		if got := w.sync(r).Uplinks[0].Reason; got != want {
			t.Errorf("reason %q, want %q", got, want)
		}
	}
	reason("")
	w.set(w.isp[0].netlink.LinkSetDown(w.link(w.isp[0].netlink, "peer")))
	reason("no carrier")
	w.set(w.isp[0].netlink.LinkSetUp(w.link(w.isp[0].netlink, "peer")))
	reason("")
	w.down("eth1")
	reason("interface is down")
	w.up("eth1")
	reason("")
	w.noAddress("eth1", "192.0.2.2/24")
	reason("no IPv4 address")
}

func TestFault03Renumbering(t *testing.T) {
	w := newWorld(t)
	w.rpFilter(1)
	w.answerInternet()
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.noAddress("eth1", "192.0.2.2/24")
	w.sync(r)
	w.address(w.here, "eth1", "192.0.2.77/24")
	s := w.sync(r)
	if got := s.Uplinks[0]; got.Address.String() != "192.0.2.77" || !got.Usable() {
		t.Fatalf("state %+v", got)
	}
	w.setDefault(r, 0)
	want := strings.Split(first+"\n"+strings.ReplaceAll(inPlace, "192.0.2.2", "192.0.2.77"), "\n")
	if diff := cmp.Diff(want, strings.Split(w.text(r), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
	w.checkProbes(r)
	// The new address may come before the old one goes.
	w.address(w.here, "eth1", "192.0.2.78/24")
	w.sync(r)
	w.noAddress("eth1", "192.0.2.77/24")
	w.noAddressIfAny("eth1", "192.0.2.78/24")
	w.address(w.here, "eth1", "192.0.2.79/24")
	w.checkProbes(r)
}

// noAddressIfAny removes an address that the kernel may have removed with its
// primary (promote_secondaries).
func (w *world) noAddressIfAny(dev, a string) {
	parsed, _ := netlink.ParseAddr(a)
	_ = w.here.AddrDel(w.link(w.here, dev), parsed)
}

func TestFault04Bounce(t *testing.T) {
	w := newWorld(t)
	w.answerInternet()
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.down("eth1")
	if s := w.sync(r); s.Default != None || s.Uplinks[0].Usable() {
		t.Errorf("with the interface down: %+v", s)
	}
	if err := r.SetDefault(0); err == nil {
		t.Error("the default was set on an interface that is down")
	}
	w.up("eth1")
	w.checkProbes(r)
	w.down("eth1") // and up before anybody looks
	w.up("eth1")
	w.checkProbes(r)
}

func TestFault04InterfaceReplaced(t *testing.T) {
	w := newWorld(t)
	w.answerInternet()
	r := w.router()
	index := w.sync(r).Uplinks[0].Index
	w.setDefault(r, 0)
	w.unplug(w.isp[0])
	if s := w.sync(r); s.Default != None || s.Uplinks[0].Index != 0 || strings.Contains(w.text(r), "192.0.2.") {
		t.Errorf("with the interface gone: %+v\n%s", s, w.text(r))
	}
	w.plug(w.isp[0])
	w.address(w.here, "eth1", "192.0.2.2/24")
	w.address(w.isp[0].netlink, "peer", "192.0.2.1/24")
	if s := w.sync(r); s.Uplinks[0].Index == index || !s.Uplinks[0].Usable() {
		t.Errorf("with a new interface: %+v", s)
	}
	w.checkProbes(r)
}

func TestFault04DeletedByOthers(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	want := w.text(r)
	w.set(w.here.RouteDel(w.defaultRoute("eth1", "192.0.2.1", 0, 201)))
	if s := w.sync(r); s.Default != None {
		t.Errorf("default %d", s.Default)
	}
	w.setDefault(r, 0)
	w.clearRules()
	w.sync(r)
	route := w.defaultRoute("eth1", "192.0.2.1", Protocol, 0)
	route.Table = r.tables[0]
	w.set(w.here.RouteDel(route))
	w.sync(r)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(w.text(r), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
}

func TestSetDefaultAdoptsPythonsRoute(t *testing.T) {
	w := newWorld(t)
	left := w.defaultRoute("eth1", "192.0.2.1", unix.RTPROT_BOOT, 201)
	left.Src = []byte{192, 0, 2, 2}
	w.set(w.here.RouteAdd(left))
	r := w.router()
	if s := w.sync(r); s.Default != 0 || s.Foreign != nil {
		t.Errorf("before: %+v", s)
	}
	monitor := w.monitor(unix.RTM_DELROUTE)
	w.setDefault(r, 0)
	if got := strings.Join(w.mains(r), "\n"); got != first {
		t.Errorf("routes\n%s", got)
	}
	w.setDefault(r, 1)
	if got := strings.Join(w.mains(r), "\n"); got != second {
		t.Errorf("routes\n%s", got)
	}
	if got := monitor.read(); len(got) > 0 {
		t.Errorf("routes were deleted: %v", got)
	}
}

// A killed process leaves all it made; meanwhile address and configuration change.
func TestLeftoversOfAKilledProcess(t *testing.T) {
	w := newWorld(t)
	killed := w.router()
	w.sync(killed)
	w.setDefault(killed, 1)
	same := w.router()
	w.sync(same)
	if same.writes != 0 || !slices.Equal(same.tables, killed.tables) {
		t.Errorf("the same again made %d changes, tables %v and %v", same.writes, same.tables, killed.tables)
	}
	w.noAddress("eth1", "192.0.2.2/24")
	w.address(w.here, "eth1", "192.0.2.77/24")
	w.specs[1].Gateway = netip.MustParseAddr("198.51.100.3")
	w.address(w.isp[1].netlink, "peer", "198.51.100.3/24")
	next := w.router()
	w.sync(next)
	w.setDefault(next, 1)
	want := strings.NewReplacer("192.0.2.2", "192.0.2.77", "via 198.51.100.1", "via 198.51.100.3").Replace(second + "\n" + inPlace)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(w.text(next), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
}

func TestTwoInstances(t *testing.T) {
	w := newWorld(t)
	a := w.router()
	w.sync(a)
	w.setDefault(a, 0)
	w.specs[0] = Spec{Interface: "eth0", Gateway: netip.MustParseAddr("10.0.0.9")}
	w.specs[1] = Spec{Interface: "eth0", Gateway: netip.MustParseAddr("10.0.0.8")}
	b, err := New(w.specs, Options{Metric: 202})
	w.set(err)
	w.sync(b)
	w.setDefault(b, 1)
	for _, r := range []*Router{a, b, a, b} {
		writes := r.writes
		if s := w.sync(r); r.writes != writes || s.Default == None {
			t.Errorf("%d changes, default %d", r.writes-writes, s.Default)
		}
	}
	w.set(b.Close())
	writes := a.writes
	if s := w.sync(a); a.writes != writes || s.Default != 0 {
		t.Errorf("%d changes, default %d", a.writes-writes, s.Default)
	}
}

func TestInspectChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.set(w.here.RouteAdd(w.defaultRoute("eth0", "10.0.0.9", unix.RTPROT_DHCP, 100)))
	w.down("eth2")
	monitor := w.monitor(0)
	got, err := Inspect(w.specs, Options{Metric: 201})
	w.set(err)
	want := []string{
		"The uplink via 198.51.100.1 dev eth2 cannot work now: interface is down.",
		`The default route "default via 10.0.0.9 dev eth0 proto dhcp metric 100" of another program wins over imon's, because its metric is not larger than 201.`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := monitor.read(); len(got) > 0 {
		t.Errorf("the kernel announced changes: %v", got)
	}
}
