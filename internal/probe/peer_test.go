package probe

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// peer is another machine: a namespace at the other end of a veth pair.
type peer struct {
	t      testing.TB
	device string // our end
	ns     netns.NsHandle
	handle *netlink.Handle
}

// newPeer connects a namespace to ours by device. Both addresses have a prefix
// length.
func newPeer(t testing.TB, device, ours, theirs string) *peer {
	t.Helper()
	needRoot(t)
	p := &peer{t: t, device: device}
	p.do(func() { p.ns = newNamespace(t) }, netns.NsHandle(-1))
	t.Cleanup(func() { p.ns.Close() })
	handle, err := netlink.NewHandleAt(p.ns)
	check(t, err)
	p.handle = handle
	t.Cleanup(handle.Close)
	check(t, netlink.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: device}, PeerName: "eth0", PeerNamespace: netlink.NsFd(p.ns),
	}))
	t.Cleanup(func() {
		if l, err := netlink.LinkByName(device); err == nil {
			netlink.LinkDel(l)
		}
	})
	p.up("lo", "")
	p.up("eth0", theirs)
	address(t, device, ours)
	check(t, netlink.LinkSetUp(link(t, device)))
	eventually(t, "both ends of "+device+" are up", func() bool { return p.ready() })
	return p
}

// ready reports whether packets pass: before that they are dropped silently.
func (p *peer) ready() bool {
	theirs, err := p.handle.LinkByName("eth0")
	return err == nil && theirs.Attrs().OperState == netlink.OperUp &&
		link(p.t, p.device).Attrs().OperState == netlink.OperUp
}

func newNamespace(t testing.TB) netns.NsHandle {
	before, err := netns.Get()
	check(t, err)
	defer before.Close()
	ns, err := netns.New()
	check(t, err)
	check(t, netns.Set(before))
	return ns
}

// do calls f on a thread in ns, or in ours when ns is negative. Sockets made
// there stay there.
func (p *peer) do(f func(), ns netns.NsHandle) {
	p.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := netns.Get()
	check(p.t, err)
	defer before.Close()
	if ns >= 0 {
		check(p.t, netns.Set(ns))
	}
	f()
	check(p.t, netns.Set(before))
}

// in calls f in the namespace of p.
func (p *peer) in(f func()) {
	p.t.Helper()
	p.do(f, p.ns)
}

// up sets a device of the peer up and gives it an address, if any.
func (p *peer) up(device, address string) {
	p.t.Helper()
	l, err := p.handle.LinkByName(device)
	check(p.t, err)
	check(p.t, p.handle.LinkSetUp(l))
	if address != "" {
		check(p.t, p.handle.AddrAdd(l, parse(p.t, address)))
	}
}

// reply is one answer that a responder gives.
type reply struct {
	peer  int // by which of the responder's peers
	times int
}

// respond answers echo requests to p instead of its kernel: how says what to do
// with the request of that sequence number. Other peers may send the answers.
func (p *peer) respond(how func(seq int) reply, others ...*peer) {
	p.t.Helper()
	conns := make([]net.PacketConn, 0, 1+len(others))
	for _, q := range append([]*peer{p}, others...) {
		q.in(func() {
			check(p.t, os.WriteFile("/proc/sys/net/ipv4/icmp_echo_ignore_all", []byte("1"), 0))
			c, err := net.ListenPacket("ip4:icmp", "")
			check(p.t, err)
			conns = append(conns, c)
			p.t.Cleanup(func() { c.Close() })
		})
	}
	done := make(chan struct{})
	p.t.Cleanup(func() { conns[0].Close(); <-done })
	go func() {
		defer close(done)
		answer(conns, how)
	}()
}

// answer is a responder's loop.
func answer(conns []net.PacketConn, how func(seq int) reply) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conns[0].ReadFrom(buffer)
		if err != nil {
			return
		}
		m, err := icmp.ParseMessage(1, buffer[:n])
		if err != nil || m.Type != ipv4.ICMPTypeEcho {
			continue
		}
		m.Type = ipv4.ICMPTypeEchoReply
		raw, _ := m.Marshal(nil)
		r := how(m.Body.(*icmp.Echo).Seq)
		for range r.times {
			conns[r.peer].WriteTo(raw, from)
		}
	}
}

// silent makes p answer nobody.
func (p *peer) silent() { p.respond(func(int) reply { return reply{} }) }

// run runs a program in our namespace; undo is run when the test ends.
func run(t testing.TB, do, undo string) {
	t.Helper()
	needRoot(t)
	if out, err := exec.Command("sh", "-c", do).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", do, err, strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() { exec.Command("sh", "-c", undo).Run() })
}

func link(t testing.TB, device string) netlink.Link {
	t.Helper()
	l, err := netlink.LinkByName(device)
	check(t, err)
	return l
}

func address(t testing.TB, device, prefix string) {
	t.Helper()
	check(t, netlink.AddrAdd(link(t, device), parse(t, prefix)))
}

func parse(t testing.TB, prefix string) *netlink.Addr {
	t.Helper()
	a, err := netlink.ParseAddr(prefix)
	check(t, err)
	if netip.MustParsePrefix(prefix).Addr().Is6() {
		a.Flags = 0x02 // IFA_F_NODAD: usable at once
	}
	return a
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
