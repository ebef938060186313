package main

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/netifd"
	"github.com/ejgeiger/imon/internal/netifd/netifdtest"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
	"github.com/ejgeiger/imon/internal/uplink"
)

// netifd says that the interface in use is down: the route follows, however long
// the interval is. The log tells how long that took.
func TestNetifdDownSwitchesAtOnce(t *testing.T) {
	w := onOpenWrt(t, ubustest.Start(t), internetTargets)
	w.see(w.started, "Route net42 (wan) is active")
	watch, err := w.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	var times []time.Duration
	for range 9 {
		at := w.down("wan")
		w.see(at, "Standby Route net62 (wwan) is active")
		w.via(1)
		times = append(times, switched(watch, at, "dev eth2"))
		at = w.update(w.logical(0))
		w.see(at, "Primary Route net42 (wan) is active")
		w.via(0)
	}
	slices.Sort(times)
	t.Logf("from interface.down to the switched route: median %v, %v to %v", times[len(times)/2], times[0], times[len(times)-1])
	if last := times[len(times)-1]; last > time.Second {
		t.Errorf("it took %v", last)
	}
	if wrong := watch.Wrong(from); len(wrong) > 0 {
		t.Errorf("not exactly one default route at: %v", wrong)
	}
}

// switched is how long after at the kernel had a default route with that text.
func switched(watch *lab.DefaultWatch, at time.Time, text string) time.Duration {
	for _, m := range watch.Moments() {
		if m.At.After(at) && strings.Contains(strings.Join(m.Routes, "\n"), text) {
			return m.At.Sub(at)
		}
	}
	return time.Hour
}

// netifd learns another gateway, as after a DHCP renewal: the route follows.
func TestRouteFollowsNetifdsGateway(t *testing.T) {
	w := onOpenWrt(t, ubustest.Start(t), func(lab.Config) {})
	w.see(w.started, "Route net42 (wan) is active")
	if _, err := w.ISPs[0].Run("addr", "add", "192.168.42.254/24", "dev", "lan"); err != nil {
		t.Fatal(err)
	}
	watch, err := w.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	moved := w.logical(0)
	moved.Gateway = netip.MustParseAddr("192.168.42.254")
	at := w.update(moved)
	w.see(at, "Default route of Primary Network net42 (wan) leads via 192.168.42.254 dev eth1 now")
	if routes, err := w.Defaults(); err != nil || len(routes) != 1 || !strings.Contains(routes[0], "via 192.168.42.254 dev eth1") {
		t.Errorf("default routes %v (%v)", routes, err)
	}
	if wrong := watch.Wrong(from); len(wrong) > 0 {
		t.Errorf("not exactly one default route at: %v", wrong)
	}
	if strings.Contains(w.Text(), "had been removed") || strings.Contains(w.Text(), "is now offline") {
		t.Error("the move was taken for something else")
	}
}

// A machine without a message bus hears nothing of it, and auto says why it is
// of no use there.
func TestNoBus(t *testing.T) {
	if e := (env{fs: afero.NewOsFs()}); e.hasBus() {
		t.Error("there is a bus although the environment says that there is none")
	}
	t.Setenv(socketVariable, "") // so that it is put back
	if err := os.Unsetenv(socketVariable); err != nil {
		t.Fatal(err)
	}
	e := env{fs: afero.NewMemMapFs()}
	if e.hasBus() {
		t.Error("there is a bus in an empty file system")
	}
	for _, path := range []string{"/sbin/ubusd", "/var/run/ubus/ubus.sock", "/var/run/ubus.sock"} {
		fs := afero.NewMemMapFs()
		if err := afero.WriteFile(fs, path, nil, 0o755); err != nil || !(env{fs: fs}).hasBus() {
			t.Errorf("no bus with %s (%v)", path, err)
		}
	}
	b := newBus(e, "main", controls{}, teller{})
	if b != nil || b.publishers() != nil {
		t.Error("there is a bus")
	}
	auto := config.Uplink{Interface: "eth1", Gateway: netip.IPv4Unspecified()}
	s := b.interfaces().spec(auto, uplink.V4)
	if want := "its gateway is to be learned (auto), and neither a default route by eth1 nor a DHCP lease tells it"; s.Reason != want {
		t.Errorf("%+v", s)
	}
	fixed := config.Uplink{Interface: "eth1", Gateway: netip.MustParseAddr("192.0.2.1")}
	if s := b.interfaces().spec(fixed, uplink.V4); s != (uplink.Spec{Interface: "eth1", Gateway: fixed.Gateway}) {
		t.Errorf("%+v", s)
	}
}

