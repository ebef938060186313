package sink

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// numbers is a queue of numbers of which the negative ones are periodic.
func numbers(limit, stale int) *queue[int] {
	return newQueue(limit, stale, func(n int) bool { return n < 0 })
}

func drained(q *queue[int]) (out []int) {
	for {
		n, ok := q.take()
		if !ok {
			return out
		}
		out = append(out, n)
	}
}

func TestQueueDropsWhatIsMissedLeast(t *testing.T) {
	for _, c := range []struct {
		name         string
		limit, stale int
		in, out      []int
		lost         int
	}{
		{"in order", 3, 3, []int{1, -1, 2}, []int{1, -1, 2}, 0},
		{"the oldest periodic first", 3, 3, []int{1, -1, -2, 2}, []int{1, -2, 2}, 1},
		{"then the oldest", 3, 3, []int{1, 2, 3, 4, 5}, []int{3, 4, 5}, 2},
		{"a periodic one itself when no other waits", 3, 3, []int{1, 2, 3, -1}, []int{1, 2, 3}, 1},
		{"superseded", 9, 2, []int{-1, 1, -2, 2, -3, -4}, []int{1, 2, -3, -4}, 2},
		{"superseded and full", 3, 1, []int{-1, 1, -2, 2, 3}, []int{1, 2, 3}, 2},
	} {
		q := numbers(c.limit, c.stale)
		for _, n := range c.in {
			q.put(n)
		}
		if lost := q.takeLost(); lost != c.lost || q.takeLost() != 0 || q.dropped() != uint64(c.lost) {
			t.Errorf("%s: %d lost, want %d, and then none", c.name, lost, c.lost)
		}
		if diff := cmp.Diff(c.out, drained(q)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestQueueDiscard(t *testing.T) {
	q := numbers(2, 2)
	for n := range 5 {
		q.put(n)
	}
	if n := q.discard(); n != 5 {
		t.Errorf("discarded %d, want 5: those that wait and those lost before", n)
	}
	if n := q.discard(); n != 0 {
		t.Errorf("discarded %d of an empty queue", n)
	}
}

func TestQueueNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := numbers(9, 9)
		ctx, cancel := context.WithCancel(t.Context())
		var got []int
		ended := false
		go func() {
			for {
				n, ok := q.next(ctx)
				if !ok {
					ended = true
					return
				}
				got = append(got, n)
			}
		}()
		for n := range 3 {
			synctest.Wait()
			q.put(n)
		}
		synctest.Wait()
		if diff := cmp.Diff([]int{0, 1, 2}, got); diff != "" || ended {
			t.Errorf("ended %v:\n%s", ended, diff)
		}
		cancel()
		synctest.Wait()
		if !ended {
			t.Error("next does not return when its context ends")
		}
	})
}

func TestQueueNextGivesWhatIsLeftAfterTheEnd(t *testing.T) {
	q := numbers(9, 9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q.put(1)
	if n, ok := q.next(ctx); n != 1 || !ok {
		t.Errorf("got %d, %v", n, ok)
	}
	if _, ok := q.next(ctx); ok {
		t.Error("got something from an empty queue")
	}
}

// FuzzQueue puts and takes as the bytes say: 0 takes, odd bytes are periodic.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{2, 3, 4, 0, 5, 7, 9, 0, 0, 2}, uint8(3), uint8(1))
	f.Add([]byte{1, 1, 1, 1, 2, 2, 2, 2}, uint8(2), uint8(0))
	f.Fuzz(func(t *testing.T, ops []byte, limit, stale uint8) {
		q := numbers(int(limit%16)+1, int(stale%8))
		put, taken, last := 0, 0, 0
		for _, op := range ops {
			if op != 0 {
				put++
				q.put(put * (1 - 2*int(op%2)))
			} else if n, ok := q.take(); ok {
				taken++
				last = mustRise(t, last, n)
			}
			if len(q.items) > q.limit || q.waiting() > q.stale {
				t.Fatalf("too much waits: %v (limit %d, stale %d)", q.items, q.limit, q.stale)
			}
		}
		for _, n := range drained(q) {
			taken++
			last = mustRise(t, last, n)
		}
		if lost := q.takeLost(); put != taken+lost {
			t.Fatalf("%d put, %d taken, %d lost", put, taken, lost)
		}
	})
}

// mustRise fails when n was put before last was.
func mustRise(t *testing.T, last, n int) int {
	t.Helper()
	if n = max(n, -n); n <= last {
		t.Fatalf("%d comes after %d", n, last)
	}
	return n
}

func FuzzQueueNeverLosesAnEventForAPing(f *testing.F) {
	f.Add([]byte{2, 3, 3, 3, 2, 3})
	f.Fuzz(func(t *testing.T, ops []byte) {
		q, events := numbers(8, 2), 0
		for i, op := range ops {
			if op%2 == 0 {
				events++
			}
			q.put((i + 1) * (1 - 2*int(op%2)))
		}
		kept := 0
		for _, n := range drained(q) {
			if n > 0 {
				kept++
			}
		}
		if kept != min(events, 8) {
			t.Fatalf("%d of %d events kept", kept, events)
		}
	})
}
