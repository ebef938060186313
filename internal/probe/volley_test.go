package probe

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// replies says what becomes of question number: after the time there is an answer,
// or the error.
type replies func(number int) (time.Duration, error)

// never is longer than any round.
const never = time.Hour

// fly runs a volley of count questions, 100 ms apart, with 500 ms for the last one,
// and returns its result, how many questions were put and how long it took.
func fly(t *testing.T, count int, oneWillDo bool, say replies) (r Result, asked int, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := volley{request: EchoRequest{Count: count, Spacing: 100 * time.Millisecond, Wait: 500 * time.Millisecond}, oneWillDo: oneWillDo}
		next := make(chan int, count)
		for i := range count {
			next <- i
		}
		start := time.Now()
		v.run(t.Context(), func(ctx context.Context) (time.Duration, error) {
			after, err := say(<-next)
			if !pause(ctx, after) {
				return 0, errSilent
			}
			return after, err
		})
		r, asked, took = v.result(Result{Sent: count}), v.asked, time.Since(start)
	})
	return r, asked, took
}

func TestVolley(t *testing.T) {
	ms := time.Millisecond
	refused, busy := errors.New("refused"), errors.New("busy")
	tests := []struct {
		name      string
		count     int
		oneWillDo bool
		say       replies
		rtts      []time.Duration
		sent      int
		err       error
		took      time.Duration
	}{
		{"all", 3, false, func(int) (time.Duration, error) { return 20 * ms, nil },
			[]time.Duration{20 * ms, 20 * ms, 20 * ms}, 3, nil, 220 * ms},
		{"overtaken", 2, false, func(n int) (time.Duration, error) { return []time.Duration{300 * ms, 10 * ms}[n], nil },
			[]time.Duration{300 * ms, 10 * ms}, 2, nil, 300 * ms},
		{"none", 3, false, func(int) (time.Duration, error) { return never, nil }, nil, 3, nil, 700 * ms},
		{"all refused", 3, false, func(int) (time.Duration, error) { return 10 * ms, refused }, nil, 3, refused, 210 * ms},
		{"two reasons", 2, false, func(n int) (time.Duration, error) { return 10 * ms, []error{busy, refused}[n] },
			nil, 2, busy, 110 * ms},
		{"one refused", 2, false, func(n int) (time.Duration, error) { return 10 * ms, []error{refused, nil}[n] },
			[]time.Duration{10 * ms}, 2, refused, 110 * ms},
		{"too late", 1, false, func(int) (time.Duration, error) { return 501 * ms, nil }, nil, 1, nil, 500 * ms},
		{"one will do", 5, true, func(int) (time.Duration, error) { return 10 * ms, nil },
			[]time.Duration{10 * ms}, 1, nil, 10 * ms},
		{"the third will do", 5, true, func(n int) (time.Duration, error) {
			return []time.Duration{never, 10 * ms, 10 * ms}[n], []error{nil, busy, nil}[n]
		}, []time.Duration{10 * ms}, 2, busy, 210 * ms},
		{"none will do", 2, true, func(int) (time.Duration, error) { return 10 * ms, busy }, nil, 2, busy, 110 * ms},
		{"at once is not unanswered", 1, false, func(int) (time.Duration, error) { return 0, nil },
			[]time.Duration{1}, 1, nil, 0},
	}
	for _, test := range tests {
		r, _, took := fly(t, test.count, test.oneWillDo, test.say)
		if !slices.Equal(r.RTTs, test.rtts) || r.Sent != test.sent || r.Err != test.err || took != test.took {
			t.Errorf("%s: %+v after %v", test.name, r, took)
		}
	}
}

// TestVolleyBoundsItsSockets asks more than may be open at the same time.
func TestVolleyBoundsItsSockets(t *testing.T) {
	r, asked, _ := fly(t, 40, false, func(int) (time.Duration, error) { return never, nil })
	if asked != maxOpen || r.Sent != 40 {
		t.Errorf("asked %d, %+v", asked, r)
	}
	r, asked, took := fly(t, 40, false, func(int) (time.Duration, error) { return 2030 * time.Millisecond, nil })
	if asked != 36 || len(r.RTTs) != 20 || took != 4400*time.Millisecond {
		t.Errorf("asked %d, %d answers after %v", asked, len(r.RTTs), took)
	}
}

// TestVolleyTakesTheLastMoment has the answer and the end of the time come together.
func TestVolleyTakesTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := volley{request: EchoRequest{Count: 1, Wait: time.Second}}
		v.run(t.Context(), func(ctx context.Context) (time.Duration, error) {
			<-ctx.Done()
			return time.Second, nil
		})
		if r := v.result(Result{Sent: 1}); len(r.RTTs) != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestVolleyOutlivesAPanic(t *testing.T) {
	r, _, _ := fly(t, 1, false, func(int) (time.Duration, error) { panic("broken") })
	if want := "cannot probe: panic: broken"; !r.Unknown() || r.Reason() != want {
		t.Errorf("%+v", r)
	}
}

func TestVolleyCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(150*time.Millisecond, cancel)
		v := volley{request: EchoRequest{Count: 3, Spacing: 100 * time.Millisecond, Wait: time.Hour}}
		start := time.Now()
		v.run(ctx, func(ctx context.Context) (time.Duration, error) {
			pause(ctx, never)
			return 0, errSilent
		})
		if r := v.result(Result{Sent: 3}); !r.Unknown() || !errors.Is(r.Err, context.Canceled) || r.Sent != 3 {
			t.Errorf("%+v", r)
		}
		if took := time.Since(start); took != 150*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}
