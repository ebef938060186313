package uplink

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const (
	dhcp1   = "default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 100"
	dhcp2   = "default via 198.51.100.1 dev eth2 proto dhcp metric 1003"
	anyones = "default via 10.0.0.9 dev eth0 proto static metric 5"
)

func TestPlanManage(t *testing.T) {
	inPark := func(route, table string) string { return strings.Replace(route, " proto", " table "+table+" proto", 1) }
	for _, c := range []struct {
		name, kernel string
		manage       bool
		want         []string
	}{
		{"nothing to manage", first + "\n" + anyones, true, nil},
		{"those of both uplinks, whatever their metrics", first + "\n" + dhcp1 + "\n" + anyones + "\n" + dhcp2, true,
			[]string{"route move " + dhcp1 + " to table PA", "route move " + dhcp2 + " to table PB"}},
		{"not what Python left", "default via 192.0.2.1 dev eth1 src 192.0.2.2 metric 201", true, nil},
		{"not those of error", "unreachable default metric 7", true, nil},
		{"not another instance's", "default via 192.0.2.9 dev eth1 proto 105 metric 50", true, nil},
		{"parked, and stay so", first + "\n" + inPark(dhcp1, "PA"), true, nil},
		{"brought back", first + "\n" + inPark(dhcp1, "PA"), false, []string{"route move " + inPark(dhcp1, "PA") + " to table main"}},
		{"of a killed process with another gateway", inPark(dhcp1, "1067777"), false,
			[]string{"route move " + strings.Replace(inPark(dhcp1, "1067777"), "table 1067777", "table 1067777", 1) + " to table main"}},
		{"another instance's device", "default via 10.0.0.9 dev eth0 table PA proto dhcp metric 3", false, nil},
		{"its address is gone", strings.Replace(inPark(dhcp1, "PA"), "192.0.2.2", "192.0.2.3", 1), false,
			[]string{"route delete " + strings.Replace(inPark(dhcp1, "PA"), "192.0.2.2", "192.0.2.3", 1)}},
		{"its gateway is out of reach", "default via 192.168.7.1 dev eth1 table PA proto dhcp metric 3", false,
			[]string{"route delete default via 192.168.7.1 dev eth1 table PA proto dhcp metric 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks+c.kernel)
			ops := k.planManage(c.manage)
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			for _, o := range ops {
				k.run(o)
			}
			if again := k.planManage(c.manage); len(again) > 0 {
				t.Errorf("a second plan is %q:\n%s", lines(again), k.text())
			}
		})
	}
}

func TestCompete(t *testing.T) {
	for routes, want := range map[string]uint32{
		dhcp1: 99, dhcp2: 201,
		"default via 192.0.2.9 dev eth1 metric 201": 200,
		"default via 192.0.2.9 dev eth1":            0,
		anyones:                                     201,
		first:                                       201,
	} {
		k := parseKernel(t, twoUplinks+routes)
		k.compete()
		if k.metric != 201 {
			t.Errorf("%q: uncontested metric %d", routes, k.metric)
		}
		k.contested = []string{"eth1", "eth2"}
		k.compete()
		if k.metric != want || len(k.planManage(true)) > 0 {
			t.Errorf("%q: metric %d, want %d", routes, k.metric, want)
		}
	}
}

func TestContest(t *testing.T) {
	c, now := contest{}, time.Now()
	for n, seconds := range []int{0, 10, 20, 61, 62, 63} {
		if got, want := c.parked("eth1", now.Add(time.Duration(seconds)*time.Second)), n == 5; got != want {
			t.Errorf("after %d seconds: %v, want %v", seconds, got, want)
		}
		if c.parked("eth2", now.Add(time.Duration(100*n)*time.Second)) {
			t.Error("another device pays for it")
		}
	}
}

func family(args string) string {
	if strings.Contains(args, "::") || strings.Contains(args, " ra ") {
		return "-6"
	}
	return "-4"
}

