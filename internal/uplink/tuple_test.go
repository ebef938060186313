package uplink

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Lines as kernels write them, and what is read from them.
var conntrackLines = []struct {
	line string
	want tuple
	to   string // "" for a line that does not tell enough
}{
	{"ipv4     2 udp      17 29 src=192.168.7.2 dst=1.1.1.1 sport=5000 dport=53 packets=1 bytes=33 src=1.1.1.1 dst=5.9.1.2 sport=53 dport=5001 packets=1 bytes=33 [ASSURED] mark=0 zone=0 use=2",
		tuple{source: at("192.168.7.2"), destination: at("1.1.1.1"), protocol: 17, ports: [2]uint16{5000, 53}}, "5.9.1.2"},
	{"ipv4     2 tcp      6 431999 ESTABLISHED src=192.168.7.2 dst=1.1.1.1 sport=5000 dport=443 [OFFLOAD] src=1.1.1.1 dst=5.9.1.2 sport=443 dport=5000 mark=7 secctx=none zone=12 delta-time=3 use=2",
		tuple{source: at("192.168.7.2"), destination: at("1.1.1.1"), protocol: 6, ports: [2]uint16{5000, 443}, zone: 12}, "5.9.1.2"},
	{"ipv4     2 icmp     1 29 src=192.168.7.2 dst=1.1.1.1 type=8 code=0 id=77 src=1.1.1.1 dst=5.9.1.2 type=0 code=0 id=78 mark=0 use=2",
		tuple{source: at("192.168.7.2"), destination: at("1.1.1.1"), protocol: 1, kind: 8, id: 77}, "5.9.1.2"},
	{"ipv4     2 udp      17 29 src=192.168.7.2 dst=1.1.1.1 sport=1 dport=2 zone-orig=9 [UNREPLIED] src=1.1.1.1 dst=5.9.1.2 sport=2 dport=1 use=2",
		tuple{source: at("192.168.7.2"), destination: at("1.1.1.1"), protocol: 17, ports: [2]uint16{1, 2}, zone: 9}, "5.9.1.2"},
	{"ipv4     2 gre      47 29 src=192.168.7.2 dst=1.1.1.1 srckey=0x0 dstkey=0x1 src=1.1.1.1 dst=5.9.1.2 srckey=0x1 dstkey=0x0 use=2", tuple{}, ""},
	{"ipv4     2 udp      17 29 src=192.168.7.2 dst=1.1.1.1 sport=5000 dport=53 src=1.1.1.1", tuple{}, ""},
	{"ipv4     2 udp      17 29 src=192.168.7.2 dst=1.1.1.1 sport=65536 dport=53 src=1.1.1.1 dst=5.9.1.2 sport=53 dport=1", tuple{}, ""},
	{"ipv6     10 udp      17 29 src=fd00::1 dst=fd00::2 sport=1 dport=2 src=fd00::2 dst=fd00::1 sport=2 dport=1 use=2", tuple{}, ""},
	{"ipv4 2 udp", tuple{}, ""},
	{"", tuple{}, ""},
}

func at(a string) netip.Addr { return netip.MustParseAddr(a) }

func TestParseTuple(t *testing.T) {
	for _, c := range conntrackLines {
		got, to, ok := parseTuple([]byte(c.line))
		if ok != (c.to != "") || ok && (got != c.want || to.String() != c.to) {
			t.Errorf("%s\n%+v %v %v, want %+v %s", c.line, got, to, ok, c.want, c.to)
		}
	}
}

// FuzzParseTuple reads lines as no kernel writes them; what it understands can be removed.
func FuzzParseTuple(f *testing.F) {
	for _, c := range conntrackLines {
		f.Add(c.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, to, ok := parseTuple([]byte(line))
		if !ok {
			return
		}
		if !to.Is4() || !strings.HasPrefix(strings.TrimSpace(line), "ipv4") {
			t.Errorf("%q leads to %s", line, to)
		}
		if n := len(got.removal(0)); n < 60 || n > 100 {
			t.Errorf("%q: a request of %d bytes", line, n)
		}
	})
}

