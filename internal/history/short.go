package history

import (
	"math/bits"
	"time"
)

// short is a time in 16 bits: in steps of 64 ns below 131 µs, and within 0.1 % from there
// to 137 s, where it ends. Shorts are in the order of their times.
type short uint16

const (
	unit     = 6  // 64 ns, as a power of two
	mantissa = 11 // bits
)

func shorten(d time.Duration) short {
	n := uint32(min(max(d>>unit, 0), 1<<31-1))
	e := max(bits.Len32(n)-mantissa, 0)
	return short(e<<mantissa | int(n>>e))
}

// duration is the middle of what d may have been.
func (s short) duration() time.Duration {
	e := s >> mantissa
	return ((time.Duration(s&(1<<mantissa-1)) << e) + (1<<e)>>1) << unit
}

// histogram counts times, in buckets that are 6 % wide at most, for percentiles that are
// within 3 %.
type histogram [buckets]uint32

const (
	coarse  = 6 // bits that tell times of one bucket apart
	buckets = (31-mantissa+1)<<(mantissa-coarse) + 1<<(mantissa-coarse)
)

func (h *histogram) add(d time.Duration) { h[shorten(d)>>coarse]++ }

// percentile is the time below which p of all are, 0 < p ≤ 1, by nearest rank; 0 for none.
func (h *histogram) percentile(p float64) time.Duration {
	var all, below uint32
	for _, n := range h {
		all += n
	}
	for i, n := range h {
		if below += n; n > 0 && float64(below) >= p*float64(all) {
			return ((short(i) << coarse) + 1<<(coarse-1)).duration()
		}
	}
	return 0
}
