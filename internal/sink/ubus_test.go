package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// fakeBus writes down what it is told.
type fakeBus struct {
	mu     sync.Mutex
	away   bool
	took   time.Duration
	err    error
	heard  []string
	tables []ubus.Table
}

func (b *fakeBus) Connected() bool { b.mu.Lock(); defer b.mu.Unlock(); return !b.away }

func (b *fakeBus) Notify(object, kind string, data ubus.Table) error {
	return b.hear("notify "+object+" "+kind, data)
}

func (b *fakeBus) Send(name string, data ubus.Table) error {
	time.Sleep(b.took)
	return b.hear("send "+name, data)
}

func (b *fakeBus) hear(what string, data ubus.Table) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard, b.tables = append(b.heard, what), append(b.tables, data)
	return b.err
}

// lineLog keeps the texts of messages.
type lineLog struct {
	mu    sync.Mutex
	texts []string
}

func (l *lineLog) Publish(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, e.Text)
}

// onBus runs a ubus sink in a bubble of its own time.
func onBus(t *testing.T, test func(u *Ubus, b *fakeBus, log *lineLog)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, log := &fakeBus{}, &lineLog{}
		u := NewUbus("main", "imon.main", b, log)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- u.Run(ctx) }()
		test(u, b, log)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestUbusTellsEachEventTwice(t *testing.T) {
	onBus(t, func(u *Ubus, b *fakeBus, log *lineLog) {
		var want []string
		for _, e := range samples() {
			u.Publish(e)
			if e.Kind != event.Message && (!e.Kind.IsResult() || e.Kind == event.PingResult) {
				want = append(want, "notify imon.main "+string(e.Kind), "send imon."+string(e.Kind))
			}
			synctest.Wait()
		}
		if got := strings.Join(b.heard, "\n"); got != strings.Join(want, "\n") || len(log.texts) > 0 {
			t.Errorf("told %s\nlogged %q", got, log.texts)
		}
		if len(want) < 30 {
			t.Errorf("only %d messages for all kinds", len(want))
		}
	})
}

func TestTableHasAllFieldsAndTheInstance(t *testing.T) {
	for _, e := range samples() {
		table := Table("main", e)
		if table[0] != (ubus.Field{Name: "instance", Value: "main"}) || len(table) != len(Fields(e))+1 {
			t.Errorf("%s: %v", e.Kind, table)
		}
		for i, f := range Fields(e) {
			if table[i+1].Name != f.Name || table[i+1].Value != f.Value {
				t.Errorf("%s: %v is %v", e.Kind, f, table[i+1])
			}
		}
	}
}

func TestUbusCostsNothingWhileNobodyIsThere(t *testing.T) {
	onBus(t, func(u *Ubus, b *fakeBus, _ *lineLog) {
		b.away = true
		for _, e := range samples() {
			u.Publish(e)
		}
		synctest.Wait()
		if n := len(u.queue.items); n != 0 || len(b.heard) != 0 {
			t.Errorf("%d events wait, %d told", n, len(b.heard))
		}
		e := samples()[13]
		if n := testing.AllocsPerRun(100, func() { u.Publish(e) }); n != 0 {
			t.Errorf("%v allocations for an event that nobody hears", n)
		}
	})
}

func TestSlowBusDelaysNobodyAndLosesPingsFirst(t *testing.T) {
	onBus(t, func(u *Ubus, b *fakeBus, log *lineLog) {
		b.took = time.Second
		began := time.Now()
		for i := range 90 {
			u.Publish(event.Event{Kind: event.UpdownOffline, Target: fmt.Sprint(i)})
			u.Publish(event.Event{Kind: event.PingResult, Target: fmt.Sprint(i % 3)})
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("publishing took %v", took)
		}
		time.Sleep(100 * time.Second)
		synctest.Wait()
		offline := strings.Count(strings.Join(b.heard, "\n"), "send imon.updown-offline")
		if pings := len(b.heard)/2 - offline; offline != 90 || pings > 1+3 {
			t.Errorf("told of %d offlines and %d pings", offline, pings)
		}
		if len(log.texts) != 1 || !strings.HasPrefix(log.texts[0], "Dropped 8") || u.Dropped() < 80 {
			t.Errorf("logged %q", log.texts)
		}
	})
}

func TestUbusComplainsOnceAMinute(t *testing.T) {
	onBus(t, func(u *Ubus, b *fakeBus, log *lineLog) {
		tell := func(err error) {
			b.err = err
			u.Publish(samples()[13])
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		tell(ubus.ErrNotConnected)
		if len(log.texts) != 0 {
			t.Errorf("logged %q: the client has said that", log.texts)
		}
		for range 3 {
			tell(errors.New("no"))
		}
		if len(log.texts) != 1 || log.texts[0] != "Cannot tell ubus of an event: no" {
			t.Errorf("logged %q", log.texts)
		}
		time.Sleep(repeatAfter)
		if tell(errors.New("no")); len(log.texts) != 2 {
			t.Errorf("logged %q after a minute", log.texts)
		}
	})
}

func TestUbusDiscardsWhatWaitsInTheEnd(t *testing.T) {
	onBus(t, func(u *Ubus, b *fakeBus, _ *lineLog) {
		b.took = time.Second
		for range 10 {
			u.Publish(samples()[13])
		}
		time.Sleep(1500 * time.Millisecond)
	})
}

// By a bus: one that listens and one that is subscribed hear the same.
func TestUbusOverABus(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		client := ubus.New(bus.Socket(), func(text string) { t.Log(text) })
		client.Add(ubus.Object{Path: "imon.main"})
		u := NewUbus("main", "imon.main", client, &lineLog{})
		other := ubus.New(bus.Socket(), func(text string) { t.Log(text) })
		heard, ready := make(chan string, 100), make(chan struct{}, 1)
		other.Listen("imon.*", func(name string, data ubus.Table) { heard <- name + " " + data.String("instance") })
		other.Subscribe("imon.main", func(kind string, data ubus.Table) { heard <- "notified " + kind + " " + data.String("uplink_address") }, nil,
			func() { ready <- struct{}{} })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, run := range []func(context.Context) error{client.Run, other.Run, u.Run} {
			running.Go(func() { _ = run(ctx) })
		}
		defer running.Wait()
		defer cancel()
		<-ready
		for !client.HasSubscribers("imon.main") {
			time.Sleep(time.Millisecond)
		}
		u.Publish(samples()[15])
		got := map[string]bool{<-heard: true, <-heard: true}
		if !got["notified failover-primary 192.168.42.7"] || !got["imon.failover-primary main"] {
			t.Errorf("heard %v", got)
		}
	})
}
