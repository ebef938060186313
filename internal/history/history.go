// Package history keeps how targets have answered, at three resolutions: the last 300
// rounds, each minute of a day, and each hour of 31 days. It learns that from the results
// of the monitors.
//
// It is in memory alone and bounded: an entry is 20 bytes, so that a series takes 47 kB
// after a day and 65 kB after 31 days, with the histograms of its percentiles, and there are [Most] series
// at most. Round-trip times are kept within 0.1 %, percentiles of a minute or an hour
// within 3 %.
package history

import (
	"slices"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Most is how many series are kept. With more targets than that the first ones have one.
const Most = 16

// forgotten is after how long without a result a series goes: nobody asks that target
// any more.
const forgotten = 24 * time.Hour

// key tells series apart. What an uplink's targets have answered is one series,
// whatever they are.
type key struct {
	monitor string
	target  string // "" for an uplink
	uplink  event.Uplink
}

// Store is a [event.Publisher] that remembers results. Its methods may be called from
// any goroutine.
type Store struct {
	instance string
	start    time.Time

	mu     sync.Mutex
	series []*series
}

// New returns the store of an instance, which knows nothing yet.
func New(instance string) *Store { return &Store{instance: instance, start: time.Now()} }

// Publish takes note of a result of a round in which somebody was asked.
func (s *Store) Publish(e event.Event) {
	k := key{monitor: e.Monitor, target: e.Target}
	switch e.Kind {
	case event.PingResult, event.UpdownResult:
	case event.FailoverResult:
		k.target, k.uplink = "", event.Uplink{Role: e.Uplink.Role, Name: e.Uplink.Name, Interface: e.Uplink.Interface}
	default:
		return
	}
	if e.Round.Sent == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Since(s.start)
	if one := s.of(k, at); one != nil {
		one.target = e.Target
		one.add(at, e.Round)
	}
}

// of is the series of k; nil when there is no room for one.
func (s *Store) of(k key, at time.Duration) *series {
	for _, one := range s.series {
		if one.key == k {
			return one
		}
	}
	s.series = slices.DeleteFunc(s.series, func(one *series) bool { return at-one.heard > forgotten })
	if len(s.series) == Most {
		return nil
	}
	one := newSeries(k)
	s.series = append(s.series, one)
	return one
}