// Of flows of all kinds those of one address go, also those that are only in the
// kernel's list by netlink, and what belongs to others stays.
func TestForgetByText(t *testing.T) {
	for _, kind := range []uint8{unix.IPPROTO_UDP, unix.IPPROTO_TCP, unix.IPPROTO_ICMP, unix.IPPROTO_GRE} {
		t.Run(fmt.Sprint("protocol ", kind), func(t *testing.T) {
			w := newWorld(t)
			w.tracking()
			r := w.router()
			addresses := [2]netip.Addr{w.sync(r).Uplinks[0].Address, w.sync(r).Uplinks[1].Address}
			for i, a := range addresses {
				for j := range 3 {
					w.flow(kind, a, uint16(5000+10*i+j))
				}
			}
			if got := w.tracked(addresses); got != [2]int{3, 3} {
				t.Fatalf("at first: %v", got)
			}
			err, want := forgetByText(addresses[0]), [2]int{0, 3}
			if kind == unix.IPPROTO_GRE {
				want = [2]int{3, 3}
			}
			if got := w.tracked(addresses); got != want || (err != nil) != (kind == unix.IPPROTO_GRE) {
				t.Errorf("by text: %v, %v", got, err)
			}
			w.set(r.Forget(addresses[1]))
			if got := w.tracked(addresses); got[1] != 0 {
				t.Errorf("%d left", got[1])
			}
		})
	}
}

// What must be done at once is left half done in place of late.
func TestFlowsInTextEndInTime(t *testing.T) {
	w := newWorld(t)
	w.tracking()
	a := at("192.0.2.2")
	w.flow(unix.IPPROTO_UDP, a, 5000)
	if requests, err := flowsInText(a, 0, time.Now().Add(-time.Second)); len(requests) != 0 || err != errMore {
		t.Errorf("too late: %d requests, %v", len(requests), err)
	}
	if requests, err := flowsInText(a, 0, time.Now().Add(time.Minute)); len(requests) != 1 || err != nil {
		t.Errorf("in time: %d requests, %v", len(requests), err)
	}
}

// tracking makes the kernel track connections from now on.
func (w *world) tracking() {
	w.accounting()
	w.nft("table ip seen { chain out { type filter hook output priority 0; ct state new counter; }; }")
	w.t.Cleanup(func() { w.nft("delete table ip seen") })
}

// flow sends a packet of the protocol from a to the gateway of its uplink.
func (w *world) flow(protocol uint8, a netip.Addr, n uint16) {
	w.t.Helper()
	packets := map[uint8][]byte{
		unix.IPPROTO_UDP:  {byte(n >> 8), byte(n), 1, 187, 0, 8, 0, 0},
		unix.IPPROTO_TCP:  {byte(n >> 8), byte(n), 1, 187, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0, 0, 0, 0, 0},
		unix.IPPROTO_ICMP: {8, 0, byte(^(0x800 + n) >> 8), byte(^(0x800 + n)), byte(n >> 8), byte(n), 0, 0},
		unix.IPPROTO_GRE:  {0x20, 0, 0x88, 0x0b, byte(n >> 8), byte(n), 0, 0},
	}
	gateway := a.As4()
	gateway[3] = 1
	to := netip.AddrFrom4(gateway)
	if protocol == unix.IPPROTO_GRE { // which connection tracking knows by addresses alone
		to = netip.AddrFrom4([4]byte{gateway[0], gateway[1], gateway[2], byte(100 + n%50)})
	}
	c, err := net.DialIP(fmt.Sprintf("ip4:%d", protocol), &net.IPAddr{IP: a.AsSlice()}, &net.IPAddr{IP: to.AsSlice()})
	w.set(err)
	defer c.Close()
	_, err = c.Write(packets[protocol])
	w.set(err)
}
