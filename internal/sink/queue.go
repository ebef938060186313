package sink

import (
	"context"
	"slices"
	"sync"
)

// queue is a bounded first-in-first-out queue between publishers, which never
// wait, and one reader. Periodic items come again and again; of those with the same
// topic only the newest waits, in the place of the one before, so that each topic has
// its turn however slow the reader is. When too much waits, the oldest periodic item is
// dropped, and only when there is none, the oldest item.
type queue[T any] struct {
	limit    int            // how many items may wait
	periodic func(T) bool   // says which items are periodic
	topic    func(T) string // of a periodic item; nil when none supersedes another

	ready chan struct{} // holds a token when something was put

	mu    sync.Mutex
	items []T
	lost  int    // since it was told last
	total uint64 // since the start
}

// newQueue returns a queue for limit items.
func newQueue[T any](limit int, periodic func(T) bool, topic func(T) string) *queue[T] {
	return &queue[T]{limit: limit, periodic: periodic, topic: topic, ready: make(chan struct{}, 1)}
}

// put appends item, or lets it supersede another, and drops an older one when there are too
// many. It never blocks.
func (q *queue[T]) put(item T) {
	q.mu.Lock()
	if i := q.superseded(item); i < 0 {
		q.items = append(q.items, item)
	} else if slices.ContainsFunc(q.items[i:], q.lasting) {
		q.drop(i)
		q.items = append(q.items, item) // it came after that one
	} else {
		q.drop(i)
		q.items = slices.Insert(q.items, i, item)
	}
	if len(q.items) > q.limit {
		q.drop(max(slices.IndexFunc(q.items, q.periodic), 0))
	}
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue[T]) lasting(item T) bool { return !q.periodic(item) }

// superseded is the place of the item that waits and has the topic of a periodic one, -1 if
// there is none.
func (q *queue[T]) superseded(item T) int {
	if q.topic == nil || !q.periodic(item) {
		return -1
	}
	topic := q.topic(item)
	return slices.IndexFunc(q.items, func(other T) bool { return q.periodic(other) && q.topic(other) == topic })
}

// drop removes an item and counts it as lost.
func (q *queue[T]) drop(i int) {
	q.items = slices.Delete(q.items, i, i+1)
	q.lost++
	q.total++
}

// take removes the oldest item and returns it; false when there is none.
func (q *queue[T]) take() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return item, false
	}
	item = q.items[0]
	q.items = slices.Delete(q.items, 0, 1)
	if len(q.items) == 0 {
		q.items = nil // after a backlog, give its memory back
	}
	return item, true
}

// next waits for the oldest item. It returns false when ctx has ended and
// nothing is left.
func (q *queue[T]) next(ctx context.Context) (item T, ok bool) {
	for {
		if item, ok = q.take(); ok {
			return item, true
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return q.take()
		}
	}
}

// takeLost returns how many items were dropped since the last call.
func (q *queue[T]) takeLost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lost
	q.lost = 0
	return n
}

// dropped returns how many items were dropped since the start.
func (q *queue[T]) dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// discard empties the queue and returns how many items were in it, together
// with those lost before.
func (q *queue[T]) discard() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.items) + q.lost
	q.items, q.lost = nil, 0
	return n
}
