package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// The documented set-up has no default route at all, and both uplinks may ask
// the same host: each probe leaves by its own uplink, under every rp_filter.
func TestFault01ProbesLeaveByTheUplinkUnderTest(t *testing.T) {
	for mode := range 3 {
		t.Run(fmt.Sprintf("rp_filter %d", mode), func(t *testing.T) {
			t.Parallel()
			b := raise(t, internetTargets)
			b.inject(b.RPFilter(mode))
			b.run()
			b.see(b.started, "Network Failover Primary Route net42 (eth1) is active")
			b.via(0)

			hole := b.Blackhole(0) // the gateway still answers
			at := b.inject(hole)
			b.see(at, "Primary Network net42 (eth1) is now offline")
			b.see(at, "Network Failover Standby Route net62 (eth2) is active")
			b.via(1)

			at = b.restore(hole)
			b.see(at, "Primary Network net42 (eth1) is now online")
			b.see(at, "Network Failover Primary Route net42 (eth1) is active")
			b.via(0)

			at = b.inject(b.Blackhole(1)) // not in use: nothing but its state changes
			b.see(at, "Standby Network net62 (eth2) is now offline")
			b.via(0)
		})
	}
}

// The uplink in use fails and returns faster than a round: its route is back.
func TestFault02UplinkThatBouncesKeepsItsRoute(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) { c.Set("failover", "interval", 10) })
	b.see(b.started, "Route net42 (eth1) is active")
	for range 5 {
		b.inject(b.Bounce(0))
		b.until("a default route by a live uplink", func() bool {
			routes, _ := b.Defaults()
			return len(routes) == 1
		})
	}
	b.via(0)
}

// A DHCP client gets another address, or another network: no restart needed.
func TestFault03RenumberedUplinkComesBackByItself(t *testing.T) {
	t.Parallel()
	b := start(t, internetTargets)
	b.see(b.started, "Route net42 (eth1) is active")
	b.inject(b.Renumber(0))
	b.inject(b.Blackhole(1)) // so that only the renumbered uplink can work
	at := time.Now()
	b.see(at, "Standby Network net62 (eth2) is now offline")
	b.via(0)
	b.until("packets by the new address", func() bool {
		rules, err := b.Router.Run("rule")
		return err == nil && strings.Contains(rules, b.Lab.Uplink(0).Address.Addr().String())
	})
	if n := b.count("Primary Network net42 (eth1) is now offline"); n > 1 {
		t.Errorf("the primary was offline %d times after one renumbering", n)
	}
}

// Somebody deletes the default route: it is put back, and said once.
func TestFault04DeletedRouteIsPutBack(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) { c.Set("failover", "interval", 10) })
	b.see(b.started, "Route net42 (eth1) is active")
	for range 3 {
		b.via(0)
		b.inject(b.DefaultDeleted())
	}
	b.via(0)
	b.see(b.started, "had been removed; put back")
	if n := b.count("had been removed; put back"); n != 1 {
		t.Errorf("%d lines about the removed route in a minute: want 1", n)
	}
}

// The active standby dies while the primary is up and not preferred: the
// primary takes over in the same moment.
func TestFault07ActiveStandbyDiesWhilePrimaryIsUp(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) { c.Set("failover", "prefer-primary", false).Set("failover", "interval", 10) })
	b.see(b.started, "Route net42 (eth1) is active")
	cut := b.CutISP(0)
	at := b.inject(cut)
	b.see(at, "Route net62 (eth2) is active")
	at = b.restore(cut)
	b.see(at, "Primary Network net42 (eth1) is now online")
	b.via(1) // not preferred: stays
	at = b.inject(b.CutISP(1))
	line := b.see(at, "Route net42 (eth1) is active")
	if took := line.At.Sub(at); took > 5*time.Second {
		t.Errorf("the switch took %v: a whole interval", took)
	}
	b.via(0)
}

