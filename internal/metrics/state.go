package metrics

import (
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

func isFailover(monitor string) bool { return monitor == event.Failover || monitor == event.Failover6 }
func isDDNS(monitor string) bool     { return monitor == event.DDNS || monitor == event.DDNS6 }

// monitors are the states of the monitors.
func (p *page) monitors(d status.Document) {
	p.head("imon_up", gauge, "1 while the monitor is online, 0 while it is offline; not there while nothing is known.")
	for _, m := range d.Monitors.All() {
		if m.Enabled && m.State != status.Unknown {
			p.sample("imon_up", bit(m.State == status.Online), "monitor", m.Name, "target", m.Target)
		}
	}
}

// path is an uplink with its monitor.
type path struct {
	monitor  string
	failover *status.Failover
	status.Uplink
}

// paths are the uplinks of the monitors that are enabled.
func paths(d status.Document) (all []path) {
	for _, m := range d.Monitors.All() {
		f := d.Monitors.FailoverOf(m.Name)
		if f == nil || !f.Enabled {
			continue
		}
		for _, u := range f.Uplinks {
			all = append(all, path{m.Name, f, u})
		}
	}
	return all
}

// uplinks are the states of the uplinks.
func (p *page) uplinks(d status.Document) {
	for _, metric := range []struct {
		name, help string
		value      func(path) bool
	}{
		{"imon_uplink_online", "1 while the uplink is online, 0 while it is offline; not there while nothing is known.",
			func(u path) bool { return u.State == status.Online }},
		{"imon_uplink_active", "1 for the uplink that has the default route.",
			func(u path) bool { return u.Role == u.failover.Active }},
		{"imon_uplink_degraded", "1 while the uplink is online, but bad.",
			func(u path) bool { return u.Degraded != "" }},
		{"imon_uplink_forced", "1 for the uplink that somebody has asked for by hand.",
			func(u path) bool { return u.Role == u.failover.Forced }},
	} {
		p.head(metric.name, gauge, metric.help)
		for _, u := range paths(d) {
			if u.State != status.Unknown {
				p.sample(metric.name, bit(metric.value(u)), "monitor", u.monitor, "uplink", u.Role, "interface", u.Interface, "name", u.Name)
			}
		}
	}
}

// lastRounds are the last rounds in which somebody was asked.
func lastRounds(d status.Document) map[key]*status.Result {
	all := make(map[key]*status.Result)
	add := func(k key, r *status.Result) {
		if r != nil && r.Sent > 0 {
			all[k] = r
		}
	}
	for _, m := range d.Monitors.All() {
		add(key{monitor: m.Name, target: m.Target}, m.Last)
	}
	for _, u := range paths(d) {
		add(key{monitor: u.monitor, uplink: u.Role}, u.Last)
	}
	return all
}

// addresses are the external addresses, and how far their delivery is.
func (p *page) addresses(d status.Document) {
	const info = "imon_ddns_address_info"
	p.head(info, gauge, "The external address that is known; always 1.")
	for _, m := range []struct {
		name string
		ddns *status.DDNS
	}{{event.DDNS, d.Monitors.DDNS}, {event.DDNS6, d.Monitors.DDNS6}} {
		if m.ddns == nil || !m.ddns.Enabled {
			continue
		}
		for _, a := range m.ddns.Addresses {
			if a.Address != "" {
				p.sample(info, 1, "monitor", m.name, "uplink", a.Uplink, "address", a.Address)
			}
		}
	}
	if d.Monitors.DDNS != nil {
		p.deliveries(d.Monitors.DDNS.Deliveries)
	}
}

// deliveries are how far the names are.
func (p *page) deliveries(all []status.Delivery) {
	labels := func(d status.Delivery) []string { return []string{"hostname", d.Hostname, "uplink", d.Uplink} }
	p.head("imon_ddns_delivery_failures", gauge, "Tries in a row that did not bring the external address to the name server.")
	for _, d := range all {
		p.sample("imon_ddns_delivery_failures", float64(d.Failures), labels(d)...)
	}
	const delivered = "imon_ddns_delivery_last_success_timestamp_seconds"
	p.head(delivered, gauge, "When the external address was delivered last, in seconds since 1970.")
	for _, d := range all {
		if at, err := time.Parse(time.RFC3339, d.Time); err == nil {
			p.sample(delivered, float64(at.Unix()), labels(d)...)
		}
	}
}
