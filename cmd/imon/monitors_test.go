package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// only enables one monitor besides failover, which gives the router its way out.
func only(monitor string) func(lab.Config) {
	return func(c lab.Config) { c.Set(monitor, "enable", true) }
}

func TestUpdownSaysOutagesAndSecondaries(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		only("updown")(c)
		c.Set("updown", "dnsserver", "").Set("updown", "addping", "1.1.1.1 , nosuch.example,8.8.8.8")
	})
	b.see(b.started, "[main-updown] Monitored IP 9.9.9.9 online")
	b.see(b.started, "Secondary IP 8.8.8.8 online")
	down := b.HostDown("9.9.9.9")
	at := b.inject(down)
	b.see(at, "Monitored IP 9.9.9.9 offline")
	b.see(at, "Secondary IP 1.1.1.1 online")
	b.see(at, "Secondary IP nosuch.example offline")
	b.see(at, "Secondary IP 8.8.8.8 online")
	at = b.restore(down)
	b.see(at, "Monitored IP 9.9.9.9 online")
	b.see(at, "Outage Duration: 0 days 0 hours, 0 minutes")
}

func TestUpdownOfflineIsRefutedByADNSServer(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		only("updown")(c)
		c.Set("updown", "dnslookup", "alias.example.com") // nothing but a CNAME
	})
	b.see(b.started, "Monitored IP 9.9.9.9 online")
	down := b.HostDown("9.9.9.9")
	at := b.inject(down)
	b.see(at, "Offline of 9.9.9.9 refuted by DNS query of 'alias.example.com' on DNS server '8.8.8.8'")
	asked := b.DNS[0].Queries()
	b.until("two more rounds", func() bool { return b.DNS[0].Queries() >= asked+2 })
	at = b.inject(b.DNSDown())
	b.see(at, "Monitored IP 9.9.9.9 offline")
	if n := b.count("refuted by DNS query"); n != 1 {
		t.Errorf("refuted %d times in one episode: want once", n)
	}
}

func TestUpdownOfAnIPv6TargetWithAnIPv6Server(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		only("updown")(c)
		c.Set("updown", "monitorip", lab.Host6).Set("updown", "dnsserver", lab.Host6)
	})
	b.see(b.started, "Monitored IP "+lab.Host6+" online")
	b.inject(b.CutISP(0))
	b.see(b.started, "Monitored IP "+lab.Host6+" offline")
}

// A name that never resolves ends no monitor (fault 8), and is said at start.
func TestUpdownOfANameThatDoesNotResolveGoesOn(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		only("updown")(c)
		c.Set("updown", "monitorip", "late.example").Set("updown", "dnsserver", "").Set("updown", "interval", 0.2)
	})
	b.see(b.started, "Monitored IP late.example is offline at start")
	b.DNS[0].Behave(lab.DNSReply{Lie: netip.MustParseAddr("1.1.1.1")})
	b.DNS[1].Behave(lab.DNSReply{Lie: netip.MustParseAddr("1.1.1.1")})
	b.see(b.started, "Monitored IP late.example online")
}

func TestPingFiguresAndNoRoute(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		only("ping")(c)
		c.Set("ping", "pingcount", 3).Set("ping", "interval", 0.5)
	})
	form := regexp.MustCompile(`\[main-ping\] Ping Result: IP:1\.1\.1\.1 State:True minrtt:\d+\.\d{1,3} avgrtt:\d+\.\d{1,3} maxrtt:\d+\.\d{1,3} loss:0\.0 jitter:\d+\.\d{1,3}$`)
	line := b.see(b.started, "State:True")
	if !form.MatchString(line.Text) {
		t.Errorf("not in the known form: %q", line.Text)
	}
	at := b.inject(b.CutRouter(0))
	b.inject(b.CutRouter(1)) // takes both uplinks' routes: nothing leads anywhere
	line = b.see(at.Add(time.Second), "Ping Result")
	if want := "Ping Result: IP:1.1.1.1 State:False minrtt:0.0 avgrtt:0.0 maxrtt:0.0 loss:1.0 jitter:0.0"; !strings.HasSuffix(line.Text, want) {
		t.Errorf("without a route: %q, want %q", line.Text, want)
	}
}

