package main

import (
	"testing"

	"github.com/ejgeiger/imon/internal/lab"
)

// Several hosts are measured by one monitor, and one that loses packets is degraded until it
// does not any more.
func TestPingDegraded(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("ping", "enable", true).Set("ping", "monitorip", "8.8.8.8").Set("ping", "addping", "1.1.1.1").Set("ping", "interval", 0.1)
		c.Set("ping", "quality-window", 2).Set("ping", "failure-loss", 15).Set("ping", "recovery-loss", 5).Set("ping", "pingwait", 0.1)
	})
	for _, target := range []string{"8.8.8.8", "1.1.1.1"} {
		b.see(b.started, "Ping Result: IP:"+target+" State:True")
	}
	host := b.HostDown("8.8.8.8")
	at := b.inject(host)
	b.see(at, "Ping target 8.8.8.8 is degraded: loss ")
	b.see(at, "Ping Result: IP:1.1.1.1 State:True")
	b.restore(host)
	b.see(at, "Ping target 8.8.8.8 is not degraded any more")
	b.never("Ping target 1.1.1.1 is degraded")
}
