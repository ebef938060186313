package ubus

import (
	"context"
	"sync"
)

// maxQueue is how many messages may wait for a handler.
const maxQueue = 64

// kind says which handler a delivery is for.
type kind uint8

const (
	isMessage kind = iota
	isReady
	isGone
)

type delivery struct {
	kind kind
	name string
	data Table
}

// queue holds what a handler has still to be told. The reader never waits for
// room: when the handler is too far behind, what waits is thrown away, and the
// handler is told to begin anew.
type queue struct {
	mu    sync.Mutex
	items []delivery
	wake  chan struct{}
}

func newQueue() queue { return queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(d delivery) {
	q.mu.Lock()
	if len(q.items) >= maxQueue {
		q.items = nil
		if d.kind == isMessage {
			q.items = []delivery{{kind: isReady}}
		}
	}
	q.items = append(q.items, d)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop waits for the next delivery; it returns false when ctx ends.
func (q *queue) pop(ctx context.Context) (delivery, bool) {
	for ctx.Err() == nil {
		if d, ok := q.first(); ok {
			return d, true
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
		}
	}
	return delivery{}, false
}

func (q *queue) first() (delivery, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return delivery{}, false
	}
	d := q.items[0]
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil // lets go of what was delivered
	}
	return d, true
}
