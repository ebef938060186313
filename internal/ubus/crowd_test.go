package ubus_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

func TestFloodIsRefusedAndSurvived(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		gate := make(chan struct{})
		var inside, most atomic.Int32
		owner := serve(t, bus, "test.flood", ubus.Method{Name: "block", Call: func(context.Context, ubus.Table) (ubus.Table, error) {
			n := inside.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				continue
			}
			<-gate
			inside.Add(-1)
			return nil, nil
		}})
		flooder := caller(t, bus)
		var refused, done atomic.Int32
		var calls sync.WaitGroup
		for range 500 {
			calls.Go(func() {
				_, err := flooder.Call(t.Context(), "test.flood", "block", nil)
				switch {
				case err == nil:
					done.Add(1)
				case errors.Is(err, ubus.StatusNoMemory):
					refused.Add(1)
				default:
					t.Errorf("a call ended with %v", err)
				}
			})
		}
		until(t, "the rest is refused", func() bool { return refused.Load() == 500-128 })
		if _, err := caller(t, bus).Call(t.Context(), "test.flood", "ping", nil); !errors.Is(err, ubus.StatusNoMemory) {
			t.Errorf("one more: %v", err)
		}
		close(gate)
		calls.Wait()
		if done.Load() != 128 || most.Load() != 128 || !owner.Connected() {
			t.Errorf("%d answered, %d at once", done.Load(), most.Load())
		}
		awaitObject(t, caller(t, bus), "test.flood")
	})
}

func TestSlowHandlerLosesMessagesAndIsTold(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		gate, told := make(chan struct{}), make(chan string, 1000)
		owner := serve(t, bus, "test.slow")
		c, _ := newClient(t, bus)
		c.Add(ubus.Object{Path: "test.slow.peer", Methods: []ubus.Method{{Name: "ping", Call: nothing}}})
		c.Subscribe("test.slow", func(kind string, _ ubus.Table) {
			<-gate
			told <- kind
		}, nil, func() { told <- "ready" })
		run(t, c)
		expect(t, told, "ready")
		until(t, "the owner knows", func() bool { return owner.HasSubscribers("test.slow") })
		for range 500 {
			if err := owner.Notify("test.slow", "note", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := owner.Notify("test.slow", "last", nil); err != nil {
			t.Fatal(err)
		}
		awaitObject(t, owner, "test.slow.peer") // read after all of these, while the handler hangs
		close(gate)
		notes, ready := 0, 0
		for kind := ""; kind != "last"; kind = next(t, told) {
			switch kind {
			case "note":
				notes++
			case "ready":
				ready++
			}
		}
		if notes == 0 || notes > 130 || ready == 0 {
			t.Errorf("%d notes and %d times ready", notes, ready)
		}
	})
}

func next(t *testing.T, told <-chan string) string {
	t.Helper()
	select {
	case s := <-told:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("waited in vain for the next")
		return ""
	}
}

func TestFloodOfEventsDoesNotBreakAListener(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		c, log := newClient(t, bus)
		var heard atomic.Int32
		last := make(chan struct{}, 10)
		c.Listen("flood", func(string, ubus.Table) { heard.Add(1) })
		c.Listen("end", func(string, ubus.Table) { last <- struct{}{} })
		run(t, c)
		sender := caller(t, bus)
		until(t, "the listener hears", func() bool { _ = sender.Send("flood", nil); return heard.Load() > 0 })
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				for range 500 {
					if err := sender.Send("flood", ubus.Table{{Name: "x", Value: "y"}}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		senders.Wait()
		until(t, "the end is heard", func() bool { _ = sender.Send("end", nil); return len(last) > 0 })
		if log.with("No connection") != 0 {
			t.Error("the connection broke")
		}
	})
}

func TestHandlerThatPanicsIsCalledAgain(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		c, log := newClient(t, bus)
		heard := make(chan struct{}, 10)
		c.Listen("fine", func(string, ubus.Table) { heard <- struct{}{} })
		c.Listen("*", func(string, ubus.Table) { panic("no") })
		run(t, c)
		sender := caller(t, bus)
		until(t, "it panics twice", func() bool { _ = sender.Send("fine", nil); return log.with("Fault in the ubus handler of *: no") > 1 })
		<-heard
	})
}
