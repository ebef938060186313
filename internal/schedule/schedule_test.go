package schedule_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/schedule"
)

// A step of a day on the grid: how long a round took, with which period the
// next one is asked for, and when it starts, counted from the first point.
type round struct{ took, period, start time.Duration }

const ms = time.Millisecond

func TestGrid(t *testing.T) {
	for name, rounds := range map[string][]round{
		"rounds do not drift":           {{300 * ms, time.Second, time.Second}, {700 * ms, time.Second, 2 * time.Second}},
		"a round may fill its period":   {{time.Second, time.Second, time.Second}, {time.Second, time.Second, 2 * time.Second}},
		"missed points are skipped":     {{1100 * ms, time.Second, 2 * time.Second}, {3500 * ms, time.Second, 6 * time.Second}},
		"a late point is never made up": {{3000*ms + 1, time.Second, 4 * time.Second}, {0, time.Second, 5 * time.Second}},
		"the period may change": {
			{200 * ms, 10 * time.Second, 10 * time.Second}, {200 * ms, time.Second, 11 * time.Second},
			{200 * ms, 10 * time.Second, 21 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { play(t, rounds) })
		})
	}
}

func play(t *testing.T, rounds []round) {
	grid, first := schedule.NewGrid(), time.Now()
	for i, r := range rounds {
		time.Sleep(r.took)
		if err := grid.Wait(t.Context(), r.period); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(first); got != r.start {
			t.Errorf("round %d starts at %v, want %v", i+1, got, r.start)
		}
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		grid, first := schedule.NewGrid(), time.Now()
		if err := grid.Wait(ctx, time.Hour); err != context.DeadlineExceeded {
			t.Errorf("got error %v", err)
		}
		if got := time.Since(first); got != time.Second {
			t.Errorf("waited %v for a context that ended after 1s", got)
		}
		if grid.Wait(ctx, time.Nanosecond) == nil {
			t.Error("a point that is due hides a context that has ended")
		}
	})
}

func TestSpacing(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		count    int
		want     time.Duration
	}{
		{10 * time.Second, 2, 200 * ms},
		{time.Second, 2, 200 * ms},
		{time.Second, 5, 100 * ms},
		{500 * ms, 5, 50 * ms},
		{time.Second, 1000, 10 * ms},
		{time.Nanosecond, 1, 10 * ms},
		{time.Second, 0, 200 * ms},
	} {
		if got := schedule.Spacing(c.interval, c.count); got != c.want {
			t.Errorf("Spacing(%v, %d) = %v, want %v", c.interval, c.count, got, c.want)
		}
	}
}

func TestPeriodIsNeverAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grid, first := schedule.NewGrid(), time.Now()
		for range 10 {
			if err := grid.Wait(t.Context(), time.Nanosecond); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(first); took != 10*schedule.MinPeriod {
			t.Errorf("10 rounds took %v", took)
		}
	})
}
