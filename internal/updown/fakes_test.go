package updown

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network is a Pinger: each target answers as it is told to, after a while.
type network struct {
	mu      sync.Mutex
	took    time.Duration
	answers func(target string) probe.Result
	asked   []probe.EchoRequest
}

func (n *network) Ping(ctx context.Context, r probe.EchoRequest) probe.Result {
	n.mu.Lock()
	n.asked = append(n.asked, r)
	n.mu.Unlock()
	select {
	case <-ctx.Done():
		return probe.Result{Err: ctx.Err()}
	case <-time.After(n.took):
		return n.answers(r.Target)
	}
}

// server is a Querier that answers or not, and counts.
type server struct {
	err   error
	asked []string
}

func (s *server) Query(_ context.Context, server, name string, _ probe.Path) error {
	s.asked = append(s.asked, name+" at "+server)
	return s.err
}

// record is a Publisher that keeps what it gets, and when.
type record struct {
	start   time.Time
	events  []event.Event
	at      []time.Duration
	results []event.Event
}

func (r *record) Publish(e event.Event) {
	if e.Kind == event.UpdownResult {
		r.results = append(r.results, e)
		return
	}
	r.events = append(r.events, e)
	r.at = append(r.at, time.Since(r.start))
}

// lines are the events in the words of the scenario files.
func (r *record) lines() []string {
	var lines []string
	for i, e := range r.events {
		lines = append(lines, r.at[i].String()+" "+describe(e))
	}
	return lines
}

func (r *record) want(t *testing.T, want ...string) {
	t.Helper()
	if got := r.lines(); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

var (
	yes       = probe.Result{Sent: 2, RTTs: []time.Duration{time.Millisecond, time.Millisecond}}
	no        = probe.Result{Sent: 2}
	nameless  = probe.Result{Sent: 2, Err: probe.ErrResolve}
	forbidden = probe.Result{Sent: 2, Err: probe.ErrLocal}
)

// always makes every target give the same answer.
func always(r probe.Result) func(string) probe.Result {
	return func(string) probe.Result { return r }
}

// between makes the target give another answer from one moment to another.
func between(from, to time.Duration, then, otherwise probe.Result) func(string) probe.Result {
	start := time.Now()
	return func(string) probe.Result {
		if now := time.Since(start); from <= now && now < to {
			return then
		}
		return otherwise
	}
}
