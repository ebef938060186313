package ledger

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/store"
)

// An outage is on disk while its gateway is still being asked, also after a start that saw
// many things: a kill -9 a moment later does not lose it.
func TestOutageIsWrittenBeforeTheGatewayIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := store.State{Fs: afero.NewMemMapFs(), Path: path}
		silent := func(event.Uplink) string { time.Sleep(time.Second); return "gateway 192.0.2.1 does not answer" }
		d := &desk{log: &log{}, t: t, file: file}
		d.Ledger = New("main", file, silent, d.log)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Run(ctx) }()
		for i := range 10 { // a start
			d.Ledger.Publish(event.Event{Kind: event.FailoverInitial, Monitor: event.Failover, Online: true, Uplink: event.Uplink{Role: fmt.Sprint("Uplink", i)}})
			synctest.Wait()
		}
		d.uplink(event.FailoverUplinkOffline, "Primary", false)
		time.Sleep(time.Millisecond)
		if doc, err := Read("main", file, 0); err != nil || outages(doc) != "primary net (eth1) 0 cut " {
			t.Errorf("%q, %v", outages(doc), err)
		}
		time.Sleep(2 * time.Second)
		if doc, err := Read("main", file, 0); err != nil || outages(doc) != "primary net (eth1) 1 cut gateway 192.0.2.1 does not answer" {
			t.Errorf("%q, %v", outages(doc), err)
		}
		cancel()
		<-done
	})
}

// Of an outage during which imon is killed all but a tenth is known, and it costs few writes.
func TestKilledInALongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &counting{Fs: afero.NewMemMapFs()}
		file := store.State{Fs: disk, Path: path}
		d := &desk{log: &log{}, t: t, file: file}
		d.Ledger = New("main", file, func(event.Uplink) string { return "" }, d.log)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Run(ctx) }()
		synctest.Wait()
		d.uplink(event.FailoverUplinkOffline, "Primary", false)
		for _, long := range []time.Duration{10 * time.Minute, 50 * time.Minute, 4 * time.Hour, 19 * time.Hour} {
			time.Sleep(long)
			doc, err := Read("main", file, 0)
			if err != nil || len(doc.Outages) != 1 {
				t.Fatalf("%+v, %v", doc, err)
			}
			if known, real := doc.Outages[0].Seconds, int64(time.Since(d.begun).Seconds()); known < real*88/100 || known > real {
				t.Errorf("%d s are known of %d", known, real)
			}
		}
		if n := disk.count(nil); n > 70 {
			t.Errorf("%d writes in a day", n)
		}
		cancel()
		<-done
	})
}
