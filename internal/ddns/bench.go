package ddns

import (
	"errors"
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/probe"
)

// The first pause of a source that failed, and the longest, which is also that of
// one that does not want to be asked.
const (
	firstPause   = time.Minute
	longestPause = time.Hour
)

// bench is where a source sits that failed. It is asked again when its time is over,
// or when nobody else is left to ask, unless it is barred.
type bench struct {
	until  time.Duration // on the monotonic clock
	pause  time.Duration // how long it sits this time; 0 when it answered last
	barred bool          // it does not want to be asked
}

func (b bench) free(now time.Duration) bool { return now >= b.until }

// next is the source to ask now: of the kind that costs least, or of another kind
// while there is one whose word is to confirm what was said; in turn; not one that
// was asked in this poll, and not the one that was asked last while another is off
// the bench. Of a kind of which enough have failed in this poll nobody is asked.
func (s state) next(r rules, now time.Duration) int {
	again, seated := nobody, nobody
	for _, p := range s.order(r) {
		b := s.bench[p]
		switch {
		case b.free(now) && p != s.last:
			return p
		case b.free(now):
			again = p
		case seated == nobody && !b.barred:
			seated = p
		}
	}
	if again != nobody {
		return again
	}
	return seated
}

// order is whom this poll may ask yet, the one who is best asked first.
func (s state) order(r rules) (all []int) {
	kinds := []int{byDNS, byHTTP, byCommand}
	if len(s.answers()) > 0 {
		tried := func(kind int) bool {
			return slices.ContainsFunc(s.reply, func(p reply) bool { return r.sources[p.source].kind() == kind })
		}
		slices.SortStableFunc(kinds, func(a, b int) int { return rank(tried(a)) - rank(tried(b)) })
	}
	for _, kind := range kinds {
		if s.failures(r, kind) >= enough {
			continue
		}
		for i := range r.sources {
			p := (s.turns[kind] + 1 + i) % len(r.sources)
			if r.sources[p].kind() == kind && !slices.ContainsFunc(s.reply, func(r reply) bool { return r.source == p }) {
				all = append(all, p)
			}
		}
	}
	return all
}

func rank(later bool) int {
	if later {
		return 1
	}
	return 0
}

// failures is how many of a kind have failed in this poll.
func (s state) failures(r rules, kind int) (n int) {
	for _, p := range s.reply {
		if p.err != nil && r.sources[p.source].kind() == kind {
			n++
		}
	}
	return n
}

// sendOff puts a source that failed on the bench, each time for twice as long, and
// one that does not want to be asked for as long as can be. It has not failed when
// this machine could not ask.
func (s state) sendOff(source int, now time.Duration, err error) state {
	if errors.Is(err, probe.ErrNoRoute) || errors.Is(err, probe.ErrLocal) {
		return s
	}
	s.bench = slices.Clone(s.bench)
	b := &s.bench[source]
	b.pause = min(max(firstPause, 2*b.pause), longestPause)
	if b.barred = errors.Is(err, probe.ErrBarred); b.barred {
		b.pause = longestPause
	}
	b.until = now + b.pause
	return s
}

// welcome takes a source that answered off the bench. When all of them sat there,
// the fault was not theirs but the line's, and all are free again but those that do
// not want to be asked.
func (s state) welcome(source int, now time.Duration) state {
	all := !slices.ContainsFunc(s.bench, func(b bench) bool { return b.free(now) })
	if !all && s.bench[source] == (bench{}) {
		return s
	}
	s.bench = slices.Clone(s.bench)
	s.bench[source] = bench{}
	if all {
		return s.amnesty()
	}
	return s
}

// amnesty frees all that do not mind to be asked.
func (s state) amnesty() state {
	s.bench = slices.Clone(s.bench)
	for i, b := range s.bench {
		if !b.barred {
			s.bench[i] = bench{}
		}
	}
	return s
}