func TestDDNSFollowsTheExternalAddress(t *testing.T) {
	t.Parallel()
	b := start(t, only("ddns"))
	first := b.Lab.Uplink(0).Global.String()
	b.see(b.started, "External IP Address changed from unknown to "+first)
	at := b.inject(b.ExternalChanged(0))
	second := b.Lab.Uplink(0).Global.String()
	b.see(at, "External IP Address changed from "+first+" to "+second)

	b.Providers[0].Behave(lab.Answer{Body: "203.0.113.7"}) // refused: nobody's address
	b.Providers[1].Behave(lab.Answer{Body: "<html>Log in to the hotel</html>"})
	b.Providers[2].Behave(lab.Answer{Pad: 100_000})
	b.see(at, "%% Unable to obtain External IP Address")
	polled := len(b.Providers[0].Requests())
	b.until("further polls", func() bool { return len(b.Providers[0].Requests()) > polled })
	if n := b.count("%% Unable"); n != 1 {
		t.Errorf("said %d times in one outage: want once", n)
	}
	if strings.Contains(b.Text(), "changed from "+second) {
		t.Errorf("a refused answer was believed")
	}
}

// The sample action script, with all monitors, sees what the contract promises.
func TestActionScriptSeesTheEvents(t *testing.T) {
	t.Parallel()
	calls := filepath.Join(t.TempDir(), "calls")
	script := filepath.Join(t.TempDir(), "action")
	// One write for each call, because the monitors' scripts run side by side.
	text := "#!/bin/sh\nline=$(printf '%s|' \"$@\")\necho \"$line$IMON_EVENT $IMON_MONITOR\" >>" + calls + "\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	b := start(t, func(c lab.Config) {
		for _, monitor := range []string{"ddns", "updown", "ping"} {
			only(monitor)(c)
		}
		c.Set("global", "action", script).Set("failover", "primary-name", "p; touch /tmp/imon-owned")
		c.Set("updown", "dnsserver", "")
	}, lab.SNAT())
	seen := func() []string {
		text, _ := os.ReadFile(calls)
		return strings.Split(string(text), "\n")
	}
	await := func(want string) {
		t.Helper()
		b.until("a call "+want, func() bool {
			return slices.ContainsFunc(seen(), func(s string) bool { return strings.HasPrefix(s, want) })
		})
	}
	name := "p; touch /tmp/imon-owned"
	await("main|1|failover-initial|" + name + ":Primary:eth1:192.168.42.2|online|failover-initial failover")
	await("main|1|failover-initial|net62:Standby:eth2:192.168.62.2|online|")
	await("main|1|failover-primary|" + name + ":Primary:eth1:192.168.42.2|failover-primary failover")
	await("main|1|ddns-ip-update|" + b.Lab.Uplink(0).Global.String() + "|unknown|ddns-ip-update ddns")
	await("main|1|ping-result|1.1.1.1:True:")
	b.see(b.started, "Monitored IP 9.9.9.9 online")
	down := b.HostDown("9.9.9.9")
	at := b.inject(down)
	await("main|1|updown-offline|9.9.9.9|updown-offline updown")
	b.see(at, "Monitored IP 9.9.9.9 offline")
	b.restore(down)
	await("main|1|updown-online|9.9.9.9|0:0:0:")
	b.inject(b.CutISP(0))
	await("main|1|failover-standby|net62:Standby:eth2:192.168.62.2|failover-standby failover")
	b.inject(b.CutISP(1))
	await("main|1|failover-bothdown|" + name + ":Primary:eth1:192.168.42.2|net62:Standby:eth2:192.168.62.2|failover-bothdown failover")
	if _, err := os.Stat("/tmp/imon-owned"); err == nil {
		t.Error("a name reached a shell")
	}
	if strings.Contains(b.Text(), "Ping Result") {
		t.Error("ping results are logged although a script gets them")
	}
}
