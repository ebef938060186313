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
