package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// Lines of imon that steps wait for.
const (
	toStandby = "Network Failover Standby Route net62 (eth2) is active"
	toPrimary = "Network Failover Primary Route net42 (eth1) is active"
	bothDown  = "Both Primary and Standby Networks are offline"
)

// Bounds on what the LAN may notice. They are wide enough for a busy machine.
const (
	byKernel = 800 * time.Millisecond // the kernel tells imon of it
	byProbe  = 4 * time.Second        // only silence tells: a round has to fail
	planned  = 200 * time.Millisecond // nothing is broken when the route moves
)

// host is watched by updown.
const host = "93.184.215.14"

// walk is all steps in order.
func walk(l *lab.Lab, p *player) []step {
	steps := []step{start()}
	for _, f := range []struct {
		fault lab.Fault
		gap   time.Duration
	}{
		{l.CutISP(0), byKernel},
		{l.CutRouter(0), byKernel},
		{l.Blackhole(0), byProbe},
		{l.GatewayDead(0), byProbe},
		{l.Removed(0), byKernel},
	} {
		steps = append(steps, fail(f.fault, f.gap), back(f.fault))
	}
	steps = append(steps, calm(l, p)...)
	steps = append(steps, address(l)...)
	steps = append(steps, names(l)...)
	steps = append(steps, dark(l)...)
	return append(steps, finish(p))
}

// start is the way from nothing to a LAN with internet.
func start() step {
	return step{
		title: "imon starts; no default route before", do: func() error { return nil }, route: "eth1",
		lines: []string{toPrimary, "Monitored IP " + host + " online", "External IP Address changed from unknown to 5.9.1.2",
			"ddns-ip-update: 5.9.1.2 unknown"},
	}
}

// fail is a fault of the primary that makes imon use the standby.
func fail(f lab.Fault, gap time.Duration) step {
	return step{title: f.Name, do: f.Inject, lines: []string{toStandby}, route: "eth2", gap: gap}
}

// back is the end of that fault: the primary is preferred.
func back(f lab.Fault) step {
	return step{title: "  restored", do: f.Restore, lines: []string{toPrimary}, route: "eth1", gap: planned}
}

// calm are faults that imon must sit out.
func calm(l *lab.Lab, p *player) []step {
	loss := l.Loss(0, 20)
	return []step{
		{title: loss.Name + ": no switch", do: loss.Inject, route: "eth1", calm: 4, lossy: true,
			also: knows(p, "5.9.1.2")},
		{title: "  restored", do: loss.Restore, route: "eth1"},
	}
}

// address are the faults of addresses and routes.
func address(l *lab.Lab) []step {
	renumbered, external, foreign := l.Renumber(0), l.ExternalChanged(0), l.ForeignDefault(1, 50)
	return []step{
		{title: renumbered.Name, do: renumbered.Inject, route: "eth1", calm: 2, gap: byKernel, also: probes(l)},
		{title: "  restored", do: renumbered.Restore, route: "eth1", calm: 2, gap: byKernel, also: probes(l)},
		{title: external.Name, do: external.Inject, route: "eth1", gap: byKernel,
			lines: []string{"External IP Address changed from 5.9.1.2 to 5.9.1.77", "ddns-ip-update: 5.9.1.77 5.9.1.2"}},
		{title: "  restored", do: external.Restore, route: "eth1", gap: byKernel,
			lines: []string{"External IP Address changed from 5.9.1.77 to 5.9.1.2", "ddns-ip-update: 5.9.1.2 5.9.1.77"}},
		{title: l.DefaultDeleted().Name, do: l.DefaultDeleted().Inject, route: "eth1", gap: byKernel,
			lines: []string{"Default route of Primary Network net42 (eth1) had been removed; put back"}},
		{title: foreign.Name, do: foreign.Inject, route: "eth1 and eth2", gap: planned,
			lines: []string{"Another default route wins over imon's"}},
		{title: "  deleted", do: foreign.Restore, route: "eth1", gap: planned},
	}
}

// knows is the condition that an address is the last external one in imon's log.
func knows(p *player, address string) []condition {
	return []condition{{"external address " + address, func() bool {
		last := ""
		for _, line := range p.imon.Lines() {
			if strings.Contains(line.Text, "External IP Address changed from ") {
				last = line.Text
			}
		}
		return strings.HasSuffix(last, " to "+address)
	}}}
}

// probes is the condition that imon probes line 1 by the address that it has now.
func probes(l *lab.Lab) []condition {
	return []condition{{"probes from the router's new address", func() bool {
		rules, err := l.Router.Run("rule")
		return err == nil && strings.Contains(rules, "from "+l.Uplink(0).Address.Addr().String()+" ")
	}}}
}

// names are a host that keeps silent, once with and once without name servers
// that contradict.
func names(l *lab.Lab) []step {
	silent, dns := l.HostDown(host), l.DNSDown()
	return []step{
		{title: silent.Name + ": refuted by DNS", do: silent.Inject, route: "eth1", gap: planned,
			lines: []string{"Offline of " + host + " refuted by DNS query of 'example.com' on DNS server '8.8.8.8'"}},
		{title: dns.Name + " too: not refuted", do: dns.Inject, route: "eth1", gap: planned,
			lines: []string{"Monitored IP " + host + " offline", "updown-offline: " + host + " is offline"}},
		{title: "  both restored", do: func() error { return errors.Join(dns.Restore(), silent.Restore()) }, route: "eth1", gap: planned,
			lines: []string{"Monitored IP " + host + " online", "Outage Duration: 0 days 0 hours, 0 minutes", "updown-online: " + host}},
	}
}

// dark is the loss of both uplinks.
func dark(l *lab.Lab) []step {
	down := l.AllDown()
	return []step{
		{title: down.Name, do: down.Inject, route: "eth1", dark: true,
			lines: []string{bothDown, "failover-bothdown: ", "Monitored IP " + host + " offline"}},
		{title: "  both restored", do: down.Restore, route: "eth1", lines: []string{toPrimary, "Monitored IP " + host + " online"}},
	}
}

// finish is the end of imon: an upgrade must not cut the line.
func finish(p *player) step {
	return step{title: "imon is told to end; the route stays", route: "eth1", gap: planned, last: true, do: func() error {
		if err := p.imon.Signal(syscall.SIGTERM); err != nil {
			return fmt.Errorf("cannot end imon: %w", err)
		}
		return ended(p)
	}}
}
