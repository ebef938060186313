package uplink

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// nat makes this namespace a router of the LAN with source translation.
func (w *world) nat(rules ...string) {
	w.t.Helper()
	w.write("ipv4/ip_forward", "1")
	w.set(w.lan.netlink.RouteAdd(&netlink.Route{Gw: []byte{10, 0, 0, 1}, LinkIndex: w.link(w.lan.netlink, "peer").Attrs().Index}))
	w.nft("table ip nat { chain post { type nat hook postrouting priority 100\n" + strings.Join(rules, "\n") + "\n}\n}")
	w.t.Cleanup(func() { w.nft("delete table ip nat") })
}

func (w *world) nft(rules string) {
	w.t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("nft: %v\n%s", err, out)
	}
}

// write sets a value below /proc/sys/net.
func (w *world) write(name, value string) {
	w.t.Helper()
	w.set(os.WriteFile("/proc/sys/net/"+name, []byte(value), 0))
}

func (w *world) replies(r *Router, i int) uint64 {
	w.t.Helper()
	n, err := r.Replies(i)
	w.set(err)
	return n
}

// Replies to the LAN count for the uplink by which they come; those to probes do not.
func TestRepliesOfTrackedFlows(t *testing.T) {
	for name, rules := range map[string][]string{
		"masquerade": {`oifname { eth1, eth2 } masquerade`},
		"snat":       {"oifname eth1 snat to 192.0.2.2", "oifname eth2 snat to 198.51.100.2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.nat(rules...)
			w.accounting()
			w.answerInternet()
			r := w.router()
			for active := range 2 {
				w.setDefault(r, active)
				want := [2]uint64{w.replies(r, 0), w.replies(r, 1)}
				w.checkProbes(r)
				w.setDefault(r, active)
				if now := [2]uint64{w.replies(r, 0), w.replies(r, 1)}; now != want {
					t.Errorf("replies to probes count: %v, then %v", want, now)
				}
				w.lan.in(func() {
					if got, want := ask("udp4", netip.Addr{}, "", internet), fmt.Sprint("isp", active); got != want {
						t.Errorf("the LAN was answered by %q, want %s", got, want)
					}
				})
				want[active]++
				if now := [2]uint64{w.replies(r, 0), w.replies(r, 1)}; now != want {
					t.Errorf("after one reply to the LAN by uplink %d: %v, want %v", active, now, want)
				}
			}
		})
	}
}

// accounting makes the kernel count the packets of tracked flows.
func (w *world) accounting() {
	w.t.Helper()
	w.write("netfilter/nf_conntrack_acct", "1")
	w.t.Cleanup(func() {
		w.write("netfilter/nf_conntrack_acct", "0")
		w.set(w.here.ConntrackTableFlush(netlink.ConntrackTable))
	})
}

// Without accounting the packets of the interface count.
func TestRepliesOfTheInterface(t *testing.T) {
	w := newWorld(t)
	w.answerInternet()
	r := w.router()
	w.sync(r)
	before := [2]uint64{w.replies(r, 0), w.replies(r, 1)}
	ask("udp4", w.sync(r).Uplinks[0].Address, "eth1", internet)
	if now := w.replies(r, 0); now <= before[0] {
		t.Errorf("%d packets, then %d", before[0], now)
	}
	w.unplug(w.isp[1])
	if _, err := r.Replies(1); err == nil || err.Error() != "interface does not exist" {
		t.Errorf("error %v", err)
	}
}

// BenchmarkReplies is one look at 20,000 flows, most of them by the other uplink
// or by the uplink asked for.
func BenchmarkReplies(b *testing.B) {
	for _, c := range []struct {
		name string
		by   [2]int
	}{{"standby", [2]int{100, 19_900}}, {"active", [2]int{19_900, 100}}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			w.accounting()
			w.track(c.by)
			r := w.router()
			w.sync(r)
			b.ReportAllocs()
			for b.Loop() {
				w.replies(r, 0)
			}
		})
	}
}

// track makes so many flows of the LAN by each uplink.
func (w *world) track(by [2]int) {
	w.t.Helper()
	for i, n := range by {
		from := []byte{192, 0, 2, 2}
		if i == 1 {
			from = []byte{198, 51, 100, 2}
		}
		for n := range n {
			port := uint16(1024 + n)
			w.set(w.here.ConntrackCreate(netlink.ConntrackTable, unix.AF_INET, &netlink.ConntrackFlow{
				FamilyType: unix.AF_INET, TimeOut: 600,
				Forward: netlink.IPTuple{SrcIP: []byte{10, 0, byte(i + 1), 9}, DstIP: []byte{203, 0, 113, 7}, SrcPort: port, DstPort: 443, Protocol: unix.IPPROTO_UDP},
				Reverse: netlink.IPTuple{SrcIP: []byte{203, 0, 113, 7}, DstIP: from, SrcPort: 443, DstPort: port, Protocol: unix.IPPROTO_UDP},
			}))
		}
	}
}

func FuzzParseFlow(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{20, 0, 1, 128, 16, 0, 1, 128, 8, 0, 1, 0, 10, 0, 0, 9, 3, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) { parseFlow(b) })
}
