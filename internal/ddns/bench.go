package ddns

import (
	"slices"
	"time"
)

// The first pause of a provider that failed, and the longest.
const (
	firstPause   = time.Minute
	longestPause = time.Hour
)

// bench is where a provider sits that failed. It is asked again when its time
// is over, or when nobody else is left to ask.
type bench struct {
	until time.Duration // on the monotonic clock
	pause time.Duration // how long it sits this time; 0 when it answered last
}

// next is the provider to ask now, in turn: not one that was asked in this
// poll, and not the one that was asked last while another is off the bench.
func (s state) next(now time.Duration) int {
	seated := nobody
	for i := range s.bench {
		p := (s.last + 1 + i) % len(s.bench)
		switch {
		case slices.ContainsFunc(s.replies, func(r reply) bool { return r.provider == p }):
		case s.bench[p].free(now):
			return p
		case seated == nobody:
			seated = p
		}
	}
	return seated
}

func (b bench) free(now time.Duration) bool { return now >= b.until }

// sendOff puts a provider that failed on the bench, each time for twice as long.
func (s state) sendOff(provider int, now time.Duration) state {
	s.bench = slices.Clone(s.bench)
	b := &s.bench[provider]
	b.pause = min(max(firstPause, 2*b.pause), longestPause)
	b.until = now + b.pause
	return s
}

// welcome takes a provider that answered off the bench. When all of them sat
// there, the fault was not theirs but the line's, and all are free again.
func (s state) welcome(provider int, now time.Duration) state {
	all := !slices.ContainsFunc(s.bench, func(b bench) bool { return b.free(now) })
	switch {
	case all:
		s.bench = make([]bench, len(s.bench))
	case s.bench[provider] != bench{}:
		s.bench = slices.Clone(s.bench)
		s.bench[provider] = bench{}
	}
	return s
}
