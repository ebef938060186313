package uplink

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	first6   = "default via fe80::1 dev eth1 proto 105 metric 201"
	second6  = "default via fe80::1 dev eth2 proto 105 metric 201"
	barrier6 = "unreachable default proto 105 metric 201"
	ra1      = "default via fe80::1 dev eth1 proto ra metric 1024"
)

// twoUplinks6 is a machine with two uplinks whose gateways have one address.
const twoUplinks6 = `
	IPv6
	uplink via fe80::1 dev eth1
	uplink via fe80::1 dev eth2
	link 2: eth0 up carrier
	link 3: eth1 up carrier
	link 4: eth2 up carrier
	addr ::1/128 dev lo scope host
	addr 2001:db8:f::1/64 dev eth0
	addr fe80::a/64 dev eth1 scope link
	addr 2001:db8:1::2/64 dev eth1
	addr fe80::b/64 dev eth2 scope link
	addr 2001:db8:2::2/64 dev eth2
`

func TestPlanDefault6(t *testing.T) {
	const guarded = "rule 7350: from 2001:db8:1::2 lookup main suppress_prefixlength 0 proto 105\n"
	for _, c := range []struct {
		name, kernel string
		uplink       int
		want         []string
	}{
		{"empty table", "", 0, []string{"route add " + first6}},
		{"beside what was advertised", ra1, 0, []string{"route add " + first6}},
		{"in place", first6, 0, nil},
		{"atomic switch", first6, 1, []string{"route replace " + second6}},
		{"ours shares a metric with nobody", "default via fe80::9 dev eth0 proto static metric 201\n" + first6, 1,
			[]string{"route add " + strings.Replace(second6, "201", "200", 1), "route delete " + first6}},
		{"withdrawn: the rules that ask main go first", guarded + first6 + "\n" + ra1, None,
			[]string{"rule delete " + strings.TrimSpace(guarded[5:]), "route replace " + barrier6}},
		{"withdrawn already", barrier6, None, nil},
		{"withdrawn, but others of ours are left", barrier6 + "\ndefault via fe80::1 dev eth1 proto 105 metric 50", None,
			[]string{"route delete default via fe80::1 dev eth1 proto 105 metric 50"}},
		{"nothing to withdraw", "", None, []string{"route add " + barrier6}},
		{"after it was withdrawn", barrier6 + "\n" + ra1, 1, []string{"route replace " + second6}},
		{"an unreachable one of others", "unreachable default proto static metric 9", 1, []string{"route add " + second6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks6+c.kernel)
			k.compete()
			ops, err := k.planDefault(c.uplink)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			for _, o := range ops {
				k.run(o)
			}
			if again, _ := k.planDefault(c.uplink); len(again) > 0 || k.snapshot().Default != c.uplink {
				t.Errorf("default %d, a second plan is %q:\n%s", k.snapshot().Default, lines(again), k.text())
			}
		})
	}
}

func TestSource6(t *testing.T) {
	for addrs, want := range map[string]string{
		"":                                    "",
		"addr 2001:db8:1::2/64 dev eth9":      "",
		"addr fe80::a/64 dev eth1 scope link": "",
		"addr 2001:db8:1::9/64 dev eth1\naddr 2001:db8:1::3/64 dev eth1":                      "2001:db8:1::3",
		"addr 2001:db8:1::9/64 dev eth1\naddr 2001:db8:1::3/64 dev eth1 temporary":            "2001:db8:1::9",
		"addr 2001:db8:1::3/64 dev eth1 deprecated\naddr 2001:db8:1::9/64 dev eth1 temporary": "2001:db8:1::9",
		"addr 2001:db8:1::3/64 dev eth1 tentative\naddr 2001:db8:1::4/64 dev eth1 dadfailed":  "",
		"addr 2001:db8:1::3/64 dev eth1 deprecated":                                           "2001:db8:1::3",
		"addr fd00::1/64 dev eth1\naddr 2001:db8:1::9/64 dev eth1":                            "2001:db8:1::9",
		"addr fd00::1/64 dev eth1\naddr 2001:db8:1::9/64 dev eth1 deprecated":                 "fd00::1",
	} {
		k := parseKernel(t, "IPv6\nuplink via fe80::1 dev eth1\nlink 3: eth1 up carrier\nlink 9: eth9 up\n"+addrs)
		s := k.states()[0]
		if got := s.Address; got.IsValid() != (want != "") || got.IsValid() && got.String() != want || (s.Reason == "no global IPv6 address") != (want == "") {
			t.Errorf("%q: %+v, want %q", addrs, s, want)
		}
	}
}

