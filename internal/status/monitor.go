package status

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// condition is a state and since when.
type condition struct {
	state  string
	at     time.Time
	reason string
	outage outage
}

// outage is the last one that is over.
type outage struct {
	at     time.Time // of its end; zero for none
	length time.Duration
}

// set notes a state; one that is the same as before keeps its age.
func (c *condition) set(now time.Time, online bool, reason string) {
	state := Offline
	if online {
		state, reason = Online, ""
	}
	if c.state == Offline && online {
		c.outage = outage{now, now.Sub(c.at)}
	}
	if state != c.state {
		c.state, c.at = state, now
	}
	c.reason = reason
}

// result is the last round.
type result struct {
	at    time.Time
	event event.Event
}

// monitor is what is kept of one monitor.
type monitor struct {
	settings       Settings
	rounds, events int64
	condition
	result

	ddns      event.Event // the last one with an address
	addresses []result    // of each external address
	active    string
	forced    string
	uplinks   []link
	targets   []target // of ping
}

// target is what is kept of one target of ping.
type target struct {
	name string
	condition
	result
	degraded string // how bad it is
}

// link is what is kept of one uplink.
type link struct {
	condition
	result
	seen     event.Uplink
	degraded string // how bad it is
}

// begin is a monitor of which nothing is known.
func begin(c Settings) *monitor {
	m := &monitor{settings: c, condition: condition{state: Unknown}}
	for _, u := range c.Uplinks {
		m.uplinks = append(m.uplinks, link{condition: condition{state: Unknown}, seen: u.Uplink})
	}
	if c.Monitor == event.Ping {
		for _, name := range append([]string{c.Target}, c.Further...) {
			m.targets = append(m.targets, target{name: name, condition: condition{state: Unknown}})
		}
	}
	return m
}

// sameAs reports whether what is known holds under the settings c, too.
func (m *monitor) sameAs(c Settings) bool {
	old := m.settings
	old.Interval = c.Interval
	return reflect.DeepEqual(old, c)
}

// note takes note of e.
func (m *monitor) note(now time.Time, e event.Event) {
	if e.Kind.IsResult() {
		m.noteResult(now, e)
		return
	}
	m.events++
	switch e.Kind {
	case event.UpdownInitial:
		m.set(now, e.Online, e.Text)
	case event.UpdownOnline:
		m.set(now, true, "")
	case event.UpdownOffline, event.DDNSNoUpdate:
		m.set(now, false, e.Text)
	case event.PingDegraded, event.PingRecovered:
		if t := m.target(e.Target); t != nil {
			t.degraded = e.Text
		}
	case event.DDNSUpdate:
		m.ddns = e
		m.set(now, true, "")
	default:
		m.noteFailover(now, e)
	}
}

// noteResult takes note of a round.
func (m *monitor) noteResult(now time.Time, e event.Event) {
	r := result{now, e}
	if e.Kind == event.FailoverResult {
		if u := m.uplink(e.Uplink); u != nil {
			u.seen, u.result = e.Uplink, r
		}
		if roleOf(e.Uplink) == "primary" { // one of two results of the same round
			m.rounds++
		}
		return
	}
	if e.Kind == event.PingResult {
		m.notePing(r)
		return
	}
	m.rounds++
	m.result = r
	switch e.Kind {
	case event.DDNSResult:
		if e.Address.IsValid() {
			m.ddns = e
		}
		m.noteAddress(r)
		m.set(now, e.Online, e.Text)
	}
}

// notePing takes note of a round to one target.
func (m *monitor) notePing(r result) {
	e := r.event
	if t := m.target(e.Target); t != nil {
		t.result = r
		t.set(r.at, e.Round.Alive(), e.Text)
	}
	if e.Target == m.settings.Target { // one of several results of the same round
		m.rounds++
		m.result = r
		m.set(r.at, e.Round.Alive(), e.Text)
	}
}

// target is the one of that name, or nil.
func (m *monitor) target(name string) *target {
	for i := range m.targets {
		if m.targets[i].name == name {
			return &m.targets[i]
		}
	}
	return nil
}

// noteAddress takes note of how one external address stands. They are in the order of
// the uplinks, which is that of the words for them.
func (m *monitor) noteAddress(r result) {
	i, known := slices.BinarySearchFunc(m.addresses, r.event.Uplink.Role, func(a result, role string) int {
		return strings.Compare(a.event.Uplink.Role, role)
	})
	if known {
		m.addresses[i] = r
		return
	}
	m.addresses = slices.Insert(m.addresses, i, r)
}

// noteFailover takes note of an event of the failover monitor.
func (m *monitor) noteFailover(now time.Time, e event.Event) {
	switch e.Kind {
	case event.FailoverInitial:
		m.noteUplink(now, e, e.Online)
	case event.FailoverUplinkOnline:
		m.noteUplink(now, e, true)
	case event.FailoverUplinkOffline:
		m.noteUplink(now, e, false)
	case event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink:
		m.active = roleOf(e.Uplink)
		m.set(now, true, "")
	case event.FailoverBothDown:
		m.active = ""
		m.set(now, false, "no uplink is online")
	case event.FailoverDegraded, event.FailoverRecovered:
		if u := m.uplink(e.Uplink); u != nil {
			u.degraded = e.Text
		}
	case event.FailoverForced:
		m.forced = roleOf(e.Uplink)
	}
}

func (m *monitor) noteUplink(now time.Time, e event.Event, online bool) {
	u := m.uplink(e.Uplink)
	if u == nil {
		return
	}
	e.Uplink.Address, u.degraded = cmp.Or(e.Uplink.Address, u.seen.Address), ""
	u.seen = e.Uplink
	u.set(now, online, e.Text)
}

// uplink is the one of the same role, or nil.
func (m *monitor) uplink(seen event.Uplink) *link {
	for i := range m.uplinks {
		if m.uplinks[i].seen.Role == seen.Role {
			return &m.uplinks[i]
		}
	}
	return nil
}
