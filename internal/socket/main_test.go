package socket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// fake is an instance whose uplinks are called primary and standby.
type fake struct {
	mu   sync.Mutex
	told []string
	off  bool
	last int64 // number of the last event
	more chan struct{}
}

func (f *fake) Status(monitor string) (status.Document, bool) {
	if monitor == "crash" {
		panic("at the look of it")
	}
	return status.Document{Version: status.Version, Instance: "fake", Monitors: status.Monitors{
		Failover: &status.Failover{Monitor: status.Monitor{Interval: 10}, Active: "primary"},
	}}, monitor == "" || monitor == "failover"
}

func (f *fake) Failover(to string, d time.Duration) (status.Preference, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.off:
		return status.Preference{}, ErrOff
	case to != "primary" && to != "standby" && to != "auto":
		return status.Preference{}, errors.New("there is no such uplink")
	}
	f.told = append(f.told, fmt.Sprint(to, " ", d))
	return status.Preference{Forced: to, Seconds: int64(d.Seconds()), State: status.Online}, nil
}

func (f *fake) History(w io.Writer, q history.Query) error {
	if q.Resolution == "day" {
		return history.ErrResolution
	}
	_, err := fmt.Fprintf(w, "{\"since\":%d}\n", q.Since/time.Second)
	return err
}

func (f *fake) Outages(since time.Duration) ledger.Document {
	return ledger.Document{Instance: since.String()}
}

func (f *fake) Metrics(w io.Writer) error {
	_, err := io.WriteString(w, "fake 1\n")
	return err
}

func (f *fake) Events(since int64) (all []Event, last int64, more <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := since + 1; n <= f.last; n++ {
		all = append(all, Event{n, fmt.Appendf(nil, `{"sequence":%d}`, n)})
	}
	if f.more == nil {
		f.more = make(chan struct{})
	}
	return all, f.last, f.more
}

// happen makes n events happen.
func (f *fake) happen(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last += n
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

// done is what the instance was told.
func (f *fake) done() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.told, ", ")
}

// rig is a server that runs.
type rig struct {
	*Server
	*fake
	t       *testing.T
	network string // "" for unix

	mu    sync.Mutex
	lines []string
}

// begin runs a server on a socket of its own, changed by edit.
func begin(t *testing.T, edit func(*Server)) *rig {
	t.Helper()
	r := &rig{t: t, fake: &fake{}}
	r.Server = New(filepath.Join(t.TempDir(), "run", "main.sock"), r.fake, r.hear)
	r.retry = 10 * time.Millisecond
	if edit != nil {
		edit(r.Server)
	}
	r.run(r.Server)
	return r
}

// run runs a server until the test ends, or the function that is returned is called.
func (r *rig) run(s *Server) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	end = func() { cancel(); running.Wait() }
	r.t.Cleanup(end)
	return end
}

func (r *rig) hear(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, text)
}

// said is what the server had to say.
func (r *rig) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// until waits for a condition.
func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not within %v: %s; said: %s", patience, what, r.said())
		}
	}
}

// dial connects as soon as the server listens.
func (r *rig) dial() net.Conn {
	r.t.Helper()
	var c net.Conn
	r.until("somebody listens on "+r.path, func() (ok bool) {
		var err error
		c, err = net.Dial(cmp.Or(r.network, "unix"), r.path)
		return err == nil
	})
	r.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}
