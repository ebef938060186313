package ubus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// subscriber runs a client that subscribes to object; what it is told comes out
// of the channel.
func subscriber(t *testing.T, bus ubustest.Bus, object string) <-chan string {
	t.Helper()
	told := make(chan string, 100)
	c, _ := newClient(t, bus)
	c.Subscribe(object, func(kind string, d ubus.Table) { told <- kind + " " + d.String("x") },
		func() { told <- "gone" }, func() { told <- "ready" })
	run(t, c)
	return told
}

// expect waits for one thing to be told.
func expect(t *testing.T, told <-chan string, want string) {
	t.Helper()
	select {
	case got := <-told:
		if got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("waited in vain for %q", want)
	}
}

func TestNotificationsReachSubscribersOnly(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		owner := serve(t, bus, "test.notes")
		if owner.HasSubscribers("test.notes") {
			t.Error("subscribers from the beginning")
		}
		if err := owner.Notify("test.notes", "early", nil); err != nil {
			t.Error(err)
		}
		if err := owner.Notify("test.other", "x", nil); !errors.Is(err, ubus.StatusNotFound) {
			t.Errorf("an object that is not there: %v", err)
		}
		one, two := subscriber(t, bus, "test.notes"), subscriber(t, bus, "test.notes")
		expect(t, one, "ready")
		expect(t, two, "ready")
		until(t, "the owner knows", func() bool { return owner.HasSubscribers("test.notes") })
		for _, x := range []string{"1", "2", "3"} {
			if err := owner.Notify("test.notes", "note", ubus.Table{{Name: "x", Value: x}}); err != nil {
				t.Error(err)
			}
			expect(t, one, "note "+x)
			expect(t, two, "note "+x)
		}
	})
}

func TestSubscriberLeaves(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		owner := serve(t, bus, "test.leave")
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := newClient(t, bus)
		c.Subscribe("test.leave", func(string, ubus.Table) {}, nil, nil)
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		until(t, "there is a subscriber", func() bool { return owner.HasSubscribers("test.leave") })
		cancel()
		<-ended
		until(t, "there is none", func() bool { return !owner.HasSubscribers("test.leave") })
	})
}

func TestObjectGoneAndBack(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		told := subscriber(t, bus, "test.back")
		for round := range 3 {
			owner, _ := newClient(t, bus)
			owner.Add(ubus.Object{Path: "test.back"})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- owner.Run(ctx) }()
			expect(t, told, "ready")
			until(t, "the owner knows", func() bool { return owner.HasSubscribers("test.back") })
			if err := owner.Notify("test.back", "round", ubus.Table{{Name: "x", Value: fmt.Sprint(round)}}); err != nil {
				t.Error(err)
			}
			expect(t, told, fmt.Sprintf("round %d", round))
			cancel()
			<-ended
			expect(t, told, "gone")
		}
	})
}

func TestEverythingComesBackWithUbusd(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		c, log := newClient(t, bus)
		events := make(chan string, 100)
		c.Add(ubus.Object{Path: "test.again", Methods: []ubus.Method{echo(), {Name: "ping", Call: nothing}}})
		c.Listen("test.event", func(e string, _ ubus.Table) { events <- e })
		run(t, c)
		told, peer := subscriber(t, bus, "test.again"), caller(t, bus)
		for round := range 3 {
			expect(t, told, "ready")
			until(t, "the peer is back", peer.Connected)
			awaitObject(t, peer, "test.again")
			until(t, "the owner knows", func() bool { return c.HasSubscribers("test.again") })
			if err := c.Notify("test.again", "note", nil); err != nil {
				t.Error(err)
			}
			expect(t, told, "note ")
			until(t, "events come", func() bool { _ = peer.Send("test.event", nil); return len(events) > 0 })
			for len(events) > 0 {
				<-events
			}
			bus.Kill()
			expect(t, told, "gone")
			until(t, "all know", func() bool { return !c.Connected() && !peer.Connected() })
			if _, err := peer.Call(t.Context(), "test.again", "ping", nil); !errors.Is(err, ubus.ErrNotConnected) {
				t.Errorf("call without a bus: %v", err)
			}
			if err := errors.Join(c.Send("x", nil), c.Notify("test.again", "x", nil)); !errors.Is(err, ubus.ErrNotConnected) {
				t.Errorf("without a bus: %v", err)
			}
			until(t, "it is logged", func() bool { return log.with("No connection to ubusd") == round+1 })
			bus.Restart()
		}
		until(t, "it is logged", func() bool { return log.with("Connected to ubusd") == 3 })
	})
}

func TestCallsEndWithTheConnection(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		entered, left := make(chan struct{}), make(chan struct{})
		serve(t, bus, "test.hang", ubus.Method{Name: "hang", Call: func(ctx context.Context, _ ubus.Table) (ubus.Table, error) {
			close(entered)
			<-ctx.Done()
			close(left)
			return nil, ctx.Err()
		}})
		c := caller(t, bus)
		answer := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "test.hang", "hang", nil)
			answer <- err
		}()
		<-entered
		bus.Kill()
		if err := <-answer; !errors.Is(err, ubus.ErrNotConnected) {
			t.Errorf("the call ended with %v", err)
		}
		<-left
	})
}

func TestCallerGivesUp(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		gate := make(chan struct{})
		defer close(gate)
		serve(t, bus, "test.slow", echo(), ubus.Method{Name: "slow", Call: func(context.Context, ubus.Table) (ubus.Table, error) {
			<-gate
			return ubus.Table{{Name: "late", Value: true}}, nil
		}})
		c := caller(t, bus)
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.Call(short, "test.slow", "slow", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("gave up with %v", err)
		}
		want := ubus.Table{{Name: "int", Value: int32(4)}}
		if got, err := c.Call(t.Context(), "test.slow", "echo", want); err != nil || !cmp.Equal(got, want) {
			t.Errorf("the next call: %v, %v", got, err)
		}
	})
}

func TestTakenPathIsTriedUntilItIsFree(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		ctx, cancel := context.WithCancel(t.Context())
		first, _ := newClient(t, bus)
		first.Add(ubus.Object{Path: "test.taken", Methods: []ubus.Method{{Name: "ping", Call: nothing}}})
		ended := make(chan error, 1)
		go func() { ended <- first.Run(ctx) }()
		c := caller(t, bus)
		awaitObject(t, c, "test.taken")

		second, log := newClient(t, bus)
		second.Add(ubus.Object{Path: "test.taken", Methods: []ubus.Method{{Name: "second", Call: nothing}}})
		run(t, second)
		until(t, "the refusal is logged", func() bool { return log.with("Cannot register") == 1 })
		cancel()
		<-ended
		until(t, "the second has the path", func() bool {
			_, err := c.Call(t.Context(), "test.taken", "second", nil)
			return err == nil
		})
		until(t, "that is logged", func() bool { return log.with("Registered") == 1 })
		if n := log.with("Cannot register"); n != 1 {
			t.Errorf("the refusal was logged %d times", n)
		}
	})
}
