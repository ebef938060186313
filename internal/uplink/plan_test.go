package uplink

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// twoUplinks is a machine with two uplinks that work and an interface of others.
const twoUplinks = `
	uplink via 192.0.2.1 dev eth1
	uplink via 198.51.100.1 dev eth2
	link 1: lo up carrier
	link 2: eth0 up carrier
	link 3: eth1 up carrier
	link 4: eth2 up carrier
	addr 127.0.0.1/8 dev lo scope host
	addr 10.0.0.1/24 dev eth0
	addr 192.0.2.2/24 dev eth1
	addr 198.51.100.2/24 dev eth2
`

func TestPlanDefault(t *testing.T) {
	const (
		first  = "default via 192.0.2.1 dev eth1 proto 105 metric 201"
		second = "default via 198.51.100.1 dev eth2 proto 105 metric 201"
	)
	for _, c := range []struct {
		name   string
		kernel string
		uplink int
		want   []string
	}{
		{"empty table", "", 0, []string{"route add " + first}},
		{"in place", first, 0, nil},
		{"in place for the other", second, 1, nil},
		{"atomic switch", first, 1, []string{"route replace " + second}},
		{"switch back", second, 0, []string{"route replace " + first}},
		{"foreign of smaller metric stays", "default via 10.0.0.9 dev eth0 proto dhcp metric 100\n" + first, 1, []string{"route replace " + second}},
		{"foreign of larger metric stays", first + "\ndefault via 10.0.0.9 dev eth0 metric 300", 1, []string{"route replace " + second}},
		{"foreign of our gateway and another metric stays", "default via 192.0.2.1 dev eth1 proto dhcp src 192.0.2.2 metric 100", 1,
			[]string{"route add " + second}},
		{"foreign of our gateway on another device stays", "default via 192.0.2.1 dev eth0 metric 201", 0, []string{"route prepend " + first}},
		{"foreign of the same metric: ours goes in front, the old one afterwards", "default via 10.0.0.9 dev eth0 proto static metric 201\n" + first, 1,
			[]string{"route prepend " + second, "route delete " + first}},
		{"foreign of the same metric behind ours", first + "\ndefault via 10.0.0.9 dev eth0 proto static metric 201", 1,
			[]string{"route prepend " + second, "route delete " + first}},
		{"foreign of the same metric and ours in place", "default via 10.0.0.9 dev eth0 metric 201\n" + first, 0, nil},
		{"unreachable default of the same metric", "unreachable default metric 201", 0, []string{"route prepend " + first}},
		{"left by Python, same uplink", "default via 192.0.2.1 dev eth1 src 192.0.2.2 metric 201", 0, []string{"route replace " + first}},
		{"left by Python, other uplink", "default via 192.0.2.1 dev eth1 src 192.0.2.2 metric 201", 1, []string{"route replace " + second}},
		{"several of ours", "default via 192.0.2.9 dev eth1 proto 105 metric 201\n" + second + "\n" + first, 0,
			[]string{"route delete default via 192.0.2.9 dev eth1 proto 105 metric 201", "route delete " + second}},
		{"several of ours, none right", "default via 192.0.2.9 dev eth1 proto 105 metric 201\n" + second, 0,
			[]string{"route replace " + first, "route delete " + second}},
		{"ours of an earlier metric", "default via 192.0.2.1 dev eth1 proto 105 metric 50", 0,
			[]string{"route add " + first, "route delete default via 192.0.2.1 dev eth1 proto 105 metric 50"}},
		{"ours through an earlier gateway", "default via 192.0.2.9 dev eth1 proto 105 metric 201", 0, []string{"route replace " + first}},
		{"another instance's stays", "default via 10.0.0.9 dev eth0 proto 105 metric 200", 0, []string{"route add " + first}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, twoUplinks+c.kernel)
			ops, err := k.planDefault(c.uplink)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			checkDefault(t, k, ops, c.uplink)
		})
	}
}

// checkDefault carries out a plan on a fake kernel and looks at each step.
func checkDefault(t *testing.T, k *kernel, ops []op, uplink int) {
	t.Helper()
	foreign := func() []route {
		return slices.DeleteFunc(slices.Clone(k.routes), func(r route) bool { return k.ours(r) })
	}
	before, had := foreign(), slices.ContainsFunc(k.routes, k.ours)
	for _, o := range ops {
		k.run(o)
		if had && !slices.ContainsFunc(k.routes, k.ours) {
			t.Errorf("after %q no default of ours is left:\n%s", o, k.text())
		}
	}
	if !slices.Equal(before, foreign()) {
		t.Errorf("routes of others changed from %v to %v", before, foreign())
	}
	if again, err := k.planDefault(uplink); err != nil || len(again) > 0 {
		t.Errorf("a second plan is %v, %v; want none", lines(again), err)
	}
	if s := k.snapshot(); s.Default != uplink {
		t.Errorf("the default is uplink %d, want %d:\n%s", s.Default, uplink, k.text())
	}
	if n := len(k.routes) - len(before); n != 1 {
		t.Errorf("%d defaults of ours, want 1:\n%s", n, k.text())
	}
}

func TestPlanDefaultOnLink(t *testing.T) {
	k := parseKernel(t, strings.Replace(twoUplinks, "addr 192.0.2.2/24", "addr 172.16.5.5/24", 1))
	ops, err := k.planDefault(0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"route add default via 192.0.2.1 dev eth1 proto 105 metric 201 onlink"}
	if diff := cmp.Diff(want, lines(ops)); diff != "" {
		t.Error(diff)
	}
}

func TestPlanDefaultRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"link 3: eth1 up carrier", "", "interface does not exist"},
		{"link 3: eth1 up carrier", "link 3: eth1", "interface is down"},
		{"link 3: eth1 up carrier", "link 3: eth1 up", "no carrier"},
		{"addr 192.0.2.2/24 dev eth1", "", "no IPv4 address"},
		{"192.0.2.2/24", "192.0.2.1/24", "the gateway's address is the interface's own"},
		{"uplink", "default via 192.0.2.1 dev eth1 proto 105 metric 201 linkdown\nuplink", "the kernel holds the route but does not use it"},
	} {
		text := strings.Replace(twoUplinks, c.from, c.to, 1)
		if strings.HasPrefix(c.to, "default") { // devices must be known before routes
			text = twoUplinks + strings.TrimSuffix(c.to, "\nuplink")
		}
		k := parseKernel(t, text)
		if ops, err := k.planDefault(0); err == nil || err.Error() != c.want || len(ops) > 0 {
			t.Errorf("plan %v, error %v; want none and %q", lines(ops), err, c.want)
		}
	}
}
