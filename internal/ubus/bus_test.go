package ubus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// lines collects what a client logs.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, s)
}

// with counts the lines that hold part.
func (l *lines) with(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, s := range l.text {
		if strings.Contains(s, part) {
			n++
		}
	}
	return n
}

// run runs c until the test ends and checks that it ends then.
func run(t *testing.T, c *ubus.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run returned %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// newClient returns a client whose log goes to the test, and that log.
func newClient(t *testing.T, bus ubustest.Bus) (*ubus.Client, *lines) {
	l := &lines{}
	return ubus.New(bus.Socket(), func(s string) { t.Log(s); l.add(s) }), l
}

// caller returns a running client that only calls.
func caller(t *testing.T, bus ubustest.Bus) *ubus.Client {
	t.Helper()
	c, _ := newClient(t, bus)
	run(t, c)
	until(t, "the caller is connected", c.Connected)
	return c
}

// serve runs a client that offers the methods at path, and waits until they can
// be called.
func serve(t *testing.T, bus ubustest.Bus, path string, methods ...ubus.Method) *ubus.Client {
	t.Helper()
	c, _ := newClient(t, bus)
	c.Add(ubus.Object{Path: path, Methods: append(methods, ubus.Method{Name: "ping", Call: nothing})})
	run(t, c)
	awaitObject(t, caller(t, bus), path)
	return c
}

func awaitObject(t *testing.T, c *ubus.Client, path string) {
	t.Helper()
	until(t, path+" answers", func() bool {
		_, err := c.Call(t.Context(), path, "ping", nil)
		return err == nil
	})
}

func nothing(context.Context, ubus.Table) (ubus.Table, error) { return nil, nil }

// echo answers its arguments.
func echo() ubus.Method {
	return ubus.Method{
		Name: "echo",
		Args: []ubus.Arg{
			{Name: "text", Type: ubus.TypeString}, {Name: "big", Type: ubus.TypeInt64},
			{Name: "int", Type: ubus.TypeInt32}, {Name: "short", Type: ubus.TypeInt16},
			{Name: "flag", Type: ubus.TypeBool}, {Name: "real", Type: ubus.TypeDouble},
			{Name: "table", Type: ubus.TypeTable}, {Name: "list", Type: ubus.TypeArray},
			{Name: "any", Type: ubus.TypeAny},
		},
		Call: func(_ context.Context, args ubus.Table) (ubus.Table, error) { return args, nil },
	}
}

func TestCallOfEachKind(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		serve(t, bus, "test.kinds", echo(),
			ubus.Method{Name: "empty", Call: func(context.Context, ubus.Table) (ubus.Table, error) { return ubus.Table{}, nil }},
			ubus.Method{Name: "denied", Call: func(context.Context, ubus.Table) (ubus.Table, error) {
				return nil, fmt.Errorf("not now: %w", ubus.StatusPermissionDenied)
			}},
			ubus.Method{Name: "broken", Call: func(context.Context, ubus.Table) (ubus.Table, error) { return nil, errors.New("out of paper") }},
			ubus.Method{Name: "panics", Call: func(context.Context, ubus.Table) (ubus.Table, error) { panic("no") }},
			ubus.Method{Name: "huge", Call: func(context.Context, ubus.Table) (ubus.Table, error) {
				return ubus.Table{{Name: "text", Value: strings.Repeat("x", 1<<20)}}, nil
			}},
		)
		c := caller(t, bus)
		all := ubus.Table{
			{Name: "text", Value: "ä \"b\"\n"}, {Name: "big", Value: int64(-1) << 62}, {Name: "int", Value: int32(-7)},
			{Name: "short", Value: int16(-300)}, {Name: "flag", Value: true}, {Name: "real", Value: 2.5},
			{Name: "table", Value: ubus.Table{{Name: "deep", Value: ubus.Table{{Name: "x", Value: nil}}}}},
			{Name: "list", Value: []any{"a", int32(1), []any{}, ubus.Table{}}}, {Name: "any", Value: nil},
		}
		for _, row := range []struct {
			object, method string
			args, want     ubus.Table
			err            error
		}{
			{"test.kinds", "echo", all, all, nil},
			{"test.kinds", "echo", nil, ubus.Table{}, nil},
			{"test.kinds", "ping", ubus.Table{}, nil, nil},
			{"test.kinds", "empty", nil, ubus.Table{}, nil},
			{"test.kinds", "ping", ubus.Table{{Name: "x", Value: "y"}}, nil, ubus.StatusInvalidArgument},
			{"test.kinds", "ping", ubus.Table{{Name: "ubus_rpc_session", Value: "0000"}}, nil, nil},
			{"test.kinds", "echo", ubus.Table{{Name: "text", Value: true}}, nil, ubus.StatusInvalidArgument},
			{"test.kinds", "echo", ubus.Table{{Name: "big", Value: int32(5)}}, ubus.Table{{Name: "big", Value: int64(5)}}, nil},
			{"test.kinds", "missing", nil, nil, ubus.StatusMethodNotFound},
			{"test.nobody", "echo", nil, nil, ubus.StatusNotFound},
			{"test.kinds", "denied", nil, nil, ubus.StatusPermissionDenied},
			{"test.kinds", "broken", nil, nil, ubus.StatusUnknownError},
			{"test.kinds", "panics", nil, nil, ubus.StatusUnknownError},
			{"test.kinds", "huge", nil, nil, ubus.StatusUnknownError},
			{"test.kinds", "ping", nil, nil, nil}, // still there after all of that
		} {
			got, err := c.Call(t.Context(), row.object, row.method, row.args)
			if !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
				t.Errorf("%s %s %v: error %v, want %v", row.object, row.method, row.args, err, row.err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s %s %v: %s", row.object, row.method, row.args, diff)
			}
		}
	})
}

