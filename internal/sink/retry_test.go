package sink

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// timed notes when the script was called for addresses, and fails until told not to.
type timed struct {
	start time.Time

	mu     sync.Mutex
	broken bool
	made   []string
}

func (r *timed) run(_ context.Context, c call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made = append(r.made, time.Since(r.start).String()+" "+strings.Join(c.args[2:], " "))
	if r.broken {
		return errors.New("exit status 7")
	}
	return nil
}

func (r *timed) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = false
}

// retrying is an action sink whose script is r, which runs until stop is called.
func retrying(t *testing.T, r *timed) (a *Action, log *heard, stop func()) {
	r.start, r.broken = time.Now(), true
	a, log = NewAction("main", false, &heard{}), &heard{}
	a.log, a.run = log, r.run
	a.Configure(ActionSettings{Path: "/a"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, log, func() { cancel(); <-ended }
}

// moved is the news of an external address.
func moved(to, from string) event.Event {
	e := event.Event{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: addr(to), Time: time.Now()}
	if from != "" {
		e.OldAddress = addr(from)
	}
	return e
}

func TestFailedAddressIsRepeatedUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timed{}
		a, log, stop := retrying(t, r)
		a.Publish(moved("203.0.113.5", ""))
		time.Sleep(9 * time.Hour)
		r.mend()
		time.Sleep(9 * time.Hour)
		stop()
		const args = " ddns-ip-update 203.0.113.5 unknown"
		var want []string
		for _, at := range []string{"0s", "10s", "40s", "1m40s", "6m40s", "21m40s", "1h21m40s", "2h21m40s", "3h21m40s", "4h21m40s",
			"5h21m40s", "6h21m40s", "7h21m40s", "8h21m40s", "9h21m40s"} {
			want = append(want, at+args)
		}
		if diff := cmp.Diff(want, r.made); diff != "" {
			t.Error(diff)
		}
		const failed = "Action script '/a' failed on ddns-ip-update: exit status 7; next try in "
		if diff := cmp.Diff([]string{failed + "10s", failed + "30s", failed + "1m0s", failed + "5m0s", failed + "15m0s", failed + "1h0m0s"}, log.texts()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNewerAddressSupersedesOneThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timed{}
		a, log, stop := retrying(t, r)
		a.Publish(moved("203.0.113.5", ""))
		time.Sleep(15 * time.Second)
		a.Publish(moved("203.0.113.6", "203.0.113.5"))
		time.Sleep(5 * time.Second)
		r.mend()
		time.Sleep(time.Hour)
		stop()
		want := []string{"0s ddns-ip-update 203.0.113.5 unknown", "10s ddns-ip-update 203.0.113.5 unknown",
			"15s ddns-ip-update 203.0.113.6 203.0.113.5", "25s ddns-ip-update 203.0.113.6 203.0.113.5"}
		if diff := cmp.Diff(want, r.made); diff != "" {
			t.Error(diff)
		}
		if texts := log.texts(); !strings.HasSuffix(texts[2], "next try in 10s") {
			t.Errorf("the pauses of another address went on: %q", texts)
		}
	})
}

func TestFamiliesAndUplinksAreRepeatedEachForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timed{}
		a, _, stop := retrying(t, r)
		standby := moved("203.0.113.9", "")
		standby.Uplink = event.Uplink{Role: "Standby"}
		for _, e := range []event.Event{moved("203.0.113.5", ""), moved("2001:db8::5", ""), standby} {
			a.Publish(e)
			time.Sleep(time.Second)
		}
		r.mend()
		time.Sleep(time.Hour)
		stop()
		if len(r.made) != 6 || r.made[3][:3] != "10s" || r.made[4][:3] != "11s" || r.made[5][:3] != "12s" {
			t.Errorf("made %q", r.made)
		}
	})
}

func TestOtherEventsAndOtherLanesGoOnMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timed{}
		a, _, stop := retrying(t, r)
		a.Publish(moved("203.0.113.5", ""))
		time.Sleep(5 * time.Second)
		a.Publish(event.Event{Kind: event.DDNSNoUpdate, Monitor: event.DDNS})
		synctest.Wait()
		a.Publish(offline("x"))
		time.Sleep(30 * time.Second)
		stop()
		want := []string{"0s ddns-ip-update 203.0.113.5 unknown", "5s ddns-no-update", "5s updown-offline x",
			"10s ddns-ip-update 203.0.113.5 unknown"}
		if diff := cmp.Diff(want, r.made); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRetryEndsWithTheScriptAndIsCountedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timed{}
		a, log, stop := retrying(t, r)
		a.Publish(moved("203.0.113.5", ""))
		synctest.Wait()
		a.Configure(ActionSettings{})
		time.Sleep(time.Hour)
		a.Configure(ActionSettings{Path: "/b"})
		a.Publish(moved("2001:db8::5", ""))
		time.Sleep(time.Second)
		stop()
		if len(r.made) != 2 {
			t.Errorf("made %q", r.made)
		}
		if texts := log.texts(); texts[len(texts)-1] != "Discarded 1 events: imon ended before the action script took them" {
			t.Errorf("said %q", texts)
		}
	})
}
