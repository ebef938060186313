package status

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// show writes what is known of m to its place.
func (m *monitor) show(now time.Time, to *Monitors) {
	common := m.common(now)
	switch m.settings.Monitor {
	case event.DDNS, event.DDNS6:
		d := &DDNS{Monitor: common, Address: text(m.ddns.Address), Source: m.ddns.Source}
		for _, r := range m.addresses {
			d.Addresses = append(d.Addresses, r.address(now))
		}
		switch {
		case m.settings.Monitor == event.DDNS:
			to.DDNS = d
		case m.settings.Enabled:
			to.DDNS6 = d
		}
	case event.Updown:
		to.Updown = &common
	case event.Ping:
		to.Ping = &Ping{Monitor: common}
		for i := range m.targets {
			to.Ping.Targets = append(to.Ping.Targets, m.targets[i].show(now))
		}
	case event.Failover, event.Failover6:
		f := &Failover{Monitor: common, Active: m.active, Forced: cmp.Or(m.forced, Auto)}
		for i := range m.uplinks {
			f.Uplinks = append(f.Uplinks, m.uplinks[i].show(now, m.settings.Uplinks[i].Target))
		}
		switch {
		case m.settings.Monitor == event.Failover:
			to.Failover = f
		case m.settings.Enabled:
			to.Failover6 = f
		}
	}
}

// common is what all monitors have.
func (m *monitor) common(now time.Time) Monitor {
	since, age := m.since(now)
	return Monitor{
		Enabled: m.settings.Enabled, State: m.state, Since: since, Age: age, Reason: m.reason,
		Target: m.settings.Target, Interval: Decimal(m.settings.Interval.Seconds()),
		Rounds: m.rounds, Events: m.events, Last: m.result.show(now), Outage: m.outage.show(now),
	}
}

func (t *target) show(now time.Time) Target {
	since, age := t.since(now)
	return Target{
		Target: t.name, State: t.state, Since: since, Age: age, Reason: t.reason, Degraded: t.degraded,
		Last: t.result.show(now), Outage: t.outage.show(now),
	}
}

func (u *link) show(now time.Time, target string) Uplink {
	since, age := u.since(now)
	return Uplink{
		Role: roleOf(u.seen), Name: u.seen.Name, Interface: u.seen.Interface, Device: u.seen.Link,
		Gateway: text(u.seen.Gateway), Address: text(u.seen.Address), Target: cmp.Or(target, text(u.seen.Gateway)),
		State: u.state, Since: since, Age: age, Reason: u.reason, Degraded: u.degraded, Last: u.result.show(now), Outage: u.outage.show(now),
	}
}

// since is when the state began, and its age in seconds.
func (c condition) since(now time.Time) (string, int64) {
	if c.at.IsZero() {
		return "", 0
	}
	return wall(now, c.at), seconds(now.Sub(c.at))
}

func (o outage) show(now time.Time) *Outage {
	if o.at.IsZero() {
		return nil
	}
	return &Outage{wall(now, o.at), seconds(now.Sub(o.at)), seconds(o.length)}
}

func (r result) show(now time.Time) *Result {
	if r.at.IsZero() {
		return nil
	}
	e := r.event
	online := e.Online
	if e.Kind == event.PingResult {
		online = e.Round.Alive()
	}
	out := &Result{
		Time: wall(now, r.at), Age: seconds(now.Sub(r.at)), Online: online,
		Sent: int64(e.Round.Sent), Received: int64(e.Round.Received), Loss: Decimal(e.Round.Loss), Reason: e.Text,
	}
	if e.Round.Alive() {
		out.RTT = &RTT{millis(e.Round.Min), millis(e.Round.Avg), millis(e.Round.Max), millis(e.Round.Jitter)}
	}
	return out
}

func millis(d time.Duration) Decimal { return Decimal(float64(d) / float64(time.Millisecond)) }

// text is an address, or nothing when there is none.
func text(a netip.Addr) string {
	if !a.IsValid() || a.IsUnspecified() {
		return ""
	}
	return a.String()
}
