// Package schedule says when the next round of a monitor is due, and how its
// requests are spread.
package schedule

import (
	"context"
	"time"
)

// MinPeriod is the shortest time from round to round, whatever is asked for:
// more often would be a flood.
const MinPeriod = 10 * time.Millisecond

// Bounds of what [Spacing] returns.
const (
	MinSpacing = 10 * time.Millisecond
	MaxSpacing = 200 * time.Millisecond
)

// Grid hands out points in time that lie whole periods apart, whatever happens
// between them: rounds do not drift, and a round that took too long costs the
// points that it missed instead of being followed by a burst. It reads the
// monotonic clock only. A Grid belongs to one goroutine.
type Grid struct {
	last time.Time // the point that was handed out last
}

// NewGrid returns a grid whose first point is now.
func NewGrid() *Grid { return &Grid{last: time.Now()} }

// Next returns the first point that is not past and lies a whole number of
// periods after the last one, and makes it the last one. The period is at
// least [MinPeriod] and may be another one each time: it counts from the last point.
func (g *Grid) Next(period time.Duration) time.Time {
	period = max(period, MinPeriod)
	late := time.Since(g.last.Add(period))
	if late > 0 {
		g.last = g.last.Add((late + period - 1) / period * period)
	}
	g.last = g.last.Add(period)
	return g.last
}

// Wait sleeps until [Grid.Next]. When ctx is done first, or already, it
// returns the error of ctx.
func (g *Grid) Wait(ctx context.Context, period time.Duration) error {
	return g.WaitOr(ctx, period, Nudge{})
}

// WaitOr is Wait that also returns when somebody asks for a check. Such a round
// lies between the points of the grid and leaves them where they are.
func (g *Grid) WaitOr(ctx context.Context, period time.Duration, n Nudge) error {
	last := g.last
	timer := time.NewTimer(time.Until(g.Next(period)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-n.wanted:
		g.last = last
	}
	return ctx.Err()
}

// Nudge is how somebody else asks a monitor for a round before it is due. The
// zero Nudge is never asked; make others with [NewNudge].
type Nudge struct{ wanted chan struct{} }

// NewNudge returns a Nudge that nobody has asked yet.
func NewNudge() Nudge { return Nudge{make(chan struct{}, 1)} }

// Check asks for a round now, or for one directly after the one that is being
// made. It never blocks and may be called from any goroutine.
func (n Nudge) Check() {
	select {
	case n.wanted <- struct{}{}:
	default:
	}
}

// Wanted is told when somebody asks.
func (n Nudge) Wanted() <-chan struct{} { return n.wanted }

// Spacing is the time from one request of a round to the next, between
// [MinSpacing] and [MaxSpacing]: short enough for the last of count requests to
// leave in the first half of the interval, where MinSpacing allows that.
func Spacing(interval time.Duration, count int) time.Duration {
	return min(max(interval/time.Duration(2*max(count, 1)), MinSpacing), MaxSpacing)
}
