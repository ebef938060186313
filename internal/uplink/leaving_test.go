package uplink

import (
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// What was prepared is gone when SetDefault returns, and nothing else; a SetDefault
// that moves nothing, and one that was not prepared, remove no flow.
func TestPreparedFlowsGoWithTheRoute(t *testing.T) {
	w := newWorld(t)
	w.accounting() // takes all flows away in the end
	r := w.router()
	addresses := [2]netip.Addr{w.sync(r).Uplinks[0].Address, w.sync(r).Uplinks[1].Address}
	w.setDefault(r, 1)
	w.track([2]int{50, 60})
	if got := w.tracked(addresses); got != [2]int{50, 60} {
		t.Fatalf("flows at first: %v", got)
	}
	w.set(r.Prepare(addresses[1], false))
	w.setDefault(r, 1)
	w.setDefault(r, 0)
	if got := w.tracked(addresses); got != [2]int{50, 60} {
		t.Errorf("after a switch that was not prepared: %v", got)
	}
	w.set(r.Prepare(addresses[0], false))
	w.setDefault(r, 1)
	if got := w.tracked(addresses); got != [2]int{0, 60} {
		t.Errorf("after a switch that was: %v", got)
	}
}

// tracked is how many flows leave with each address.
func (w *world) tracked(addresses [2]netip.Addr) (n [2]int) {
	w.t.Helper()
	flows, err := w.here.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
	w.set(err)
	for _, f := range flows {
		for i, a := range addresses {
			if addr(f.Reverse.DstIP) == a {
				n[i]++
			}
		}
	}
	return n
}