// Whatever happens to cables and interfaces, the LAN comes back, without
// a restart of imon.
func TestFaultsOfLinksAreSurvived(t *testing.T) {
	cases := []func(*bench) lab.Fault{
		func(b *bench) lab.Fault { return b.CutISP(0) },
		func(b *bench) lab.Fault { return b.CutRouter(0) },
		func(b *bench) lab.Fault { return b.GatewayDead(0) },
		func(b *bench) lab.Fault { return b.Removed(0) },
	}
	for _, fault := range cases {
		b := raise(t, internetTargets)
		f := fault(b)
		t.Run(f.Name, func(t *testing.T) {
			b.t = t
			b.run()
			b.see(b.started, "Route net42 (eth1) is active")
			at := b.inject(f)
			b.see(at, "Route net62 (eth2) is active")
			b.via(1)
			at = b.restore(f)
			b.see(at, "Primary Network Outage Duration: 0 days 0 hours, 0 minutes")
			b.see(at, "Route net42 (eth1) is active")
			b.via(0)
		})
	}
}

// Both uplinks dead: said once, the route stays, and the first to return is used.
func TestEverythingDownAndBack(t *testing.T) {
	t.Parallel()
	b := start(t, internetTargets)
	b.see(b.started, "Route net42 (eth1) is active")
	down := b.AllDown()
	at := b.inject(down)
	b.see(at, "Both Primary and Standby Networks are offline")
	if routes, err := b.Defaults(); err != nil || len(routes) != 1 {
		t.Errorf("default routes while both are down: %v (%v): want the last one", routes, err)
	}
	at = b.restore(down)
	b.see(at, "Route net42 (eth1) is active")
	b.via(0)
	if n := b.count("Both Primary and Standby"); n != 1 {
		t.Errorf("said %d times that both are down: want once", n)
	}
}

// A killed imon leaves the LAN its route; the next one adopts it and clears
// what was left; a stopped one leaves the route and nothing else.
func TestKilledAndStoppedImonLeavesTheRoute(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) { c.Set("failover", "prefer-primary", false) })
	b.see(b.started, "Route net42 (eth1) is active")
	cut := b.CutISP(0)
	at := b.inject(cut)
	b.see(at, "Route net62 (eth2) is active")
	b.restore(cut)
	watch, err := b.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	b.stop(syscall.SIGKILL)
	b.via(1)

	b.run()
	b.see(b.started, "Network Failover Standby Route net62 (eth2) is active") // adopted: not preferred, so kept
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code after SIGTERM: %d", code)
	}
	b.via(1)
	if rules, err := b.Router.Run("rule"); err != nil || strings.Count(rules, "\n") != 3 {
		t.Errorf("rules left behind (%v):\n%s", err, rules)
	}
	if wrong := watch.Wrong(from); len(wrong) > 0 {
		t.Errorf("not exactly one default route at: %v", wrong)
	}
}

