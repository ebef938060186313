// Package quality judges how good a way or a target is that answers: loss, round-trip time
// and jitter over a sliding window, each with a threshold from which on it is bad and one
// below which it is good again.
package quality

import (
	"fmt"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
)

const (
	buckets   = 12 // of a window
	minProbes = 10 // sent within the window, before it says anything
)

// Sample is what a round measured; the zero Sample is nothing.
type Sample struct {
	Sent, Received int
	RTT            time.Duration // mean of the answers
	Jitter         time.Duration // mean |RTT(i)-RTT(i+1)|
}

// Window is what was measured in the last time: as many buckets of
// equal length as there are, so that its size does not depend on the interval. What
// it says is of between 11 and 12 twelfths of that time.
type Window [buckets]bucket

// bucket is what was measured in one twelfth of the window.
type bucket struct {
	slot           int64 // at ÷ length of a bucket
	sent, received int
	rtt, jitter    time.Duration // sums, weighted by what was received
}

// Add adds what a round has measured at that moment, to a window of that length.
func (w *Window) Add(at, length time.Duration, s Sample) {
	slot := slotOf(at, length)
	b := &w[slot%buckets]
	if b.slot != slot {
		*b = bucket{slot: slot}
	}
	n := time.Duration(s.Received)
	b.sent, b.received = b.sent+s.Sent, b.received+s.Received
	b.rtt, b.jitter = b.rtt+n*s.RTT, b.jitter+n*s.Jitter
}

// slotOf is never 0, which an empty bucket has.
func slotOf(at, length time.Duration) int64 { return int64(at/max(length/buckets, 1)) + 1 }

// figures are the means over a window.
type figures struct {
	sent        int
	loss        float64 // unanswered ÷ sent
	rtt, jitter time.Duration
}

// figures returns the means of what is not older than the window is long.
func (w *Window) figures(at, length time.Duration) figures {
	var sum bucket
	for _, b := range w {
		if b.slot > slotOf(at, length)-buckets {
			sum.sent, sum.received = sum.sent+b.sent, sum.received+b.received
			sum.rtt, sum.jitter = sum.rtt+b.rtt, sum.jitter+b.jitter
		}
	}
	if sum.sent == 0 {
		return figures{}
	}
	n := time.Duration(max(sum.received, 1))
	return figures{sum.sent, float64(sum.sent-sum.received) / float64(sum.sent), sum.rtt / n, sum.jitter / n}
}

// threshold is one figure, and from where on it is bad and below what good again.
type threshold struct {
	value, failure, recovery float64 // a failure of 0: it does not matter
	text                     string
}

// thresholds are what counts of f under q.
func thresholds(f figures, q config.Quality) []threshold {
	return []threshold{
		{f.loss, q.FailureLoss, q.RecoveryLoss, fmt.Sprintf("loss %.0f %%", 100*f.loss)},
		{float64(f.rtt), float64(q.FailureRTT), float64(q.RecoveryRTT), "RTT " + inMillis(f.rtt)},
		{float64(f.jitter), float64(q.FailureJitter), float64(q.RecoveryJitter), "jitter " + inMillis(f.jitter)},
	}
}

func inMillis(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

// weigh says whether any figure is at or above its failure threshold, and whether
// all are below their recovery thresholds; between is neither. A recovery threshold
// of 0 is the failure threshold.
func weigh(f figures, q config.Quality) (bad []string, good bool) {
	good = true
	for _, th := range thresholds(f, q) {
		recovery := th.recovery
		if recovery == 0 {
			recovery = th.failure
		}
		switch {
		case th.failure == 0:
		case th.value >= th.failure:
			bad, good = append(bad, th.text), false
		case th.value >= recovery:
			good = false
		}
	}
	return bad, good
}

// Judge says whether what was good or bad is bad now, by all that is in the window, and when it
// has become so, how bad. With fewer than ten probes in the window it is what it was.
func (w *Window) Judge(at time.Duration, q config.Quality, was bool) (is bool, why string) {
	f := w.figures(at, q.Window)
	if f.sent < minProbes {
		return was, ""
	}
	switch bad, good := weigh(f, q); {
	case len(bad) > 0 && !was:
		return true, strings.Join(bad, ", ") + fmt.Sprintf(" over %v", q.Window)
	case good:
		return false, ""
	}
	return was, ""
}
