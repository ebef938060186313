package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// With fall, one round that fails is not enough, but it takes seconds and not
// intervals to be sure.
func TestFallIsConfirmedBetweenIntervals(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "interval", 5).Set("failover", "fall", 3).Set("failover", "failure-interval", 0.5).Set("failover", "pingwait", 0.4)
	})
	b.see(b.started, "Route net42 (eth1) is active")
	at := b.inject(b.Blackhole(0))
	line := b.see(at, "Primary Network net42 (eth1) is now offline")
	if took := line.At.Sub(at); took < time.Second || took > 5*time.Second+3*time.Second {
		t.Errorf("it took %v until three rounds in a row had failed", took)
	}
	b.via(1)
}

// A line that loses a third of all packets answers every round, and is left all the
// same while the other one does not; and gone back to when it is good again.
func TestDegradedUplinkLosesToACleanOne(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "interval", 0.2).Set("failover", "pingcount", 4).Set("failover", "pingwait", 0.1).Set("failover", "fall", 5)
		c.Set("failover", "failure-loss", 15).Set("failover", "recovery-loss", 5).Set("failover", "quality-window", 3)
	})
	b.see(b.started, "Route net42 (eth1) is active")
	loss := b.Loss(0, 40)
	at := b.inject(loss)
	b.see(at, "Primary Network net42 (eth1) is degraded: loss ")
	b.via(1)
	at = b.restore(loss)
	b.see(at, "Primary Network net42 (eth1) is not degraded any more")
	b.via(0)
}

// A captive portal answers everything, but not as the internet does.
func TestCaptivePortalIsNoInternet(t *testing.T) {
	t.Parallel()
	b := raise(t, func(lab.Config) {})
	for _, p := range b.Providers {
		p.Behave(lab.Answer{Status: http.StatusNoContent})
	}
	url := b.Providers[0].URL()
	for _, role := range []string{"primary", "standby"} {
		b.config.Set("failover", role+"-method", "http").Set("failover", role+"-ping", url)
	}
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	at := time.Now()
	b.Providers[0].Behave(lab.Answer{Body: "<html>log in</html>"})
	b.see(at, "Both Primary and Standby Networks are offline")
	b.see(at, "Reason: status 200: a captive portal?")
	at = time.Now()
	b.Providers[0].Behave(lab.Answer{Status: http.StatusNoContent})
	b.see(at, "Route net42 (eth1) is active")
}

// A dry run says what it would do, to the log and to nobody else.
func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	calls := filepath.Join(t.TempDir(), "calls")
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "dry-run", true).Set("global", "action", recorder(t, calls))
	})
	b.see(b.started, "Dry run: Network Failover Primary Route net42 (eth1) is active")
	at := b.inject(b.Blackhole(0))
	b.see(at, "Dry run: Network Failover Standby Route net62 (eth2) is active")
	if routes, err := b.Defaults(); err != nil || len(routes) > 0 {
		t.Errorf("default routes %v, %v", routes, err)
	}
	if text, err := os.ReadFile(calls); err == nil {
		t.Errorf("the action script was called:\n%s", text)
	}
}

// Nothing is better than a route that leads nowhere, where somebody wants it so.
func TestWithdrawWhenDown(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "withdraw-when-down", true)
	})
	b.see(b.started, "Route net42 (eth1) is active")
	down := b.AllDown()
	at := b.inject(down)
	b.see(at, "Default route withdrawn until a network is online")
	if routes, err := b.Defaults(); err != nil || len(routes) > 0 {
		t.Errorf("default routes %v, %v", routes, err)
	}
	b.restore(down)
	b.via(0)
}

// The script hears of the uplink that is not in use by events of their own.
func TestScriptHearsOfTheOtherUplink(t *testing.T) {
	t.Parallel()
	calls := filepath.Join(t.TempDir(), "calls")
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("global", "action", recorder(t, calls))
	})
	b.see(b.started, "Route net42 (eth1) is active")
	hole := b.Blackhole(1)
	b.inject(hole)
	said := func(want string) {
		t.Helper()
		b.until(want, func() bool {
			text, _ := os.ReadFile(calls)
			return strings.Contains(string(text), want)
		})
	}
	said("failover-uplink-offline net62:Standby:eth2:\n")
	b.restore(hole)
	said(fmt.Sprintf("failover-uplink-online net62:Standby:eth2:%s 0:0:0:", b.Lab.Uplink(1).Address.Addr()))
}

