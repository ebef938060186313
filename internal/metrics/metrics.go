// Package metrics counts what happens and writes it, with the state, in the text format of
// Prometheus, version 0.0.4. The names follow its conventions: base units, _total for what
// only grows. What it counts begins at 0 with the process.
//
// A series belongs to a target or an uplink of the configuration; there are [Most] of them
// at most, which take 300 bytes each.
package metrics

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Most is how many series there are. More targets than that are not counted, but for the
// event counters, which have no target.
const Most = 512

// bounds are the upper bounds of the buckets of round-trip times, in seconds.
func bounds() []float64 {
	return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}
}

// Store is a [event.Publisher] that counts. Its methods may be called from any goroutine.
type Store struct {
	start time.Time

	mu       sync.Mutex
	series   map[key]*series
	events   map[string]uint64    // by name
	switches map[[2]string]uint64 // by monitor and role
	changes  map[string]uint64    // of an external address, by monitor
	polled   map[string]time.Time // when an external address was confirmed last, by monitor
}

// key tells series apart.
type key struct{ monitor, target, uplink, iface string }

// series is what is counted of one target or uplink.
type series struct {
	rounds, sent, received uint64
	buckets                []uint64 // of round-trip times, the last one for all above
	sum                    time.Duration
	last                   event.Round
	asked                  bool // last is of a round in which somebody was asked

	outages uint64
	offline time.Duration // of those that are over
	since   time.Time     // of the one that is not; zero for none
}

// New returns a store that has counted nothing.
func New() *Store {
	return &Store{
		start: time.Now(), series: make(map[key]*series), events: make(map[string]uint64), switches: make(map[[2]string]uint64),
		changes: make(map[string]uint64), polled: make(map[string]time.Time),
	}
}

// Publish counts e.
func (s *Store) Publish(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind != event.Message && (!e.Kind.IsResult() || e.Kind == event.PingResult) {
		s.events[e.Name()]++
	}
	switch e.Kind {
	case event.PingResult, event.UpdownResult:
		s.of(key{monitor: e.Monitor, target: e.Target}).round(e)
	case event.FailoverResult:
		s.of(uplink(e)).round(e)
	case event.UpdownInitial:
		s.of(key{monitor: e.Monitor, target: e.Target}).set(e.Online)
	case event.UpdownOnline, event.UpdownOffline:
		s.of(key{monitor: e.Monitor, target: e.Target}).set(e.Kind == event.UpdownOnline)
	case event.FailoverInitial:
		s.of(uplink(e)).set(e.Online)
	case event.FailoverUplinkOnline, event.FailoverUplinkOffline:
		s.of(uplink(e)).set(e.Kind == event.FailoverUplinkOnline)
	case event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink:
		s.switches[[2]string{e.Monitor, strings.ToLower(e.Uplink.Role)}]++
	case event.DDNSUpdate:
		s.changes[e.Monitor]++
	case event.DDNSResult:
		if e.Online {
			s.polled[e.Monitor] = time.Now()
		}
	}
}

// uplink is the key of the uplink of e.
func uplink(e event.Event) key {
	return key{monitor: e.Monitor, uplink: strings.ToLower(e.Uplink.Role), iface: e.Uplink.Interface}
}

// of is the series of k; one that nobody sees when there is no room.
func (s *Store) of(k key) *series {
	one := s.series[k]
	if one == nil {
		one = &series{buckets: make([]uint64, len(bounds())+1)}
		if len(s.series) < Most {
			s.series[k] = one
		}
	}
	return one
}

// round counts the result of a round. Without anybody to ask it is none.
func (s *series) round(e event.Event) {
	s.rounds++
	s.last, s.asked = e.Round, e.Round.Sent > 0
	s.sent, s.received = s.sent+uint64(e.Round.Sent), s.received+uint64(e.Round.Received)
	for _, rtt := range e.Round.RTTs {
		i, _ := slices.BinarySearch(bounds(), rtt.Seconds())
		s.buckets[i]++
		s.sum += rtt
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

// outage is for how long it was offline in all.
func (s *series) outage() time.Duration {
	if s.since.IsZero() {
		return s.offline
	}
	return s.offline + time.Since(s.since)
}

// keys are those of the series in their order.
func (s *Store) keys() []key {
	all := make([]key, 0, len(s.series))
	for k := range s.series {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b key) int {
		return cmp.Or(strings.Compare(a.monitor, b.monitor), strings.Compare(a.uplink, b.uplink), strings.Compare(a.target, b.target), strings.Compare(a.iface, b.iface))
	})
	return all
}
