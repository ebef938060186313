package schedule_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/schedule"
)

// A check comes between two points, and the next point is where it was.
func TestWaitOrIsCutShortByACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grid, first, n := schedule.NewGrid(), time.Now(), schedule.NewNudge()
		time.AfterFunc(300*ms, n.Check)
		var starts []time.Duration
		for range 4 {
			if err := grid.WaitOr(t.Context(), time.Second, n); err != nil {
				t.Fatal(err)
			}
			starts = append(starts, time.Since(first))
			if len(starts) == 2 { // while a round is made, and twice
				n.Check()
				n.Check()
				time.Sleep(100 * ms)
			}
		}
		want := []time.Duration{300 * ms, time.Second, 1100 * ms, 2 * time.Second}
		for i := range want {
			if starts[i] != want[i] {
				t.Errorf("rounds start at %v, want %v", starts, want)
				break
			}
		}
	})
}

func TestCheckOfTheZeroNudgeDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n schedule.Nudge
		n.Check()
		grid, first := schedule.NewGrid(), time.Now()
		if err := grid.WaitOr(t.Context(), time.Second, n); err != nil || time.Since(first) != time.Second {
			t.Errorf("waited %v (%v)", time.Since(first), err)
		}
	})
}
