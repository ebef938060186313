package probe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// twoLeft is a round of two requests that left at 0 and 10 ms; its time is over
// at 110 ms.
func twoLeft() *round {
	rd := newRound(EchoRequest{Count: 2, Spacing: 10 * time.Millisecond, Wait: 100 * time.Millisecond}, addr("192.0.2.1"))
	rd.left()
	time.Sleep(10 * time.Millisecond)
	rd.left()
	return rd
}

func TestRoundCountsEachAnswerOnceAndInTime(t *testing.T) {
	ms := time.Millisecond
	type answer struct {
		after time.Duration
		seq   int
	}
	tests := []struct {
		name    string
		answers []answer
		want    []time.Duration
		settled bool
	}{
		{"in order", []answer{{5 * ms, 0}, {5 * ms, 1}}, []time.Duration{15 * ms, 10 * ms}, true},
		{"out of order", []answer{{5 * ms, 1}, {5 * ms, 0}}, []time.Duration{20 * ms, 5 * ms}, true},
		{"twice", []answer{{5 * ms, 0}, {5 * ms, 0}}, []time.Duration{15 * ms}, false},
		{"never asked", []answer{{5 * ms, 2}, {0, -1}, {0, 65535}}, nil, false},
		{"at the last moment", []answer{{100 * ms, 1}}, []time.Duration{100 * ms}, false},
		{"too late", []answer{{100*ms + 1, 1}}, nil, false},
		{"after the end", []answer{{0, 0}, {ms, 1}, {ms, 0}}, []time.Duration{10 * ms, ms}, true},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			rd := twoLeft()
			for _, a := range test.answers {
				time.Sleep(a.after)
				rd.answered(a.seq, 0)
			}
			settled := false
			select {
			case <-rd.settled:
				settled = true
			default:
			}
			got, err := rd.close(t.Context())
			if err != nil || len(got) != len(test.want) || settled != test.settled {
				t.Fatalf("%s: %v, %v, settled %v", test.name, got, err, settled)
			}
			for i, want := range test.want {
				if got[i] != max(want, 1) {
					t.Errorf("%s: %v, want %v", test.name, got, test.want)
				}
			}
		})
	}
}

func TestRoundKeepsTheFirstReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := errors.New("first")
		rd := twoLeft()
		rd.stop(first)
		rd.stop(errors.New("second"))
		if _, err := rd.close(t.Context()); err != first {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		rd = twoLeft()
		rd.stop(nil) // pro-bing may notice the end of the context before Ping does
		if _, err := rd.close(ctx); !errors.Is(err, ErrLocal) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		rd = twoLeft()
		rd.answered(0, 0)
		rd.answered(1, 0)
		if _, err := rd.close(ctx); err != nil {
			t.Errorf("complete before the context ended: %v", err)
		}
	})
}

// The wall clock refines the monotonic figure and never overrules it.
func TestRoundTripByTwoClocks(t *testing.T) {
	cases := []struct {
		name                  string
		monotonic, wall, want time.Duration
	}{
		{"answer during the sending", 3 * time.Microsecond, 40 * time.Microsecond, 40 * time.Microsecond},
		{"far away", 20 * time.Millisecond, 20*time.Millisecond + 30*time.Microsecond, 20*time.Millisecond + 30*time.Microsecond},
		{"clock stepped forward", 20 * time.Millisecond, time.Hour, 20 * time.Millisecond},
		{"clock stepped back", 20 * time.Millisecond, -time.Hour, 20 * time.Millisecond},
		{"never zero, which means unanswered", 0, 0, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := roundTrip(c.monotonic, c.wall); got != c.want {
				t.Errorf("roundTrip(%v, %v) = %v, want %v", c.monotonic, c.wall, got, c.want)
			}
		})
	}
}
