package status

import (
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Transitions is how many transitions are remembered.
const Transitions = 200

// Transition is one event that was more than the result of a round.
type Transition struct {
	Sequence int64         // counts from 1 since the start, without gaps
	Age      time.Duration // by the monotonic clock
	Event    event.Event
}

// entry is a transition as it is kept.
type entry struct {
	at    time.Time
	event event.Event
}

// ring holds the last entries. Entry number n, counted from 1, is at (n-1)
// modulo Transitions.
type ring struct {
	entries []entry
	last    int64
	more    chan struct{} // closed at the next one; nil while nobody waits
}

func (r *ring) add(e entry) {
	if len(r.entries) < Transitions {
		r.entries = append(r.entries, e)
	} else {
		r.entries[r.last%Transitions] = e
	}
	r.last++
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// Recent returns the transitions after number since, oldest first, but no more
// than the newest limit of them when limit is positive. At most [Transitions]
// are remembered: a first Sequence above since+1 says that some were missed.
func (s *Store) Recent(since int64, limit int) []Transition {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	from := max(since, s.ring.last-int64(len(s.ring.entries)), 0)
	if limit > 0 {
		from = max(from, s.ring.last-int64(limit))
	}
	var found []Transition
	for n := from; n < s.ring.last; n++ {
		e := s.ring.entries[n%Transitions]
		found = append(found, Transition{n + 1, now.Sub(e.at), e.event})
	}
	return found
}

// Next returns a channel that is closed at the next transition. Who asks for it before
// he asks for the recent ones misses none.
func (s *Store) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring.more == nil {
		s.ring.more = make(chan struct{})
	}
	return s.ring.more
}

// Last returns the sequence number of the newest transition, 0 when there is
// none. After a restart of the process it begins anew.
func (s *Store) Last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ring.last
}
