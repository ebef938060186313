package uplink

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestStates(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []string
		want   State // of the first uplink
	}{
		{"works", nil, State{3, true, netip.MustParseAddr("192.0.2.2"), ""}},
		{"missing", []string{"link 3: eth1 up carrier", ""}, State{Reason: "interface does not exist"}},
		{"down", []string{"eth1 up carrier", "eth1"}, State{3, false, netip.MustParseAddr("192.0.2.2"), "interface is down"}},
		{"no carrier", []string{"eth1 up carrier", "eth1 up"}, State{3, false, netip.MustParseAddr("192.0.2.2"), "no carrier"}},
		{"no address", []string{"addr 192.0.2.2/24 dev eth1", ""}, State{3, true, netip.Addr{}, "no IPv4 address"}},
		{"the gateway's subnet counts", []string{"addr 192.0.2.2/24", "addr 10.7.7.7/24 dev eth1\naddr 192.0.2.2/24"},
			State{3, true, netip.MustParseAddr("192.0.2.2"), ""}},
		{"gateway on no subnet", []string{"addr 192.0.2.2/24", "addr 169.254.7.7/16 dev eth1 scope link\naddr 10.7.7.7/24"},
			State{3, true, netip.MustParseAddr("10.7.7.7"), ""}},
		{"link-local gateway", []string{"via 192.0.2.1", "via 169.254.1.1", "addr 192.0.2.2/24", "addr 169.254.7.7/16 dev eth1 scope link\naddr 10.7.7.7/24"},
			State{3, true, netip.MustParseAddr("169.254.7.7"), ""}},
		{"peer", []string{"addr 192.0.2.2/24 dev eth1", "addr 10.64.0.5/32 peer 192.0.2.1/32 dev eth1"},
			State{3, true, netip.MustParseAddr("10.64.0.5"), ""}},
		{"own gateway", []string{"192.0.2.2/24", "192.0.2.1/24"},
			State{3, true, netip.MustParseAddr("192.0.2.1"), "the gateway's address is the interface's own"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, strings.NewReplacer(c.change...).Replace(twoUplinks))
			if diff := cmp.Diff(c.want, k.states()[0], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStatesShareAnInterface(t *testing.T) {
	text := strings.ReplaceAll(twoUplinks, "via 198.51.100.1 dev eth2", "via 192.0.2.254 dev eth1")
	s := parseKernel(t, text).states()
	if s[0].Address != s[1].Address || !s[1].Usable() {
		t.Errorf("with one address: %v", s)
	}
	s = parseKernel(t, text+"addr 192.0.2.3/24 dev eth1").states()
	if s[0].Address.String() != "192.0.2.2" || s[1].Address.String() != "192.0.2.3" {
		t.Errorf("with two addresses: %v, want one each", s)
	}
}

func TestSnapshotDefault(t *testing.T) {
	for _, c := range []struct {
		routes string
		want   int
	}{
		{"", None},
		{"default via 198.51.100.1 dev eth2 proto 105 metric 201", 1},
		{"default via 198.51.100.1 dev eth2 metric 201 src 198.51.100.2", 1}, // left by Python
		{"default via 198.51.100.1 dev eth2 proto 105 metric 200", None},
		{"default via 198.51.100.1 dev eth2 proto dhcp metric 200", None},
		{"default via 198.51.100.1 dev eth1 proto 105 metric 201", None},
		{"default via 198.51.100.1 dev eth2 proto 105 metric 201 linkdown", None},
		{"default via 198.51.100.1 dev eth2 proto 105 metric 201 dead linkdown", None},
		{"default via 198.51.100.1 dev eth2 table B proto 105", None},
		{"default via 192.0.2.1 dev eth1 proto 105 metric 201\ndefault via 198.51.100.1 dev eth2 proto 105 metric 201", 0},
	} {
		if got := parseKernel(t, twoUplinks+c.routes).snapshot().Default; got != c.want {
			t.Errorf("with %q the default is %d, want %d", c.routes, got, c.want)
		}
	}
}

func TestSnapshotForeign(t *testing.T) {
	k := parseKernel(t, twoUplinks+`
		unreachable default metric 5
		default via 10.0.0.9 dev eth0 proto dhcp src 10.0.0.1 metric 100
		default dev eth0 proto static metric 201 linkdown
		default via 10.0.0.7 dev eth0 metric 202
		default via 10.0.0.6 dev eth0 metric 10 dead
		default via 10.0.0.5 dev eth0 metric 4294967295
		default via 192.0.2.1 dev eth1 proto 105 metric 201`)
	want := []string{
		"unreachable default metric 5",
		"default via 10.0.0.9 dev eth0 proto dhcp src 10.0.0.1 metric 100",
		"default dev eth0 proto static metric 201 linkdown",
	}
	if diff := cmp.Diff(want, k.snapshot().Foreign); diff != "" {
		t.Error(diff)
	}
}

func TestRouteString(t *testing.T) {
	zero := netip.MustParsePrefix("0.0.0.0/0")
	for want, r := range map[string]route{
		"default via inet6 fe80::1 dev eth0 proto dhcp":                {dst: zero, kind: 1, table: 254, dev: "eth0", protocol: unix.RTPROT_DHCP, gateway: netip.MustParseAddr("fe80::1")},
		"default proto static metric 7 nexthop via 1.2.3.4 dev a":      {dst: zero, kind: 1, table: 254, protocol: unix.RTPROT_STATIC, metric: 7, hops: " nexthop via 1.2.3.4 dev a"},
		"default dev ppp0 scope link":                                  {dst: zero, kind: 1, table: 254, dev: "ppp0", protocol: unix.RTPROT_BOOT, scope: unix.RT_SCOPE_LINK},
		"blackhole default proto keepalived":                           {dst: zero, kind: unix.RTN_BLACKHOLE, table: 254, protocol: unix.RTPROT_KEEPALIVED},
		"prohibit default":                                             {dst: zero, kind: unix.RTN_PROHIBIT, table: 254, protocol: unix.RTPROT_BOOT},
		"throw 10.0.0.0/8 table 7":                                     {dst: netip.MustParsePrefix("10.0.0.0/8"), kind: unix.RTN_THROW, table: 7, protocol: unix.RTPROT_BOOT},
		"type 200 default":                                             {dst: zero, kind: 200, table: 254, protocol: unix.RTPROT_BOOT},
		"default via 10.0.0.1 dev eth0 proto 105 metric 4294967295":    {dst: zero, kind: 1, table: 254, dev: "eth0", protocol: 105, gateway: netip.MustParseAddr("10.0.0.1"), metric: 1<<32 - 1},
		"default via 10.0.0.1 dev eth0 proto 105 dead onlink linkdown": {dst: zero, kind: 1, table: 254, dev: "eth0", protocol: 105, gateway: netip.MustParseAddr("10.0.0.1"), flags: 21},
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []string
		add    string
		want   []string
	}{
		{"all is well", nil, "default via 10.0.0.9 dev eth0 metric 300", nil},
		{"missing, down", []string{"link 3: eth1 up carrier", "", "eth2 up carrier", "eth2"}, "", []string{
			"The uplink via 192.0.2.1 dev eth1 cannot work now: interface does not exist.",
			"The uplink via 198.51.100.1 dev eth2 cannot work now: interface is down."}},
		{"no address, not on the link", []string{"addr 192.0.2.2/24 dev eth1", "", "addr 198.51.100.2", "addr 10.1.1.1"}, "", []string{
			"The uplink via 192.0.2.1 dev eth1 cannot work now: no IPv4 address.",
			"The gateway 198.51.100.1 is on no subnet of eth2, so it is taken to be on the link."}},
		{"foreign", nil, "default via 10.0.0.9 dev eth0 proto dhcp metric 100\ndefault via 10.0.0.8 dev eth0 metric 201", []string{
			`The default route "default via 10.0.0.9 dev eth0 proto dhcp metric 100" of another program wins over imon's, because its metric is not larger than 201.`,
			`The default route "default via 10.0.0.8 dev eth0 metric 201" of another program wins over imon's, because its metric is not larger than 201.`}},
		{"one address", []string{"via 198.51.100.1 dev eth2", "via 192.0.2.7 dev eth1"}, "", []string{
			"Two uplinks have the address 192.0.2.2 on eth1, so only their gateways can be probed, nothing beyond; a second address there would help."}},
		{"twice the same", []string{"via 198.51.100.1 dev eth2", "via 192.0.2.1 dev eth1"}, "", []string{
			"Two uplinks lead via 192.0.2.1 dev eth1."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, strings.NewReplacer(c.change...).Replace(twoUplinks)+c.add)
			if diff := cmp.Diff(c.want, k.findings()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A rival is a default route of another program by an uplink's device, in main,
// whatever its metric; imon's own is none.
func TestRivals(t *testing.T) {
	for add, want := range map[string][]bool{
		"": {false, false},
		"default via 198.51.100.1 dev eth2 metric 201":                                                                  {false, false}, // left by Python
		"default via 192.0.2.1 dev eth1 proto 105 metric 201":                                                           {false, false},
		"default via 192.0.2.1 dev eth1 proto dhcp metric 100":                                                          {true, false},
		"default via 192.0.2.1 dev eth1 proto dhcp metric 1002":                                                         {true, false},
		"default via 198.51.100.1 dev eth2 metric 300":                                                                  {false, true},
		"default via 192.0.2.1 dev eth1 proto dhcp metric 100\ndefault via 198.51.100.1 dev eth2 proto dhcp metric 101": {true, true},
		"default via 10.0.0.9 dev eth0 metric 1":                                                                        {false, false},
		"default via 192.0.2.1 dev eth1 table 100":                                                                      {false, false},
	} {
		if got := parseKernel(t, twoUplinks+add).rivals(); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", add, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	ok := Spec{Interface: "eth1", Gateway: netip.MustParseAddr("192.0.2.1")}
	for _, c := range []struct {
		specs  []Spec
		metric int
		want   string
	}{
		{[]Spec{ok, {Gateway: ok.Gateway}}, 201, "cannot use uplink via 192.0.2.1: it has no interface"},
		{[]Spec{{Interface: "eth1"}, ok}, 201, `cannot use gateway "invalid IP" of "eth1": not an IPv4 address`},
		{[]Spec{ok, {Interface: "eth2", Gateway: netip.MustParseAddr("fe80::1")}}, 201, `cannot use gateway "fe80::1" of "eth2": not an IPv4 address`},
		{[]Spec{ok, ok}, -1, "cannot use metric -1: not in 0 to 4294967295"},
		{[]Spec{ok, {Interface: "ppp0", Gateway: ok.Gateway, Direct: true}}, 201, `cannot use gateway "192.0.2.1" of "ppp0": packets go straight to the device`},
	} {
		if _, err := New(c.specs, Options{Metric: c.metric}); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if _, err := Inspect(c.specs, Options{Metric: c.metric}); err == nil || err.Error() != c.want {
			t.Errorf("Inspect: error %v, want %q", err, c.want)
		}
	}
}
