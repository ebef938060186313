package uplink

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestPlanSpare(t *testing.T) {
	const (
		spare = "default via 198.51.100.1 dev eth2 table 253 proto 105 metric 201"
		other = "default via 192.0.2.1 dev eth1 table 253 proto 105 metric 201"
	)
	for _, c := range []struct {
		name, kernel string
		uplink       int
		want         []string
	}{
		{"none, and none wanted", "", None, nil},
		{"put in place", "", 1, []string{"route add " + spare}},
		{"in place", spare, 1, nil},
		{"another one", other, 1, []string{"route replace " + spare}},
		{"not wanted any more", spare, None, []string{"route delete " + spare}},
		{"main is not touched", "default via 192.0.2.1 dev eth1 proto 105 metric 201", None, nil},
		{"of another metric, from before", "default via 192.0.2.1 dev eth1 table 253 proto 105 metric 50", 1,
			[]string{"route add " + spare, "route delete default via 192.0.2.1 dev eth1 table 253 proto 105 metric 50"}},
		{"others use the table", "default via 192.0.2.1 dev eth1 table 253 proto static metric 5", 1, nil},
		{"others use the table now", "default via 192.0.2.1 dev eth1 table 253 proto static metric 5\n" + other, 1, []string{"route delete " + other}},
		{"no carrier", "link 4: eth2 up", 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks+c.kernel)
			ops := k.planSpare(c.uplink)
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			for _, o := range ops {
				k.run(o)
			}
			if again := k.planSpare(c.uplink); len(again) > 0 {
				t.Errorf("a second plan is %q:\n%s", lines(again), k.text())
			}
		})
	}
}

// When the active uplink's device goes, packets leave by the spare before anybody has
// done anything.
func TestSpareTakesOverInTheKernel(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	w.set(r.SetSpare(1))
	writes := r.writes
	w.set(r.SetSpare(1))
	if r.writes != writes {
		t.Error("it was written twice")
	}
	way := func() string {
		routes, err := w.here.RouteGet(net.ParseIP(internet))
		if err != nil || len(routes) == 0 {
			return "nowhere"
		}
		return routes[0].Gw.String()
	}
	if got := way(); got != "192.0.2.1" {
		t.Errorf("packets leave by %s although main has a default", got)
	}
	w.set(w.here.LinkSetDown(w.link(w.here, "eth1")))
	if got := way(); got != "198.51.100.1" {
		t.Errorf("packets leave by %s, want the spare", got)
	}
	w.setDefault(r, 1)
	w.set(r.SetSpare(None))
	if n := w.inTable(unix.RT_TABLE_DEFAULT); n != 0 {
		t.Errorf("%d routes are left", n)
	}
}

// What a killed predecessor left goes with the first SetSpare, and Close leaves none.
func TestSpareOfAPredecessor(t *testing.T) {
	w := newWorld(t)
	killed := w.router()
	w.sync(killed)
	w.setDefault(killed, 0)
	w.set(killed.SetSpare(1))
	r := w.router()
	w.sync(r)
	w.set(r.SetSpare(None))
	if n := w.inTable(unix.RT_TABLE_DEFAULT); n != 0 {
		t.Errorf("%d routes are left of a predecessor", n)
	}
	w.set(r.SetSpare(1))
	w.set(r.Close())
	if n := w.inTable(unix.RT_TABLE_DEFAULT); n != 0 {
		t.Errorf("%d routes are left by Close", n)
	}
}

// inTable counts the routes of a table.
func (w *world) inTable(table int) (n int) {
	w.t.Helper()
	k := &kernel{settings: settings{specs: w.specs}}
	c, err := dial()
	w.set(err)
	defer c.Close()
	w.set(c.listLinks(k))
	w.set(c.listRoutes(k))
	for _, r := range k.routes {
		if r.table == table {
			n++
		}
	}
	return n
}