func TestSpecsFollowNetifd(t *testing.T) {
	socket := ubustest.Start(t).Socket()
	gateway, other := netip.MustParseAddr("192.168.42.1"), netip.MustParseAddr("192.168.42.9")
	address := netip.MustParsePrefix("192.168.42.2/24")
	netifdtest.Start(t, socket,
		netifdtest.Interface{Name: "wan", Device: "pppoe-wan", Address: address, Gateway: gateway},
		netifdtest.Interface{Name: "lan", Device: "br-lan", Address: address},
		netifdtest.Interface{Name: "off"})
	client := ubus.New(socket, func(string) {})
	n := interfaces{netifd.New(client, func() {})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- client.Run(ctx) }()
	defer func() { cancel(); <-done }()
	<-n.Ready()
	n.await(ctx) // at once

	auto := netip.IPv4Unspecified()
	for _, c := range []struct {
		u    config.Uplink
		want uplink.Spec
	}{
		{config.Uplink{Interface: "wan", Gateway: auto}, uplink.Spec{Interface: "pppoe-wan", Gateway: gateway}},
		{config.Uplink{Interface: "wan", Gateway: other}, uplink.Spec{Interface: "pppoe-wan", Gateway: other}},
		{config.Uplink{Interface: "pppoe-wan", Gateway: auto}, uplink.Spec{Interface: "pppoe-wan", Gateway: gateway}},
		{config.Uplink{Interface: "pppoe-wan", Gateway: other}, uplink.Spec{Interface: "pppoe-wan", Gateway: other}},
		{config.Uplink{Interface: "eth7", Gateway: other}, uplink.Spec{Interface: "eth7", Gateway: other}},
		{config.Uplink{Interface: "lan", Gateway: auto}, uplink.Spec{Interface: "br-lan", Reason: "netifd has no gateway for interface lan"}},
		{config.Uplink{Interface: "off", Gateway: auto}, uplink.Spec{Reason: "netifd has interface off down"}},
		{config.Uplink{Interface: "off", Gateway: other}, uplink.Spec{Gateway: other, Reason: "netifd has interface off down"}},
		{config.Uplink{Interface: "eth7", Gateway: auto}, uplink.Spec{Interface: "eth7", Reason: "its gateway is to be learned (auto), and neither a default route by eth7 nor a DHCP lease tells it"}},
	} {
		got := n.spec(c.u, uplink.V4)
		if got.Reason != "" && c.want.Gateway == (netip.Addr{}) {
			got.Gateway = netip.Addr{}
		}
		if got != c.want {
			t.Errorf("%s via %s: %+v, want %+v", c.u.Interface, c.u.Gateway, got, c.want)
		}
	}
}

// imon check says how netifd and imon get along, in commands to be typed.
func TestCheckAdvises(t *testing.T) {
	socket := ubustest.Start(t).Socket()
	wan := netifdtest.Interface{
		Name: "wan", Device: "eth1", Address: netip.MustParsePrefix("192.168.42.2/24"), Gateway: netip.MustParseAddr("192.168.42.1"), DefaultRoute: true,
	}
	wwan := netifdtest.Interface{Name: "wwan", Device: "wwan0", Address: netip.MustParsePrefix("10.1.2.2/24"), Gateway: netip.MustParseAddr("10.1.2.1")}
	lte := netifdtest.Interface{
		Name: "lte", Device: "wwan1", Address: netip.MustParsePrefix("10.1.3.2/24"), Gateway: netip.MustParseAddr("10.1.3.1"), DefaultRoute: true,
	}
	n := netifdtest.Start(t, socket, wan, wwan, lte)
	text := `{ "failover": { "enable": true, "primary-if": "wan", "primary-gw": "auto", "standby-if": "wwan0", "standby-gw": "10.1.2.1",
		"uplinks": "if=lte gw=auto" } }`
	files := map[string]string{"/etc/default/imon-main": text}
	commands := "    uci set network.wan.defaultroute='0'\n    uci set network.lte.defaultroute='0'\n    uci commit network\n    service network reload\n"
	look := func() string {
		t.Helper()
		got := invoke(t, files, "check")
		if got.code != 0 || got.stderr != "" {
			t.Errorf("exit code %d, complaints %q", got.code, got.stderr)
		}
		return got.stdout
	}
	t.Setenv(socketVariable, socket)
	if out := look(); !strings.Contains(out, "% netifd installs a default route of its own for interface wan") || !strings.Contains(out, commands) || strings.Contains(out, "wwan.default") {
		t.Errorf("no advice in\n%s", out)
	}
	wan.DefaultRoute, lte.DefaultRoute = false, false
	if err := errors.Join(n.Update(wan), n.Update(lte)); err != nil {
		t.Fatal(err)
	}
	if out := look(); strings.Contains(out, "uci") {
		t.Errorf("advice that nobody needs in\n%s", out)
	}
	t.Setenv(socketVariable, "")
	if out := look(); strings.Contains(out, "uci ") || !strings.Contains(out, "The primary uplink cannot work now: its gateway is to be learned (auto)") {
		t.Errorf("without a bus:\n%s", out)
	}
}
