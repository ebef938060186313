package sink

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// numbers is a queue of numbers of which the negative ones are periodic; those with
// the same last digit have the same topic.
func numbers(limit int) *queue[int] {
	return newQueue(limit, func(n int) bool { return n < 0 }, topicOf)
}

func topicOf(n int) string { return strconv.Itoa(n % 10) }

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
		name    string
		limit   int
		in, out []int
		lost    int
	}{
		{"in order", 3, []int{1, -1, 2}, []int{1, -1, 2}, 0},
		{"the oldest periodic first", 3, []int{1, -1, -2, 2}, []int{1, -2, 2}, 1},
		{"then the oldest", 3, []int{1, 2, 3, 4, 5}, []int{3, 4, 5}, 2},
		{"a periodic one itself when no other waits", 3, []int{1, 2, 3, -1}, []int{1, 2, 3}, 1},
		{"superseded, each in its place", 9, []int{1, -1, -2, -3, -11, -12, -21}, []int{1, -21, -12, -3}, 3},
		{"superseded, but not before what came meanwhile", 9, []int{-1, -2, 1, -11}, []int{-2, 1, -11}, 1},
		{"superseded and full", 3, []int{-1, 1, -11, 2, 3}, []int{1, 2, 3}, 2},
	} {
		q := numbers(c.limit)
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
	q := numbers(2)
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
		q := numbers(9)
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
	q := numbers(9)
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

// FuzzQueue puts and takes as the bytes say: 0 takes, odd bytes are periodic. What lasts
// keeps its place before and behind all others, and of each topic older comes before newer.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{2, 3, 4, 0, 5, 7, 9, 0, 0, 2}, uint8(3))
	f.Add([]byte{1, 1, 1, 1, 2, 2, 2, 2}, uint8(2))
	f.Fuzz(func(t *testing.T, ops []byte, limit uint8) {
		q := numbers(int(limit%16) + 1)
		put, taken, newest, lasting, of := 0, 0, 0, 0, make(map[string]int)
		came := func(n int) {
			taken++
			number := max(n, -n)
			if number <= lasting || n > 0 && number < newest || n < 0 && number <= of[topicOf(n)] {
				t.Fatalf("%d comes after %d, %d and %v", n, newest, lasting, of)
			}
			newest = max(newest, number)
			if n > 0 {
				lasting = number
			} else {
				of[topicOf(n)] = number
			}
		}
		for _, op := range ops {
			if op != 0 {
				put++
				q.put(put * (1 - 2*int(op%2)))
			} else if n, ok := q.take(); ok {
				came(n)
			}
			if len(q.items) > q.limit {
				t.Fatalf("too much waits: %v (limit %d)", q.items, q.limit)
			}
		}
		for _, n := range drained(q) {
			came(n)
		}
		if lost := q.takeLost(); put != taken+lost {
			t.Fatalf("%d put, %d taken, %d lost", put, taken, lost)
		}
	})
}

func FuzzQueueNeverLosesAnEventForAPing(f *testing.F) {
	f.Add([]byte{2, 3, 3, 3, 2, 3})
	f.Fuzz(func(t *testing.T, ops []byte) {
		q, events := numbers(8), 0
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
