package schedule

import (
	"slices"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	var got []time.Duration
	for n := range 9 {
		got = append(got, RetryAfter(n))
	}
	const h = time.Hour
	want := []time.Duration{10 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, h, h, h}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTellOfEachFailureThenOfOneADay(t *testing.T) {
	var told []int
	for n := 1; n < 60; n++ {
		if Tell(n) {
			told = append(told, n)
		}
	}
	if want := []int{1, 2, 3, 4, 5, 6, 30, 54}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}
