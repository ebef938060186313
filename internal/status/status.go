// Package status keeps the last known state of every monitor, as one document,
// and the transitions that led there. It learns what it knows from events, and
// from the wiring which monitors there are; it asks nobody.
//
// What it keeps is bounded: one record per monitor and uplink, and a ring of
// the last [Transitions] transitions.
package status

import (
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Settings are what the wiring tells of one monitor.
type Settings struct {
	Monitor  string // one of the names in package event
	Enabled  bool
	Target   string
	Further  []string // more targets, of ping
	Interval time.Duration
	Uplinks  []Link // of the failover monitor: primary, standby
}

// Link is what is configured of one uplink.
type Link struct {
	Uplink event.Uplink
	Target string // "" for the gateway
}

// Store is a [event.Publisher] that remembers. Its methods may be called from
// any goroutine.
type Store struct {
	instance string
	start    time.Time

	mu       sync.Mutex
	monitors map[string]*monitor
	ring     ring
}

// New returns the store of an instance, which knows nothing yet.
func New(instance string) *Store {
	return &Store{instance: instance, start: time.Now(), monitors: make(map[string]*monitor)}
}

// Configure says which monitors there are now. One that watches something else
// than before, or is newly enabled, begins anew; the others keep what is known.
func (s *Store) Configure(all []Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range all {
		m := s.monitors[c.Monitor]
		if m == nil || !m.sameAs(c) {
			m = begin(c)
			s.monitors[c.Monitor] = m
		}
		m.settings = c
	}
}

// Publish takes note of e. It never blocks for longer than a copy takes.
func (s *Store) Publish(e event.Event) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == event.Message {
		return
	}
	if !e.Kind.IsResult() {
		s.ring.add(entry{at: now, event: e})
	}
	if m := s.monitors[e.Monitor]; m != nil {
		m.note(now, e)
	}
}

// Document returns what is known now of the monitor of that name, or of all
// when the name is empty. It is false when there is no such monitor.
func (s *Store) Document(name string) (Document, bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := Document{
		Version: Version, Instance: s.instance, Time: wall(now, now),
		Uptime: seconds(now.Sub(s.start)), Sequence: s.ring.last,
	}
	found := name == ""
	for n, m := range s.monitors {
		if name == "" || name == n {
			m.show(now, &d.Monitors)
			found = true
		}
	}
	return d, found
}

// wall is the time of day of at, reckoned back from now by the monotonic clock.
func wall(now, at time.Time) string {
	return now.Round(0).Add(-now.Sub(at)).Format(time.RFC3339)
}

// seconds is d in whole seconds.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// roleOf is the name of an uplink's role in documents.
func roleOf(u event.Uplink) string { return strings.ToLower(u.Role) }