// One of two targets is dead from the start: the line is not, and the target is named.
func TestDeadTargetIsNamed(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		c.Set("failover", "interval", 0.2).Set("failover", "pingwait", 0.2)
		c.Set("failover", "primary-ping", "1.1.1.1,1.1.1.9").Set("failover", "standby-ping", "8.8.8.8,1.1.1.9")
	})
	b.see(b.started, "Route net42 (eth1) is active")
	b.see(b.started, "Target 1.1.1.9 has never answered by any network, though others do")
	b.via(0)
}

// The target of the probes dies and the line does not: a call that goes on stands
// against the verdict for some rounds.
func TestTrafficOfTheLANStandsAgainstTheProbes(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		c.Set("failover", "primary-ping", "1.1.1.1").Set("failover", "standby-ping", "8.8.8.8")
		c.Set("failover", "passive-rounds", 4).Set("failover", "pingwait", 0.5)
	})
	b.see(b.started, "Route net42 (eth1) is active")
	call, err := b.Stream(5 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Stop()
	at := b.inject(b.HostDown("1.1.1.1"))
	b.see(at, "Offline of Primary Network net42 (eth1) refuted by replies to the LAN")
	b.via(0)
	b.see(at, "Primary Network net42 (eth1) is now offline") // but not for ever
	b.via(1)
}

// A third uplink, here a second gateway on the interface of the standby, takes over
// when both others are gone, and gives way in order of preference.
func TestThirdUplink(t *testing.T) {
	t.Parallel()
	b := raise(t, internetTargets)
	for _, line := range []string{"addr add 192.168.62.9/24 dev lan", "addr add 192.168.62.3/24 dev eth2"} {
		ns := b.Router
		if strings.HasSuffix(line, "lan") {
			ns = b.ISPs[1]
		}
		if text, err := ns.Run(strings.Fields(line)...); err != nil {
			t.Fatal(text, err)
		}
	}
	b.config.Set("failover", "standby-ping", "8.8.8.8")
	b.config.Set("failover", "uplinks", []string{"name=lte if=eth2 gw=192.168.62.9 ping=9.9.9.9"})
	b.run()
	b.see(b.started, "Network Failover Initial State for Uplink3 Network lte (eth2): online")
	b.see(b.started, "Route net42 (eth1) is active")
	hole, host := b.Blackhole(0), b.HostDown("8.8.8.8")
	b.inject(host)
	at := b.inject(hole)
	b.see(at, "Network Failover Uplink3 Route lte (eth2) is active")
	b.until("one default route by the third uplink", func() bool {
		routes, err := b.Defaults()
		return err == nil && len(routes) == 1 && strings.Contains(routes[0], "via 192.168.62.9 dev eth2")
	})
	at = b.restore(host)
	b.see(at, "Network Failover Standby Route net62 (eth2) is active")
	b.via(1)
	at = b.inject(b.AllDown())
	b.see(at, "All 3 Networks are offline")
}

// A failback that is planned loses no packet of a call: its flow is taken off the old
// uplink in the moment in which the route moves. A busy machine may pause between the
// two, so two packets in five failbacks are let pass; without it each costs one.
func TestPlannedFailbackLosesNothing(t *testing.T) {
	b := start(t, internetTargets)
	b.see(b.started, "Route net42 (eth1) is active")
	call, err := b.Stream(5 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Stop()
	b.until("the call", call.Up)
	hole, lost := b.Blackhole(0), 0
	for range 5 {
		at := b.inject(hole)
		b.see(at, "Route net62 (eth2) is active")
		b.until("the call goes on", call.Up)
		at = b.restore(hole)
		b.see(at, "Route net42 (eth1) is active")
		b.via(0)
		b.until("the call goes on", call.Up)
		lost += call.Since(at).Lost
	}
	if lost > 2 {
		t.Errorf("%d packets were lost in 5 failbacks", lost)
	}
}

// recorder is an action script that writes its arguments from the third on to a file.
func recorder(t *testing.T, calls string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "action")
	script := "#!/bin/sh\nshift 2\necho \"$*\" >>'" + calls + "'\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
