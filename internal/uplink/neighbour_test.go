package uplink

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// The rules are those that mwan3 and pbr make, and others that look like theirs.
func TestNeighbours(t *testing.T) {
	w := newWorld(t)
	mask := uint32(0x3f00)
	rule := func(priority, table int, mark uint32) {
		t.Helper()
		r := netlink.NewRule()
		r.Family, r.Priority, r.Table = netlink.FAMILY_V4, priority, table
		if mark != 0 {
			r.Mark, r.Mask = mark, &mask
		}
		w.set(w.here.RuleAdd(r))
		t.Cleanup(func() { w.set(w.here.RuleDel(r)) })
	}
	o := Options{Metric: 201}
	says := func(want ...string) {
		t.Helper()
		got := Neighbours(w.specs, o)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got, err := Inspect(w.specs, o); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Inspect: %q, %v", got, err)
		}
	}
	rule(1500, 5, 0)      // no mark
	rule(10000, 5, 0x100) // netifd's range
	rule(30001, 5, 0x100) // nobody's
	says()
	rule(2001, 1, 0x100)
	rule(2002, 2, 0x200)
	rule(29998, 256, 0x100)
	says("mwan3 seems to be at work, too: packets with a firewall mark have routing rules of their own (2, of priority 1000 to 3999). "+
		"imon leaves those alone, and such packets do not follow its default route.",
		"pbr seems to be at work, too: packets with a firewall mark have routing rules of their own (1, of priority 29000 to 30000). "+
			"imon leaves those alone, and such packets do not follow its default route.")
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.set(r.Close())
	if got := Neighbours(w.specs, o); len(got) != 2 {
		t.Errorf("their rules were touched: %q", got)
	}
}
