// Package metrics counts what happens and writes it, with the state, in the text format of
// Prometheus, version 0.0.4. The names follow its conventions: base units, _total for what
// only grows. What it counts begins at 0 with the process.
//
// A series belongs to a target or an uplink of the configuration, so that their number is
// bounded by that: what is told of anything else is not counted.
package metrics

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

// Store is a [event.Publisher] that counts. Its methods may be called from any goroutine.
type Store struct {
	mu     sync.Mutex
	begun  moment
	series []*series         // in the order of the monitors
	events map[string]uint64 // by name
}

// key tells series apart. The series of a whole monitor has nothing else.
type key struct{ monitor, target, uplink string }

// series is what is counted of one target, one uplink or one monitor as a whole.
type series struct {
	key
	asked string // what an uplink asks, as configured
	iface string // of an uplink

	rtt            histogram
	sent, received uint64

	outages  uint64
	offline  time.Duration // of the outages that are over
	since    time.Time     // of the one that is not; zero for none
	switches uint64        // to this uplink
	active   string        // of a failover monitor: the uplink that has the route

	updates uint64 // of an external address
	success moment // when that was known last
}

// New returns a store that has counted nothing.
func New() *Store {
	return &Store{begun: moment{at: time.Now()}, events: make(map[string]uint64)}
}

// Configure says which monitors there are now. What is counted of those that stay goes on,
// what is not there any more is forgotten.
func (s *Store) Configure(all []status.Settings) {
	var next []*series
	for _, c := range all {
		if c.Enabled {
			next = append(next, seriesOf(c)...)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, one := range next {
		if old := s.find(one.key); old != nil && old.iface == one.iface {
			old.asked = one.asked
			next[i] = old
		}
	}
	s.series = next
}

// seriesOf are the series of a monitor: its own, and one for each target or uplink.
func seriesOf(c status.Settings) []*series {
	all := []*series{{key: key{monitor: c.Monitor}}}
	for _, target := range append([]string{c.Target}, c.Further...) {
		if target != "" {
			all = append(all, &series{key: key{monitor: c.Monitor, target: target}, asked: target})
		}
	}
	for _, u := range c.Uplinks {
		all = append(all, &series{key: uplinkKey(c.Monitor, u.Uplink), asked: u.Target, iface: u.Uplink.Interface})
	}
	return all
}

func uplinkKey(monitor string, u event.Uplink) key {
	return key{monitor: monitor, uplink: strings.ToLower(u.Role)}
}

// find returns the series of k, or nil.
func (s *Store) find(k key) *series {
	i := slices.IndexFunc(s.series, func(one *series) bool { return one.key == k })
	if i < 0 {
		return nil
	}
	return s.series[i]
}

// of is the series of k, or one that nobody will see.
func (s *Store) of(k key) *series {
	if one := s.find(k); one != nil {
		return one
	}
	return &series{}
}

// Publish counts e.
func (s *Store) Publish(e event.Event) {
	if e.Kind == event.Message {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[e.Name()]++
	host := s.of(key{monitor: e.Monitor, target: e.Target})
	switch e.Kind {
	case event.PingResult, event.UpdownResult:
		host.round(e.Round)
	case event.UpdownInitial:
		host.set(e.Online)
	case event.UpdownOnline, event.UpdownOffline:
		host.set(e.Kind == event.UpdownOnline)
	case event.DDNSUpdate:
		s.of(key{monitor: e.Monitor}).updates++
	case event.DDNSResult:
		if e.Online {
			s.of(key{monitor: e.Monitor}).success = moment{at: time.Now()}
		}
	default:
		s.failover(e)
	}
}

// failover counts an event of the failover monitor.
func (s *Store) failover(e event.Event) {
	whole, uplink := s.of(key{monitor: e.Monitor}), s.of(uplinkKey(e.Monitor, e.Uplink))
	switch e.Kind {
	case event.FailoverResult:
		uplink.round(e.Round)
	case event.FailoverInitial:
		uplink.set(e.Online)
	case event.FailoverUplinkOnline, event.FailoverUplinkOffline:
		uplink.set(e.Kind == event.FailoverUplinkOnline)
	case event.FailoverBothDown:
		whole.set(false)
	case event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink:
		whole.set(true)
		if whole.active != "" && whole.active != uplink.uplink && !e.DryRun {
			uplink.switches++
		}
		whole.active = uplink.uplink
	}
}

// round counts the result of a round.
func (s *series) round(r event.Round) {
	s.sent += uint64(r.Sent)
	s.received += uint64(r.Received)
	for _, rtt := range r.RTTs {
		s.rtt.observe(rtt)
	}
}

// set notes that an outage begins or ends.
func (s *series) set(online bool) {
	switch {
	case online && !s.since.IsZero():
		s.offline += time.Since(s.since)
		s.since = time.Time{}
	case !online && s.since.IsZero():
		s.outages++
		s.since = time.Now()
	}
}

// outage is for how long it was offline in all, until now.
func (s *series) outage() time.Duration {
	if s.since.IsZero() {
		return s.offline
	}
	return s.offline + time.Since(s.since)
}

// labels are those of a series, with those of uplinks.
func (s *series) labels() []string {
	return []string{"monitor", s.monitor, "target", s.asked, "uplink", s.uplink, "interface", s.iface}
}

// moment is a point in time that may be older than a clock that was set since, as that
// of a router is soon after it has booted.
type moment struct {
	at    time.Time
	shown time.Time // by the wall clock; keeps its value unless the clock is set
}

// unix is the moment in seconds since 1970, by the clock of now.
func (m *moment) unix() float64 {
	shown := time.Now().Round(0).Add(-time.Since(m.at))
	if d := shown.Sub(m.shown); d < -time.Second || d > time.Second {
		m.shown = shown
	}
	return float64(m.shown.UnixMilli()) / 1000
}
