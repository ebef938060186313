package probe

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestStats(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		name string
		sent int
		rtts []time.Duration
		want Stats
	}{
		{"nothing planned", 0, nil, Stats{Loss: 1}},
		{"nothing answered", 2, nil, Stats{Loss: 1}},
		{"one of one", 1, []time.Duration{3 * ms}, Stats{3 * ms, 3 * ms, 3 * ms, 0, 0}},
		{"one of two", 2, []time.Duration{3 * ms}, Stats{3 * ms, 3 * ms, 3 * ms, 0, 0.5}},
		{"two of three", 3, []time.Duration{4 * ms, 1 * ms}, Stats{1 * ms, 2500 * time.Microsecond, 4 * ms, 3 * ms, 1 - 2.0/3}},
		{"jitter both ways", 4, []time.Duration{1 * ms, 5 * ms, 2 * ms, 2 * ms},
			Stats{1 * ms, 2500 * time.Microsecond, 5 * ms, 7 * ms / 3, 0}},
		{"more answers than requests", 1, []time.Duration{ms, ms}, Stats{ms, ms, ms, 0, 0}},
	}
	for _, test := range tests {
		got := Result{Sent: test.sent, RTTs: test.rtts}.Stats()
		if math.Abs(got.Loss-test.want.Loss) > 1e-9 {
			t.Errorf("%s: loss %v, want %v", test.name, got.Loss, test.want.Loss)
		}
		got.Loss = test.want.Loss
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestResultSaysWhy(t *testing.T) {
	tests := []struct {
		result  Result
		alive   bool
		unknown bool
		reason  string
	}{
		{Result{Sent: 1}, false, false, "no answer"},
		{Result{Sent: 1, RTTs: []time.Duration{1}, Err: ErrLocal}, true, false, ""},
		{Result{Sent: 1, Err: local(errors.New("no files"))}, false, true, "cannot probe: no files"},
		{Result{Sent: 1, Err: ErrNoRoute}, false, false, "no route"},
	}
	for _, test := range tests {
		r := test.result
		if r.Alive() != test.alive || r.Unknown() != test.unknown || r.Reason() != test.reason {
			t.Errorf("%+v: alive %v, unknown %v, reason %q", r, r.Alive(), r.Unknown(), r.Reason())
		}
	}
}
