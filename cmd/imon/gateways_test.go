package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/uplink"
)

// learner are lessons of two uplinks whose gateways are to be learned.
func learner(fs afero.Fs, family uplink.Family) *lessons {
	auto := netip.IPv4Unspecified()
	return newLessons(interfaces{}, fs, config.Failover{Uplinks: [2]config.Uplink{
		{Interface: "eth1", Gateway: auto}, {Interface: "ppp0", Gateway: auto},
	}}, family)
}

func TestLessons(t *testing.T) {
	fs := afero.NewMemMapFs()
	l := learner(fs, uplink.V4)
	address, gateway := netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.1")
	ignorant := uplink.Spec{Interface: "eth1", Reason: "its gateway is to be learned (auto), and neither a default route by eth1 nor a DHCP lease tells it"}
	is := func(hops []uplink.Hop, want ...uplink.Spec) {
		t.Helper()
		if diff := cmp.Diff(want, l.specs(hops), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
	told := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, l.told()); diff != "" {
			t.Error(diff)
		}
	}
	second := uplink.Spec{Interface: "ppp0", Reason: strings.Replace(ignorant.Reason, "eth1", "ppp0", 1)}
	is(nil, ignorant, second)
	told()
	blank := []uplink.Hop{{Index: 2, Addresses: []netip.Addr{address}}, {}}
	is(blank, ignorant, second)

	lease := "/run/systemd/netif/leases/2"
	afero.WriteFile(fs, lease, []byte("ADDRESS=192.0.2.99\nROUTER=192.0.2.1\n"), 0o600) // of former times
	is(blank, ignorant, second)
	afero.WriteFile(fs, lease, []byte("ADDRESS=192.0.2.2\nROUTER=192.0.2.1\n"), 0o600)
	is(blank, uplink.Spec{Interface: "eth1", Gateway: gateway}, second)
	told("The gateway of eth1 is 192.0.2.1, as the DHCP lease /run/systemd/netif/leases/2 tells.")

	fs.Remove(lease) // and what was learned stays
	modem := []uplink.Hop{blank[0], {Index: 3, Direct: true}}
	straight := uplink.Spec{Interface: "ppp0", Direct: true}
	is(modem, uplink.Spec{Interface: "eth1", Gateway: gateway}, straight)
	told("The gateway of eth1 is 192.0.2.1, as the DHCP lease /run/systemd/netif/leases/2 tells.", "ppp0 needs no gateway, as it is a point-to-point link.")

	modem[0].Gateway, modem[0].Route = netip.MustParseAddr("192.0.2.7"), "default via 192.0.2.7 dev eth1 proto dhcp"
	is(modem, uplink.Spec{Interface: "eth1", Gateway: modem[0].Gateway}, straight)
	told(`The gateway of eth1 is 192.0.2.7, as the default route "default via 192.0.2.7 dev eth1 proto dhcp" tells.`, "ppp0 needs no gateway, as it is a point-to-point link.")
	is(nil, uplink.Spec{Interface: "eth1", Gateway: modem[0].Gateway}, straight)
}

// The lease of an IPv4 address tells nothing of IPv6.
func TestLessonsOfIPv6(t *testing.T) {
	fs := afero.NewMemMapFs()
	afero.WriteFile(fs, "/run/systemd/netif/leases/2", []byte("ADDRESS=192.0.2.2\nROUTER=192.0.2.1\n"), 0o600)
	l := learner(fs, uplink.V6)
	hops := []uplink.Hop{{Index: 2, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.2")}}, {}}
	if s := l.specs(hops)[0]; s.Gateway.IsValid() {
		t.Errorf("%+v", s)
	}
	hops[0].Gateway = netip.MustParseAddr("fe80::1")
	if s := l.specs(hops)[0]; s.Gateway != hops[0].Gateway || s.Reason != "" {
		t.Errorf("%+v", s)
	}
}

// Two uplinks on one device cannot learn two gateways.
func TestLessonsOfOneDevice(t *testing.T) {
	l := learner(afero.NewMemMapFs(), uplink.V4)
	l.cfg.Uplinks[1].Interface = "eth1"
	hop := uplink.Hop{Gateway: netip.MustParseAddr("192.0.2.1"), Route: "default via 192.0.2.1 dev eth1"}
	if s := l.specs([]uplink.Hop{hop, hop}); s[0].Reason != "" || s[1].Reason != "it has the device and the gateway of the primary" {
		t.Errorf("%+v", s)
	}
}

// Gateways are learned from the routes of other programs, also when those come
// and change while imon runs, and a gateway that is not told any more is kept.
func TestGatewaysAreLearned(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) { c.Set("failover", "primary-gw", "auto").Set("failover", "standby-gw", "auto") })
	b.route("add", "default", "via", "192.168.42.1", "dev", "eth1", "proto", "dhcp", "metric", "1002")
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	at := b.inject(b.CutISP(0))
	b.route("add", "default", "via", "192.168.62.1", "dev", "eth2", "table", "77")
	b.see(at, "Route net62 (eth2) is active")
	b.route("del", "default", "table", "77")
	b.until("the default by eth2 stays", func() bool {
		routes, err := b.Router.Run("route", "show", "default", "proto", "105")
		return err == nil && strings.Contains(routes, "via 192.168.62.1 dev eth2")
	})
}

func (b *bench) route(args ...string) {
	b.t.Helper()
	if _, err := b.Router.Run(append([]string{"route"}, args...)...); err != nil {
		b.t.Fatal(fmt.Errorf("route %v: %w", args, err))
	}
}

// imon check says what it knows of the uplinks of both families, and of whom.
func TestCheckTellsWhatWasLearned(t *testing.T) {
	b := raise(t, func(c lab.Config) {
		c.Set("failover", "family", "both").Set("failover", "primary-gw", "auto")
	})
	b.route("add", "default", "via", "192.168.42.1", "dev", "eth1", "proto", "dhcp", "metric", "1002")
	gateway := b.advertise(1)
	file := filepath.Join(t.TempDir(), "imon-lab")
	if err := os.WriteFile(file, b.config.JSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := b.Router.Command(t.Context(), os.Getenv("IMON_BINARY"), "check", "--config", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`The gateway of eth1 is 192.168.42.1, as the default route "default via 192.168.42.1 dev eth1 proto dhcp metric 1002" tells.`,
		`The gateway of eth2 is ` + gateway + `, as the default route "default via ` + gateway + ` dev eth2 proto ra metric 1025" tells.`,
		`% The primary uplink cannot work now: its gateway is to be learned (auto), and`,
	} {
		if !strings.Contains(string(out), want+"\n") && !strings.Contains(string(out), want+" ") {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