// ipRoute runs ip(8) for a route of another program.
func (w *world) ipRoute(args string) string {
	w.t.Helper()
	out, err := exec.Command("ip", append([]string{family(args), "route"}, strings.Fields(args)...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("ip route %s: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// managing returns a Router that manages others' default routes.
func (w *world) managing() *Router {
	w.t.Helper()
	r, err := New(w.specs, Options{Metric: 201, Manage: true})
	w.set(err)
	w.t.Cleanup(func() { r.Close() })
	return r
}

// Others' default routes by the uplinks are taken away while there is one of ours,
// and come back with all that they had, also after a kill.
func TestManage(t *testing.T) {
	w := newWorld(t)
	w.ipRoute("add default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 100 mtu 1400 advmss 1300 initcwnd 7")
	w.ipRoute("add default via 198.51.100.1 dev eth2 proto static metric 1003 onlink")
	w.ipRoute("add default via 10.0.0.9 dev eth0 proto static metric 5")
	before := w.ipRoute("show table all default")
	r := w.managing()
	if s := w.sync(r); len(s.Managed) > 0 || w.ipRoute("show table main default") != w.ipRoute("show default") || !strings.Contains(w.ipRoute("show default"), "proto dhcp") {
		t.Errorf("before there is one of ours: %+v", s)
	}
	w.setDefault(r, 0)
	alone := []string{anyones, first}
	if diff := cmp.Diff(alone, w.mains(r)); diff != "" {
		t.Error(diff)
	}
	s := w.sync(r)
	want := []string{dhcp1, "default via 198.51.100.1 dev eth2 proto static metric 1003 onlink"}
	if diff := cmp.Diff(want, s.Managed); diff != "" || s.Default != 0 || s.Contested != "" {
		t.Error(diff, s)
	}
	if h := s.Hops[0]; h.Gateway.String() != "192.0.2.1" {
		t.Errorf("it is not remembered whereto: %+v", h)
	}

	killed := r
	r = w.managing()
	writes := r.writes
	if s = w.sync(r); s.Default != 0 || !cmp.Equal(want, s.Managed) || r.writes != writes {
		t.Errorf("after a kill: %+v", s)
	}
	w.ipRoute("add default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 100 mtu 1500") // a lease is renewed
	w.setDefault(r, None)
	if got := w.mains(r); !cmp.Equal(got, alone[:1]) {
		t.Errorf("withdrawn: %q", got)
	}
	w.ipRoute("add default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 100 mtu 1400 advmss 1300 initcwnd 7")
	w.sync(r)
	if got := w.mains(r); !cmp.Equal(got, alone[:1]) {
		t.Errorf("withdrawn, and put back by its owner: %q", got)
	}
	w.set(r.Close())
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(w.ipRoute("show table all default"), "\n")); diff != "" {
		t.Error("after a clean stop:", diff)
	}
	killed.Close()
}

// What a killed process had taken away comes back with the next, if that is not to
// manage anything.
func TestManageNoMore(t *testing.T) {
	w := newWorld(t)
	w.ipRoute("add default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 1002")
	r := w.managing()
	w.sync(r)
	w.setDefault(r, 1)
	next := w.router()
	s := w.sync(next)
	want := []string{second, "default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 1002"}
	if diff := cmp.Diff(want, w.mains(next)); diff != "" || len(s.Managed) > 0 || s.Default != 1 {
		t.Error(diff, s)
	}
}

// A program that does not give in keeps its route, and ours wins over it.
func TestManageContested(t *testing.T) {
	w := newWorld(t)
	r := w.managing()
	w.sync(r)
	w.setDefault(r, 0)
	again := w.defaultRoute("eth2", "198.51.100.1", unix.RTPROT_DHCP, 50)
	for n := range 6 {
		if err := w.here.RouteReplace(again); err != nil {
			t.Fatal(err)
		}
		s := w.sync(r)
		if s.Default == None {
			w.setDefault(r, 0)
			s = w.sync(r)
		}
		if (s.Contested != "") != (n >= 4) || s.Default != 0 {
			t.Errorf("time %d: %+v", n+1, s)
		}
		if n >= 4 && s.Contested != `Another program puts its default route "default via 198.51.100.1 dev eth2 proto dhcp metric 50" back all the time; it stays now, and imon's has metric 49` {
			t.Error(s.Contested)
		}
	}
	want := []string{"default via 192.0.2.1 dev eth1 proto 105 metric 49", "default via 198.51.100.1 dev eth2 proto dhcp metric 50"}
	if diff := cmp.Diff(want, w.mains(r)); diff != "" {
		t.Error(diff)
	}
	if s := w.sync(r); len(s.Foreign) > 0 {
		t.Errorf("it wins: %q", s.Foreign)
	}
	w.set(w.here.RouteDel(again)) // it gives in
	w.sync(r)
	w.setDefault(r, 0)
	if got := w.mains(r); !cmp.Equal(got, []string{first}) {
		t.Errorf("in the end: %q", got)
	}
}
