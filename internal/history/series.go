package history

import (
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// How many entries there are of each resolution: 50 kB a series.
const (
	rounds  = 300
	minutes = 24 * 60
	hours   = 31 * 24
)

// tick is the unit of an entry's time; 2^32 of them are 497 days.
const tick = 10 * time.Millisecond

// lost is the loss of an entry of which nothing was received.
const lost = 1<<16 - 1

// entry is one round, minute or hour.
type entry struct {
	at                              uint32 // ticks since the start, modulo 2^32
	sent                            uint16 // no more than 65535 are told
	loss                            uint16 // of lost
	min, avg, max, p50, p95, jitter short
}

// ring holds the last entries, oldest first from next.
type ring struct {
	entries []entry
	next    int
	most    int
}

func (r *ring) add(e entry) {
	if n := len(r.entries); n < r.most {
		if n == cap(r.entries) { // append would take up to twice as much
			r.entries = append(make([]entry, 0, min(n+n/8+16, r.most)), r.entries...)
		}
		r.entries = append(r.entries, e)
		return
	}
	r.entries[r.next] = e
	r.next = (r.next + 1) % r.most
}

// all are the entries in their order.
func (r *ring) all() []entry { return slices.Concat(r.entries[r.next:], r.entries[:r.next]) }

// span is a minute or an hour that is not over.
type span struct {
	length         time.Duration
	number         int64 // counted from the start
	sent, received int64
	min, max       time.Duration
	sum, jitter    time.Duration // of all that were received
	histogram      *histogram
	done           ring
}

// add takes one round that ended so long after the start.
func (s *span) add(at time.Duration, r event.Round) {
	if n := int64(at / s.length); n != s.number {
		s.end()
		s.number = n
	}
	s.sent, s.received = s.sent+int64(r.Sent), s.received+int64(r.Received)
	if r.Received == 0 {
		return
	}
	if s.max == 0 || r.Min < s.min {
		s.min = r.Min
	}
	s.max = max(s.max, r.Max)
	s.sum += r.Avg * time.Duration(r.Received)
	s.jitter += r.Jitter * time.Duration(r.Received)
	if s.histogram == nil {
		s.histogram = new(histogram)
	}
	for _, rtt := range r.RTTs {
		s.histogram.add(rtt)
	}
}

// end puts what there is into the ring, and begins anew.
func (s *span) end() {
	if s.sent == 0 {
		return
	}
	s.done.add(s.entry())
	if s.histogram != nil {
		*s.histogram = histogram{}
	}
	s.sent, s.received, s.min, s.max, s.sum, s.jitter = 0, 0, 0, 0, 0, 0
}

// entry is the span so far.
func (s *span) entry() entry {
	e := entry{at: uint32(s.number * int64(s.length/tick)), sent: uint16(min(s.sent, 1<<16-1)), loss: lost}
	if s.received == 0 {
		return e
	}
	n := time.Duration(s.received)
	e.loss = lossOf(s.sent, s.received)
	e.min, e.avg, e.max, e.jitter = shorten(s.min), shorten(s.sum/n), shorten(s.max), shorten(s.jitter/n)
	e.p50, e.p95 = within(s.histogram.percentile(0.5), e), within(s.histogram.percentile(0.95), e)
	return e
}

// within keeps a percentile, which is about right, between the extremes.
func within(d time.Duration, e entry) short { return min(max(shorten(d), e.min), e.max) }

// all are the entries of the ring and the one that is not over.
func (s *span) all() []entry {
	entries := s.done.all()
	if s.sent > 0 {
		entries = append(entries, s.entry())
	}
	return entries
}

// lossOf is the share that was lost; it is not whole when something was received.
func lossOf(sent, received int64) uint16 {
	return uint16(min((sent-min(received, sent))*lost/max(sent, 1), lost-1))
}

// series is what one target has answered.
type series struct {
	key
	target       string // asked last
	heard        time.Duration
	round        ring
	minute, hour span
}

func newSeries(k key) *series {
	return &series{
		key: k, round: ring{most: rounds},
		minute: span{length: time.Minute, done: ring{most: minutes}},
		hour:   span{length: time.Hour, done: ring{most: hours}},
	}
}

// add takes one round that ended so long after the start.
func (s *series) add(at time.Duration, r event.Round) {
	s.heard = at
	e := entry{at: uint32(at / tick), sent: uint16(min(r.Sent, 1<<16-1)), loss: lost}
	if r.Received > 0 {
		e.loss = lossOf(int64(r.Sent), int64(r.Received))
		e.min, e.avg, e.max, e.jitter = shorten(r.Min), shorten(r.Avg), shorten(r.Max), shorten(r.Jitter)
		e.p50, e.p95 = shorten(percentile(r.RTTs, 0.5)), shorten(percentile(r.RTTs, 0.95))
	}
	s.round.add(e)
	s.minute.add(at, r)
	s.hour.add(at, r)
}

// percentile is that of all times, by nearest rank; 0 for none.
func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	for i, d := range sorted {
		if float64(i+1) >= p*float64(len(sorted)) {
			return d
		}
	}
	return sorted[len(sorted)-1]
}