// Probes leave by their uplinks, with gateways of one address, whatever main has.
func TestProbes6(t *testing.T) {
	w := newWorld6(t)
	w.answerInternet6()
	r := w.router6(Options{})
	w.sync(r)
	want := strings.NewReplacer("via 192.0.2.1", "via fe80::1", "via 198.51.100.1", "via fe80::1", "192.0.2.2", "2001:db8:1::2", "198.51.100.2", "2001:db8:2::2",
		"src 192.0.2.2", "src 2001:db8:1::2 metric 1024", "src 198.51.100.2", "src 2001:db8:2::2 metric 1024").Replace(inPlace)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(w.text(r), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
	writes := r.writes
	if s := w.sync(r); r.writes != writes || !s.Uplinks[0].Usable() || !s.Uplinks[1].Usable() {
		t.Errorf("%d changes, %+v", r.writes-writes, s)
	}
	w.checkProbes(r)
	w.setDefault(r, None)
	w.sync(r)
	for i, u := range w.sync(r).Uplinks { // an unreachable default does not stop them
		if got := ask("udp", u.Address, w.specs[i].Interface, internet6); got != [...]string{"isp0", "isp1"}[i] {
			t.Errorf("withdrawn: uplink %d: %q", i, got)
		}
	}
	w.set(w.here.RouteAdd(w.advertised("eth2", 1024)))
	w.checkProbes(r)
	w.set(r.Close())
	if got := w.text(r); got != second6+"\ndefault via fe80::1 dev eth2 proto ra metric 1024\n" {
		t.Errorf("left:\n%s", got)
	}
}

// A switch is one change for IPv6, too, and so are withdrawing and putting back.
func TestSwitchIsAtomic6(t *testing.T) {
	w := newWorld6(t)
	r := w.router6(Options{})
	w.sync(r)
	w.setDefault(r, 0)
	monitor := w.monitorOf(V6, unix.RTM_DELROUTE)
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
			if n := len(slices.DeleteFunc(k.routes, func(r route) bool { return !k.ours(r) })); n != 1 {
				t.Errorf("%d default routes of ours:\n%s", n, k.text())
				return
			}
		}
	})
	for n := range 600 {
		if err := r.SetDefault([]int{1, None, 0}[n%3]); err != nil {
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

// A LAN host's connection fails at once when no uplink works, in spite of routes
// that the dead uplinks' routers once advertised.
func TestWithdraw6(t *testing.T) {
	w := newWorld6(t)
	w.set(w.here.RouteAdd(w.advertised("eth1", 1024)))
	w.answerInternet6()
	r := w.router6(Options{})
	w.sync(r)
	w.setDefault(r, 0)
	connect := func() (took time.Duration, err error) {
		w.lan.in(func() {
			begin := time.Now()
			var c net.Conn
			if c, err = net.DialTimeout("tcp", "["+internet6+"]:7", 2*time.Second); err == nil {
				c.Close()
			}
			took = time.Since(begin)
		})
		return took, err
	}
	if _, err := connect(); err != nil {
		t.Fatal(err)
	}
	w.isp[0].in(func() {
		w.nft("table ip6 hole { chain in { type filter hook input priority 0; ip6 daddr " + internet6 + " drop; }; }")
	})
	w.setDefault(r, None)
	w.sync(r)
	// A socket that is still sending its SYN when the word comes, as it does here where
	// no cable is between, heeds it at the next SYN (tcp_v6_err), a second later.
	if took, err := connect(); !errors.Is(err, syscall.EHOSTUNREACH) && !errors.Is(err, syscall.ENETUNREACH) || took > 1900*time.Millisecond {
		t.Errorf("withdrawn: %v after %v", err, took)
	}
	if took := w.refusal(); took > 200*time.Millisecond {
		t.Errorf("the word that there is no way came after %v", took)
	}
	w.setDefault(r, 1)
	if _, err := connect(); err != nil {
		t.Error("by the other uplink:", err)
	}
	if diff := cmp.Diff([]string{second6, ra1}, w.mains(r)); diff != "" {
		t.Error(diff)
	}
}

// refusal is how long the LAN host waits for the word (ICMPv6 type 1) that there is
// no way to the internet.
func (w *world) refusal() (took time.Duration) {
	w.t.Helper()
	w.lan.in(func() {
		icmp, err := net.ListenPacket("ip6:ipv6-icmp", "::")
		w.set(err)
		defer icmp.Close()
		c, err := net.Dial("udp", "["+internet6+"]:7")
		w.set(err)
		defer c.Close()
		begin := time.Now()
		w.set(icmp.SetReadDeadline(begin.Add(2 * time.Second)))
		_, err = c.Write([]byte("?"))
		w.set(err)
		for b := make([]byte, 1500); ; {
			if _, _, err := icmp.ReadFrom(b); err != nil || b[0] == 1 {
				break
			}
		}
		took = time.Since(begin)
	})
	w.t.Logf("refused after %v", took)
	return took
}

// A clean stop, and the start after a kill, take the unreachable route away.
func TestWithdraw6EndsWithTheProcess(t *testing.T) {
	w := newWorld6(t)
	w.set(w.here.RouteAdd(w.advertised("eth1", 1024)))
	for _, killed := range []bool{false, true} {
		r := w.router6(Options{})
		w.sync(r)
		w.setDefault(r, None)
		if diff := cmp.Diff([]string{barrier6, ra1}, w.mains(r)); diff != "" {
			t.Error(diff)
		}
		next := r
		if killed {
			next = w.router6(Options{})
			w.sync(next)
		} else {
			w.set(r.Close())
		}
		if diff := cmp.Diff([]string{ra1}, w.mains(next)); diff != "" {
			t.Errorf("killed %v: %s", killed, diff)
		}
	}
}

// Routes of others survive, also one with our metric, of which the kernel would
// make one with ours.
func TestForeignRoutesSurvive6(t *testing.T) {
	w := newWorld6(t)
	equal := w.advertised("eth0", 201)
	equal.Protocol = unix.RTPROT_STATIC
	w.set(w.here.RouteAdd(equal))
	w.set(w.here.RouteAdd(w.advertised("eth2", 1024)))
	r := w.router6(Options{})
	foreign := w.mains(r)
	for n := range 6 {
		i := []int{0, 1, None}[n%3]
		w.sync(r)
		w.setDefault(r, i)
		ours := strings.Replace([]string{first6, second6, barrier6}[n%3], "201", "200", 1)
		if diff := cmp.Diff(append([]string{ours}, foreign...), w.mains(r)); diff != "" {
			t.Error(diff)
		}
		if s := w.sync(r); s.Default != i || len(s.Foreign) > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// What NetworkManager makes of an advertisement wins over ours: it is managed, with
// the rest of its life. What the kernel makes of one does not win, and stays.
func TestManage6(t *testing.T) {
	w := newWorld6(t)
	w.ipRoute("add default via fe80::1 dev eth1 proto ra metric 100 expires 1800")
	w.set(w.here.RouteAdd(w.advertised("eth2", 1024)))
	r := w.router6(Options{Manage: true})
	w.sync(r)
	w.setDefault(r, 1)
	if diff := cmp.Diff([]string{second6, "default via fe80::1 dev eth2 proto ra metric 1024"}, w.mains(r)); diff != "" {
		t.Error(diff)
	}
	if s := w.sync(r); !slices.Equal(s.Managed, []string{"default via fe80::1 dev eth1 proto ra metric 100"}) || s.Hops[0].Gateway.String() != "fe80::1" {
		t.Errorf("%+v", s)
	}
	w.set(r.Close())
	back := w.ipRoute("show default proto ra metric 100")
	if !strings.HasPrefix(back, "default via fe80::1 dev eth1 ") || !strings.Contains(back, " expires 17") && !strings.Contains(back, " expires 1800") {
		t.Errorf("it came back as %q", back)
	}
}

// Packets to the LAN are evidence, answers to probes are none.
func TestReplies6(t *testing.T) {
	w := newWorld6(t)
	w.answerInternet6()
	r := w.router6(Options{})
	for active := range 2 {
		w.setDefault(r, active)
		want := [2]uint64{w.replies(r, 0), w.replies(r, 1)}
		w.checkProbes(r)
		w.setDefault(r, active)
		if now := [2]uint64{w.replies(r, 0), w.replies(r, 1)}; now != want {
			t.Errorf("replies to probes count: %v, then %v", want, now)
		}
		w.lan.in(func() { ask("udp", netip.Addr{}, "", internet6) })
		want[active]++
		if now := [2]uint64{w.replies(r, 0), w.replies(r, 1)}; now != want {
			t.Errorf("after one reply to the LAN by uplink %d: %v, want %v", active, now, want)
		}
	}
}

func TestForget6(t *testing.T) {
	w := newWorld6(t)
	r := w.router6(Options{})
	t.Cleanup(func() { w.set(w.here.ConntrackTableFlush(netlink.ConntrackTable)) })
	for i, leaves := range []string{"2001:db8:1::2", "2001:db8:2::2"} {
		lan, far := net.ParseIP("2001:db8:f::9"), net.ParseIP(internet6)
		w.set(w.here.ConntrackCreate(netlink.ConntrackTable, unix.AF_INET6, &netlink.ConntrackFlow{
			FamilyType: unix.AF_INET6, TimeOut: 600,
			Forward: netlink.IPTuple{SrcIP: lan, DstIP: far, SrcPort: uint16(5000 + i), DstPort: 443, Protocol: unix.IPPROTO_UDP},
			Reverse: netlink.IPTuple{SrcIP: far, DstIP: net.ParseIP(leaves), SrcPort: 443, DstPort: uint16(5000 + i), Protocol: unix.IPPROTO_UDP},
		}))
	}
	w.set(r.Forget(netip.MustParseAddr("2001:db8:1::2")))
	left, err := w.here.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET6)
	w.set(err)
	left = slices.DeleteFunc(left, func(f *netlink.ConntrackFlow) bool { return f.Forward.Protocol != unix.IPPROTO_UDP })
	if len(left) != 1 || left[0].Reverse.DstIP.String() != "2001:db8:2::2" {
		t.Errorf("left: %v", left)
	}
}

// What an advertisement brings is told, and so is an address.
func TestWatch6(t *testing.T) {
	w := newWorld6(t)
	r := w.router6(Options{})
	changes := r.Watch(t.Context())
	quiet(changes)
	w.set(w.here.RouteAdd(w.advertised("eth1", 1024)))
	told(t, changes, "an advertised route")
	quiet(changes)
	w.address6(w.here, "eth1", "2001:db8:1::3/64")
	told(t, changes, "an address")
}