// stop sends a signal and waits for the end.
func (b *bench) stop(s syscall.Signal) int {
	b.t.Helper()
	if err := b.Signal(s); err != nil {
		b.t.Fatal(err)
	}
	code, err := b.Program.Wait(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return code
}

// The Python imon left a route without protocol number: it is taken over.
func TestRouteOfThePythonImonIsTakenOver(t *testing.T) {
	t.Parallel()
	b := raise(t, func(lab.Config) {})
	_, err := b.Router.Run("route", "add", "default", "via", "192.168.62.1", "dev", "eth2", "src", "192.168.62.2", "metric", "201")
	if err != nil {
		t.Fatal(err)
	}
	watch, err := b.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	b.via(0)
	if wrong := watch.Wrong(from); len(wrong) > 0 {
		t.Errorf("not exactly one default route at: %v", wrong)
	}
}

// A default route of somebody else that wins is said, and left alone.
func TestForeignDefaultRouteIsSaidAndLeftAlone(t *testing.T) {
	t.Parallel()
	b := start(t, func(lab.Config) {})
	b.see(b.started, "Route net42 (eth1) is active")
	foreign := b.ForeignDefault(1, 100)
	at := b.inject(foreign)
	b.see(at, "Another default route wins over imon's")
	cut := b.CutISP(0)
	at = b.inject(cut)
	b.see(at, "Route net62 (eth2) is active")
	routes, err := b.Defaults()
	if err != nil || len(routes) != 2 {
		t.Errorf("default routes %v (%v): want imon's and the foreign one", routes, err)
	}
}

// After a switch the target of the new uplink is looked at, by that uplink.
func TestPostping(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		c.Set("failover", "primary-postping", "1.1.1.1").Set("failover", "standby-postping", "8.8.4.5")
	})
	b.see(b.started, "Info: Primary Network Ping Target 1.1.1.1 Online After Failover")
	at := b.inject(b.CutISP(0))
	b.see(at, "Warn: Standby Network Ping Target 8.8.4.5 Not Responding After Failover")
}

// A guard against leaks in the main table, of however large a metric, does not
// stop the probes (fault 1 in another dress).
func TestFault01GuardRouteDoesNotStopTheProbes(t *testing.T) {
	for _, kind := range []string{"unreachable", "blackhole", "prohibit"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := raise(t, internetTargets)
			if _, err := b.Router.Run("route", "add", kind, "default", "metric", "9999"); err != nil {
				t.Fatal(err)
			}
			b.run()
			b.see(b.started, "Route net42 (eth1) is active")
			cut := b.CutRouter(0)
			at := b.inject(cut)
			b.see(at, "Route net62 (eth2) is active")
			at = b.restore(cut)
			b.see(at, "Route net42 (eth1) is active")
		})
	}
}

// A default route of another program is left alone even when it has imon's
// metric and leads through an uplink's gateway.
func TestFault06RoutesOfOtherProgramsStay(t *testing.T) {
	t.Parallel()
	b := raise(t, func(lab.Config) {})
	_, err := b.Router.Run("route", "add", "default", "via", "192.168.62.1", "dev", "eth2", "metric", "201", "proto", "static")
	if err != nil {
		t.Fatal(err)
	}
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	cut := b.CutISP(0)
	at := b.inject(cut)
	b.see(at, "Route net62 (eth2) is active")
	b.restore(cut)
	b.see(at, "Route net42 (eth1) is active")
	routes, err := b.Router.Run("route", "show", "default", "proto", "static")
	if err != nil || !strings.Contains(routes, "via 192.168.62.1") {
		t.Errorf("the static route is gone: %q (%v)", routes, err)
	}
}

// A long flow (a call, a tunnel) goes on by the other uplink, whether the router
// masquerades or has snat rules, which keep a flow's address for ever.
func TestLongFlowsFollowTheSwitch(t *testing.T) {
	for name, options := range map[string][]lab.Option{"masquerade": nil, "snat": {lab.SNAT()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, internetTargets, options...)
			b.see(b.started, "Route net42 (eth1) is active")
			stream, err := b.Stream(5 * time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			b.until("the flow is up", stream.Up)
			hole := b.Blackhole(0)
			at := b.inject(hole)
			line := b.see(at, "Route net62 (eth2) is active")
			b.until("the flow goes on", func() bool { return !stream.Since(line.At).Longest().Open && stream.Up() })
			if gap := stream.Since(line.At).Longest().For; gap > time.Second {
				t.Errorf("the flow was away for %v after the switch", gap)
			}
			at = b.restore(hole)
			line = b.see(at, "Route net42 (eth1) is active")
			b.inject(b.Blackhole(1)) // what stayed on the standby is lost now
			b.until("the flow is on the primary", func() bool {
				r := stream.Since(line.At.Add(time.Second))
				return r.Sent > 200 && r.Lost == 0
			})
		})
	}
}
