package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// answer makes p answer on port 7 of addr, by UDP and TCP, with its name.
func (w *world) answer(in func(func()), addr, name string) {
	w.t.Helper()
	in(func() {
		u, err := net.ListenPacket("udp", net.JoinHostPort(addr, "7"))
		w.set(err)
		l, err := net.Listen("tcp", net.JoinHostPort(addr, "7"))
		w.set(err)
		w.t.Cleanup(func() { u.Close(); l.Close() })
		go func() {
			for b := make([]byte, 16); ; {
				_, from, err := u.ReadFrom(b)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err == nil {
					u.WriteTo([]byte(name), from)
				}
			}
		}()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, name)
				c.Close()
			}
		}()
	})
}

func here(f func()) { f() }

// probeTime is how long an answer may take, on a busy machine too.
const probeTime = 3 * time.Second

// ask asks target from a socket that is bound as a probe's is, and returns who
// answered, or the error. An empty device binds to none.
func ask(network string, source netip.Addr, device, target string) string {
	d := net.Dialer{Timeout: probeTime, Control: func(_, _ string, c syscall.RawConn) (err error) {
		if device != "" {
			c.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), device) })
		}
		return err
	}}
	switch {
	case source.IsValid() && strings.HasPrefix(network, "udp"):
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	case source.IsValid():
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	c, err := d.DialContext(context.Background(), network, net.JoinHostPort(target, "7"))
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	b := make([]byte, 16)
	for end := time.Now().Add(probeTime); ; { // a datagram may get lost while neighbours are looked up
		c.SetDeadline(time.Now().Add(probeTime / 6))
		c.Write([]byte("?"))
		n, err := c.Read(b)
		if err == nil {
			return string(b[:n])
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().After(end) {
			return err.Error()
		}
	}
}

// rpFilter sets the reverse path filter of this namespace.
func (w *world) rpFilter(value int) {
	w.t.Helper()
	for _, dev := range []string{"all", "eth0", "eth1", "eth2"} {
		w.set(os.WriteFile("/proc/sys/net/ipv4/conf/"+dev+"/rp_filter", fmt.Appendln(nil, value), 0))
	}
}

// checkProbes asks the internet by each uplink, with the main table empty and
// with the default via either.
func (w *world) checkProbes(r *Router) {
	w.t.Helper()
	for _, active := range []int{None, 0, 1} {
		if active != None {
			w.setDefault(r, active)
		}
		s := w.sync(r)
		for i, u := range s.Uplinks {
			target := internet
			if r.family == V6 {
				target = internet6
			}
			for _, network := range []string{"udp", "tcp"} {
				want := fmt.Sprint("isp", i)
				if got := ask(network, u.Address, w.specs[i].Interface, target); got != want {
					w.t.Errorf("default via %d: %s from %s dev %s was answered by %q, want %s",
						active, network, u.Address, w.specs[i].Interface, got, want)
				}
			}
		}
	}
}

func (w *world) answerInternet() {
	for i, p := range w.isp {
		w.answer(p.in, internet, fmt.Sprint("isp", i))
	}
}

func TestFault01ProbeLeavesByItsUplink(t *testing.T) {
	for filter := range 3 {
		t.Run(fmt.Sprint("rp_filter=", filter), func(t *testing.T) {
			w := newWorld(t)
			w.rpFilter(filter)
			w.answerInternet()
			if filter == 0 && ask("udp4", netip.MustParseAddr("192.0.2.2"), "eth1", internet) == "isp0" {
				t.Fatal("a probe is answered without any route")
			}
			w.checkProbes(w.router())
		})
	}
}

// Both providers' boxes are 192.168.1.1 and hand out addresses of one subnet.
func TestProbesOfUplinksWithTheSameGateway(t *testing.T) {
	for filter := range 3 {
		for _, second := range []string{"192.168.1.3/24", "192.168.1.2/24"} {
			if second == "192.168.1.2/24" && filter == 1 {
				continue // one address on two devices cannot be served under a strict filter
			}
			t.Run(fmt.Sprintf("rp_filter=%d,%s", filter, second), func(t *testing.T) {
				w := newWorld(t)
				w.noAddress("eth1", "192.0.2.2/24")
				w.noAddress("eth2", "198.51.100.2/24")
				w.address(w.here, "eth1", "192.168.1.2/24")
				w.address(w.here, "eth2", second)
				for i, p := range w.isp {
					w.address(p.netlink, "peer", "192.168.1.1/24")
					w.specs[i].Gateway = netip.MustParseAddr("192.168.1.1")
				}
				w.rpFilter(filter)
				w.answerInternet()
				w.checkProbes(w.router())
			})
		}
	}
}

// Two uplinks, two subnets, one interface, as on a router behind one switch.
func TestProbesOfUplinksOnOneInterface(t *testing.T) {
	w := newWorld(t)
	w.rpFilter(1)
	w.address(w.here, "eth1", "192.168.1.2/24")
	w.address(w.isp[0].netlink, "peer", "192.168.1.1/24")
	w.specs[1] = Spec{Interface: "eth1", Gateway: netip.MustParseAddr("192.168.1.1")}
	r := w.router()
	s := w.sync(r)
	if a := s.Uplinks[1].Address.String(); a != "192.168.1.2" {
		t.Fatalf("second uplink's address is %s", a)
	}
	for i, spec := range w.specs {
		route, err := w.here.RouteGetWithOptions(net.ParseIP(internet), &netlink.RouteGetOptions{SrcAddr: s.Uplinks[i].Address.AsSlice(), Oif: "eth1"})
		w.set(err)
		if got := addr(route[0].Gw); got != spec.Gateway {
			t.Errorf("from %s the way leads via %s, want %s", s.Uplinks[i].Address, got, spec.Gateway)
		}
		w.setDefault(r, i)
		if got := w.sync(r).Default; got != i {
			t.Errorf("the default is %d, want %d", got, i)
		}
	}
}

// The gateway is on no subnet of the interface: a route onlink reaches it.
func TestProbesWithGatewayOffTheSubnet(t *testing.T) {
	w := newWorld(t)
	w.noAddress("eth1", "192.0.2.2/24")
	w.address(w.here, "eth1", "172.16.9.9/32")
	w.set(w.isp[0].netlink.RouteAdd(&netlink.Route{Dst: ipNet(netip.MustParsePrefix("172.16.9.9/32")),
		LinkIndex: w.link(w.isp[0].netlink, "peer").Attrs().Index, Scope: netlink.SCOPE_LINK}))
	w.answerInternet()
	w.checkProbes(w.router())
}

// A LAN client that talks to the router's address on an uplink gets its answer.
func TestLANRepliesStayInTheLAN(t *testing.T) {
	w := newWorld(t)
	w.set(w.lan.netlink.RouteAdd(&netlink.Route{Gw: net.IPv4(10, 0, 0, 1), LinkIndex: w.link(w.lan.netlink, "peer").Attrs().Index}))
	w.answer(here, "192.0.2.2", "router")
	r := w.router()
	w.sync(r)
	for _, active := range []int{0, 1} {
		w.setDefault(r, active)
		for _, network := range []string{"udp4", "tcp4"} {
			var got string
			w.lan.in(func() { got = ask(network, netip.Addr{}, "", "192.0.2.2") })
			if got != "router" {
				t.Errorf("default via %d: %s from the LAN was answered by %q", active, network, got)
			}
		}
	}
}
