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

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// fakeOutput is a reader that can be away.
type fakeOutput struct {
	mu     sync.Mutex
	away   bool
	texts  []string
	closed bool
}

func (o *fakeOutput) write(r record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return errors.New("away")
	}
	o.texts = append(o.texts, r.text)
	return nil
}

func (o *fakeOutput) close() { o.closed = true }

func (o *fakeOutput) set(away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
}

func message(text string) event.Event { return event.Event{Kind: event.Message, Text: text} }

// running runs l until stop is called, which returns how long Run
// took to end, and its error.
func running(t *testing.T, l *Log) (stop func() (time.Duration, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	return func() (time.Duration, error) {
		began := time.Now()
		cancel()
		err := <-ended
		return time.Since(began), err
	}
}

func TestLogNamesTheMonitorWhenThereAreSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOutput{}
		l := newLog("main", out)
		stop := running(t, l)
		for _, several := range []bool{false, true} {
			l.Configure(LogSettings{Several: several})
			l.Publish(message("Starting"))
			l.Publish(event.Event{Kind: event.Message, Monitor: event.Ping, Text: "Start Ping Monitor"})
			l.Publish(samples()[15])
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		want := []string{"[main] Starting", "[main] Start Ping Monitor",
			"[main] Network Failover to Primary Network pnet (eth1)", "[main] Network Failover Primary Route pnet (eth1) is active",
			"[main] Starting", "[main-ping] Start Ping Monitor",
			"[main-failover] Network Failover to Primary Network pnet (eth1)", "[main-failover] Network Failover Primary Route pnet (eth1) is active"}
		if diff := cmp.Diff(want, out.texts); diff != "" || !out.closed {
			t.Errorf("closed %v\n%s", out.closed, diff)
		}
	})
}

func TestPingResultsAreLoggedOnlyWithoutAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOutput{}
		l := newLog("main", out)
		stop := running(t, l)
		for _, action := range []bool{true, false} {
			l.Configure(LogSettings{Action: action})
			l.Publish(samples()[11])
		}
		stop()
		if len(out.texts) != 1 || !strings.HasPrefix(out.texts[0], "[main] Ping Result: IP:1.1.1.1 State:True") {
			t.Errorf("got %q", out.texts)
		}
	})
}

func TestLogWaitsForItsReaderAndSaysWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOutput{away: true}
		l := newLog("main", out)
		stop := running(t, l)
		for n := range 1 + logBacklog + 12 {
			l.Publish(message(fmt.Sprint("line ", n)))
			synctest.Wait()
		}
		out.set(false)
		time.Sleep(lastPause)
		synctest.Wait()
		got := out.texts
		want := []string{"[main] line 0", "[main] Lost 12 log lines: nobody took them in time", "[main] line 13"}
		if len(got) != 2+logBacklog || !cmp.Equal(want, got[:3]) || got[len(got)-1] != "[main] line 512" || l.Dropped() != 12 {
			t.Errorf("%d lines: %q … %q", len(got), got[:min(3, len(got))], got[max(0, len(got)-1):])
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestLogDrainsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOutput{away: true}
		l := newLog("main", out)
		stop := running(t, l)
		l.Publish(message("one"))
		l.Publish(message("two"))
		time.Sleep(time.Minute)
		time.AfterFunc(drainTime-drainPause, func() { out.set(false) })
		took, err := stop()
		if diff := cmp.Diff([]string{"[main] one", "[main] two"}, out.texts); diff != "" || err != nil || took > drainTime {
			t.Errorf("took %v, error %v\n%s", took, err, diff)
		}
	})
}

func TestLogGivesUpHalfASecondAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog("main", &fakeOutput{away: true})
		stop := running(t, l)
		for range 3 {
			l.Publish(message("x"))
		}
		time.Sleep(time.Minute)
		took, err := stop()
		if took != drainTime || err == nil || err.Error() != "cannot deliver the last 3 log lines: away" {
			t.Errorf("took %v, error %v", took, err)
		}
	})
}

func TestLogNeverBlocksItsPublishers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog("main", &fakeOutput{})
		began := time.Now()
		for range 10 * logBacklog {
			l.Publish(message("nobody runs the log"))
		}
		if time.Since(began) != 0 || len(l.queue.items) != logBacklog {
			t.Errorf("took %v, %d lines wait", time.Since(began), len(l.queue.items))
		}
	})
}
