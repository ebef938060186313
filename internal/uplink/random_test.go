package uplink_test

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/failover"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

// eventsVariable says how many events TestRandomEvents has; "make random" has a million.
const eventsVariable = "IMON_EVENTS"

// TestRandomEvents drives the whole of failover, its decisions, its loop and the
// router, through events at random on an imagined kernel. Whenever it was quiet for
// some seconds and an uplink works, there is exactly one default route of ours, and it
// leads through an uplink that works. No change that the router makes leaves none.
func TestRandomEvents(t *testing.T) {
	events := 10_000
	if n, err := strconv.Atoi(os.Getenv(eventsVariable)); err == nil {
		events = n
	}
	const each = 1000
	for seed := range uint64(max(events/each, 1)) {
		synctest.Test(t, func(t *testing.T) { play(t, rand.New(rand.NewPCG(seed, 2)), each) })
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// play is one imagined life of that many events.
func play(t *testing.T, rng *rand.Rand, events int) {
	w := &imagined{Imagined: uplink.NewImagined(t), t: t, rng: rng, answers: [2]bool{true, true}, changes: make(chan struct{}, 1)}
	m := failover.New(event.Failover, w.settings(), kernel{w.Router()}, w.changes, w, w)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	for n := range events {
		w.disturb()
		select {
		case w.changes <- struct{}{}:
		default:
		}
		time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
		if n%20 == 0 {
			time.Sleep(15 * time.Second)
			synctest.Wait()
			w.check()
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// imagined is a kernel, what is behind its uplinks, and somebody who disturbs them.
type imagined struct {
	*uplink.Imagined
	t       *testing.T
	rng     *rand.Rand
	changes chan struct{}

	mu      sync.Mutex
	answers [2]bool // somebody beyond the uplink
}

// settings are at random within what makes the time of quiet enough.
func (w *imagined) settings() config.Failover {
	cfg := config.Defaults().Failover
	cfg.Enable, cfg.Interval, cfg.Count, cfg.Wait = true, time.Second, 1, 500*time.Millisecond
	cfg.PreferPrimary = w.rng.IntN(2) == 0
	cfg.Fall, cfg.Rise = 1+w.rng.IntN(3), 1+w.rng.IntN(3)
	cfg.Hold = time.Duration(w.rng.IntN(2)) * 10 * time.Second
	for i, gateway := range []string{"192.0.2.1", "198.51.100.1"} {
		u := &cfg.Uplinks[i]
		u.Interface, u.Gateway = "eth"+strconv.Itoa(i+1), netip.MustParseAddr(gateway)
	}
	return cfg
}

// disturb lets one thing happen.
func (w *imagined) disturb() {
	i := w.rng.IntN(2)
	switch w.rng.IntN(8) {
	case 0, 1:
		w.mu.Lock()
		w.answers[i] = w.rng.IntN(3) > 0
		w.mu.Unlock()
	case 2:
		w.Set(i, true, w.rng.IntN(3) > 0)
	case 3:
		w.Set(i, w.rng.IntN(3) > 0, true)
	case 4:
		w.Flush()
	case 5:
		w.Renumber(i, byte(2+w.rng.IntN(100)))
	default:
		w.Set(i, true, true)
	}
}

func (w *imagined) works(i int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answers[i] && w.Usable(i)
}

// check holds what must be true when nothing has happened for a while.
func (w *imagined) check() {
	w.t.Helper()
	ours := w.Ours()
	if len(ours) > 1 {
		w.t.Errorf("%d default routes of ours", len(ours))
	}
	live := slices.DeleteFunc([]int{0, 1}, func(i int) bool { return !w.works(i) })
	if len(live) > 0 && (len(ours) != 1 || !slices.Contains(live, ours[0])) {
		w.t.Errorf("uplinks %v work, and the default routes lead through %v", live, ours)
	}
}

// Ask answers as whoever is beyond the uplink does.
func (w *imagined) Ask(ctx context.Context, q probe.Question) probe.Result {
	if w.works(map[string]int{"eth1": 0, "eth2": 1}[q.Path.Interface]) {
		return probe.Result{Sent: q.Count, RTTs: []time.Duration{time.Millisecond}}
	}
	select {
	case <-ctx.Done():
	case <-time.After(q.Wait):
	}
	return probe.Result{Sent: q.Count}
}

// Publish hears of everything, and says nothing.
func (w *imagined) Publish(event.Event) {}

// kernel has no connection tracking.
type kernel struct{ *uplink.Router }

func (kernel) Forget(netip.Addr) error        { return nil }
func (kernel) Prepare(netip.Addr, bool) error { return nil }
func (kernel) Replies(int) (uint64, error)    { return 0, nil }
