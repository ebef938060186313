package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/ejgeiger/imon/internal/lab"
)

// six are the default routes of the router's main table for IPv6.
func (b *bench) six(args ...string) string {
	b.t.Helper()
	out, err := b.Router.Run(append([]string{"-6", "route", "show", "default"}, args...)...)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// via6 waits for the only IPv6 default route of imon.
func (b *bench) via6(want string) {
	b.t.Helper()
	b.until("the IPv6 default is "+want, func() bool {
		lines := strings.Split(b.six("proto", "105"), "\n")
		return len(lines) == 1 && strings.HasPrefix(lines[0], want)
	})
}

// advertise makes the default route that a provider's advertisement would.
func (b *bench) advertise(i int) (gateway string) {
	b.t.Helper()
	out, err := b.ISPs[i].Run("-6", "-o", "addr", "show", "dev", "lan", "scope", "link")
	if err != nil {
		b.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(out, "inet6 ")
	gateway, _, _ = strings.Cut(rest, "/")
	_, err = b.Router.Run("-6", "route", "add", "default", "via", gateway, "dev", b.Uplink(i).Interface, "proto", "ra", "metric", fmt.Sprint(1024+i))
	if err != nil {
		b.t.Fatal(err)
	}
	return gateway
}

// Both families in one instance: gateways are link-local and learned, the IPv6
// default follows its uplinks, and is unreachable while none works.
func TestIPv6DefaultFollowsItsUplinks(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) {
		c.Set("failover", "family", "both").Set("failover", "withdraw-when-down", true)
	})
	first, second := b.advertise(0), b.advertise(1)
	advertised := b.six("proto", "ra")
	b.run()
	b.via6("default via " + first + " dev eth1")
	b.via(0)
	cut := b.CutISP(0)
	b.inject(cut)
	b.via6("default via " + second + " dev eth2")
	b.via(1)
	other := b.CutISP(1)
	b.inject(other)
	b.via6("unreachable default dev lo")
	b.restore(other)
	b.via6("default via " + second + " dev eth2")
	b.restore(cut)
	b.via6("default via " + first + " dev eth1")
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code after SIGTERM: %d", code)
	}
	b.via6("default via " + first + " dev eth1")
	if got := b.six("proto", "ra"); got != advertised {
		t.Errorf("what was advertised was %q and is %q", advertised, got)
	}
	if rules, err := b.Router.Run("-6", "rule"); err != nil || strings.Contains(rules, "735") {
		t.Errorf("rules left behind (%v):\n%s", err, rules)
	}
}

// An instance that stops while nothing works leaves no unreachable default.
func TestIPv6BarrierGoesWithTheProcess(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) {
		c.Set("failover", "family", "6").Set("failover", "withdraw-when-down", true)
	})
	b.advertise(0)
	b.advertise(1)
	b.run()
	b.until("there is a default", func() bool { return strings.Contains(b.six("proto", "105"), "dev eth1") })
	b.inject(b.AllDown())
	b.via6("unreachable default dev lo")
	b.stop(syscall.SIGTERM)
	if got := b.six("proto", "105"); got != "" {
		t.Errorf("left behind: %s", got)
	}
}
