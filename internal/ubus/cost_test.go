package ubus_test

import (
	"context"
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

func TestNotifyWithoutSubscribersCostsNothing(t *testing.T) {
	bus := ubustest.Start(t)
	c := serve(t, bus, "test.cheap")
	data := ubus.Table{{Name: "x", Value: "y"}}
	if n := testing.AllocsPerRun(1000, func() { _ = c.Notify("test.cheap", "note", data) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCall(b *testing.B) {
	bus := ubustest.Start(b)
	c := ubus.New(bus.Socket(), func(string) {})
	c.Add(ubus.Object{Path: "test.bench", Methods: []ubus.Method{echo()}})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended })
	args := ubus.Table{{Name: "text", Value: "abc"}, {Name: "big", Value: int64(1)}}
	for {
		if _, err := c.Call(b.Context(), "test.bench", "echo", args); err == nil {
			break
		}
	}
	for b.Loop() {
		if _, err := c.Call(b.Context(), "test.bench", "echo", args); err != nil {
			b.Fatal(err)
		}
	}
}
