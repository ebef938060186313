package failover

import (
	"fmt"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
)

const (
	buckets   = 12 // of a window
	minProbes = 10 // sent within the window, before it says anything
)

// window is what was measured of one uplink in the last time: as many buckets of
// equal length as there are, so that its size does not depend on the interval. What
// it says is of between 11 and 12 twelfths of that time.
type window [buckets]bucket

// bucket is what was measured in one twelfth of the window.
type bucket struct {
	slot           int64 // at ÷ length of a bucket
	sent, received int
	rtt, jitter    time.Duration // sums, weighted by what was received
}

// add adds what a round has measured.
func (w *window) add(at, length time.Duration, s sample) {
	slot := slotOf(at, length)
	b := &w[slot%buckets]
	if b.slot != slot {
		*b = bucket{slot: slot}
	}
	n := time.Duration(s.received)
	b.sent, b.received = b.sent+s.sent, b.received+s.received
	b.rtt, b.jitter = b.rtt+n*s.rtt, b.jitter+n*s.jitter
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
func (w *window) figures(at, length time.Duration) figures {
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

// assess adds what a round has measured of uplink i, and says when the uplink is
// degraded by now, or is no longer.
func (t *turn) assess(i int, s sample) {
	u, q := &t.uplinks[i], t.cfg.Quality
	if !q.Measured() || s.sent == 0 {
		return
	}
	u.window.add(t.at, q.Window, s)
	f := u.window.figures(t.at, q.Window)
	if f.sent < minProbes || u.verdict != online {
		return
	}
	switch bad, good := weigh(f, q); {
	case len(bad) > 0 && !u.degraded:
		u.degraded = true
		t.relapse(i)
		t.emit(event.Event{Kind: event.FailoverDegraded, Uplink: t.describe(i), Text: strings.Join(bad, ", ") + fmt.Sprintf(" over %v", q.Window)})
	case good && u.degraded:
		u.degraded = false
		t.recover(i)
		t.emit(event.Event{Kind: event.FailoverRecovered, Uplink: t.describe(i)})
	}
}

// forget drops what was measured of uplink i: it is about another way.
func (u *knowledge) forget() { u.window, u.degraded = window{}, false }
