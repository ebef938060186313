package ubus

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
)

func TestQueueKeepsOrder(t *testing.T) {
	q := newQueue()
	for i := range maxQueue {
		q.push(delivery{isMessage, fmt.Sprint(i), nil})
	}
	for i := range maxQueue {
		if d, ok := q.pop(t.Context()); !ok || d.name != fmt.Sprint(i) {
			t.Fatalf("%d is %v", i, d)
		}
	}
}

func TestQueueThatOverflowsBeginsAnew(t *testing.T) {
	for _, row := range []struct {
		last delivery
		want []kind
	}{
		{delivery{kind: isMessage}, []kind{isReady, isMessage}},
		{delivery{kind: isGone}, []kind{isGone}},
		{delivery{kind: isReady}, []kind{isReady}},
	} {
		q := newQueue()
		for range maxQueue {
			q.push(delivery{kind: isMessage})
		}
		q.push(row.last)
		for _, want := range row.want {
			if d, ok := q.first(); !ok || d.kind != want {
				t.Errorf("after %v: %v, want %v", row.last, d, want)
			}
		}
		if d, ok := q.first(); ok {
			t.Errorf("after %v: %v is left", row.last, d)
		}
	}
}

func TestPopWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan string, 2)
		go func() {
			for d, ok := q.pop(ctx); ok; d, ok = q.pop(ctx) {
				got <- d.name
			}
			got <- "end"
		}()
		synctest.Wait()
		q.push(delivery{name: "a"})
		synctest.Wait()
		cancel()
		if a, b := <-got, <-got; a != "a" || b != "end" {
			t.Errorf("%q, %q", a, b)
		}
	})
}