func TestArgumentsThatCannotBeSentStayHere(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		serve(t, bus, "test.limits", echo())
		c := caller(t, bus)
		for _, v := range []any{strings.Repeat("x", 1<<20), "a\x00b", uint8(1)} {
			if _, err := c.Call(t.Context(), "test.limits", "echo", ubus.Table{{Name: "any", Value: v}}); err == nil {
				t.Errorf("a %T was sent", v)
			}
		}
		large := ubus.Table{{Name: "text", Value: strings.Repeat("x", 900<<10)}}
		got, err := c.Call(t.Context(), "test.limits", "echo", large)
		if err != nil || !cmp.Equal(got, large) {
			t.Errorf("900 KiB did not come back: %v", err)
		}
	})
}

func TestHundredCallsAtOnce(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		gate := make(chan struct{})
		serve(t, bus, "test.many", ubus.Method{
			Name: "wait", Args: []ubus.Arg{{Name: "n", Type: ubus.TypeInt64}},
			Call: func(ctx context.Context, args ubus.Table) (ubus.Table, error) { <-gate; return args, nil },
		})
		c := caller(t, bus)
		var calls sync.WaitGroup
		for n := range 100 {
			calls.Go(func() {
				want := ubus.Table{{Name: "n", Value: int64(n)}}
				got, err := c.Call(t.Context(), "test.many", "wait", want)
				if err != nil || !cmp.Equal(got, want) {
					t.Errorf("call %d: %v, %v", n, got, err)
				}
			})
		}
		awaitObject(t, caller(t, bus), "test.many") // slow methods hold up nobody
		close(gate)
		calls.Wait()
	})
}

func TestEventsReachWhoListens(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		exact, prefix, own := make(chan string, 10), make(chan string, 10), make(chan string, 10)
		listener, _ := newClient(t, bus)
		listener.Listen("imon.state", func(e string, d ubus.Table) { exact <- e + d.String("id") })
		listener.Listen("imon.*", func(e string, d ubus.Table) { prefix <- e + d.String("id") })
		sender, _ := newClient(t, bus)
		sender.Listen("*", func(e string, _ ubus.Table) { own <- e })
		run(t, listener)
		run(t, sender)
		until(t, "both are connected", func() bool { return listener.Connected() && sender.Connected() })
		until(t, "the listener hears", func() bool {
			_ = sender.Send("imon.first", nil)
			return len(prefix) > 0
		})
		if err := sender.Send("imon.begin", nil); err != nil {
			t.Fatal(err)
		}
		for e := ""; e != "imon.begin"; e = <-prefix {
			t.Logf("skipped %q", e)
		}
		for _, e := range []string{"imon.state", "other", "imon", "imon.x"} {
			if err := sender.Send(e, ubus.Table{{Name: "id", Value: "-" + e}}); err != nil {
				t.Errorf("%s: %v", e, err)
			}
		}
		if got := []string{<-exact, <-prefix, <-prefix}; !slices.Equal(got, []string{"imon.state-imon.state", "imon.state-imon.state", "imon.x-imon.x"}) {
			t.Errorf("heard %q", got)
		}
		if err := sender.Send("ubus.mine", nil); !errors.Is(err, ubus.StatusPermissionDenied) {
			t.Errorf("a reserved name: %v", err)
		}
		if len(exact)+len(prefix) > 0 {
			t.Error("somebody heard more")
		}
		for len(own) > 0 {
			if e := <-own; !strings.HasPrefix(e, "ubus.") {
				t.Errorf("the sender heard its own %s", e)
			}
		}
	})
}
