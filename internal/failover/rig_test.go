package failover

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

// fakeKernel does as it is told, and has no opinion.
type fakeKernel struct {
	mu       sync.Mutex
	snapshot uplink.Snapshot
	syncErr  error
	setErr   error
	sets     []string // the uplinks that SetDefault was called with, and when
	syncs    int
	now      func() time.Duration
	changes  chan struct{}

	replies, traffic uint64 // packets for the LAN so far, and between two questions about that

	prepared  []string // the addresses that Prepare was called with, and when
	forgotten []string // the addresses that Forget was called with, and when
	forgetErr error
	spares    []string // as they changed
	spareErr  error
}

func (k *fakeKernel) Sync() (uplink.Snapshot, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.syncs++
	s := k.snapshot
	s.Uplinks, s.Specs = slices.Clone(s.Uplinks), slices.Clone(s.Specs)
	return s, k.syncErr
}

func (k *fakeKernel) SetDefault(i int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sets = append(k.sets, fmt.Sprintf("%v %s", k.now(), nameOf(i)))
	if k.setErr == nil {
		k.snapshot.Default = i
	}
	return k.setErr
}

func (k *fakeKernel) SetSpare(i int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.spares); n == 0 || k.spares[n-1] != nameOf(i) {
		k.spares = append(k.spares, nameOf(i))
	}
	return k.spareErr
}

func (k *fakeKernel) Replies(int) (uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.replies += k.traffic
	return k.replies, nil
}

func (k *fakeKernel) Prepare(a netip.Addr, urgent bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	how := ""
	if urgent {
		how = " urgent"
	}
	k.prepared = append(k.prepared, fmt.Sprintf("%v %s%s", k.now(), a, how))
	return nil
}

func (k *fakeKernel) Forget(a netip.Addr) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgotten = append(k.forgotten, fmt.Sprintf("%v %s", k.now(), a))
	return k.forgetErr
}

// quietly changes the kernel; change also tells of it.
func (k *fakeKernel) quietly(f func(s *uplink.Snapshot)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.snapshot)
}

func (k *fakeKernel) change(f func(s *uplink.Snapshot)) {
	k.quietly(f)
	k.changes <- struct{}{}
}

func (k *fakeKernel) route() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.snapshot.Default
}

// counted returns how often Sync was called.
func (k *fakeKernel) counted() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.syncs
}

// attempts returns the calls of SetDefault.
func (k *fakeKernel) attempts() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.sets)
}

// fakeProber answers at once, unless a target has an answer of its own.
type fakeProber struct {
	mu        sync.Mutex
	answers   map[string]func(context.Context, probe.Question) probe.Result
	asked     []string // "TIME INTERFACE TARGET"
	last      probe.Question
	questions []probe.Question // all of them
	now       func() time.Duration
}

func (p *fakeProber) Ask(ctx context.Context, r probe.Question) probe.Result {
	p.mu.Lock()
	p.asked = append(p.asked, fmt.Sprintf("%v %s %s", p.now(), r.Path.Interface, r.Target))
	p.last = r
	p.questions = append(p.questions, r)
	answer := p.answers[r.Target]
	p.mu.Unlock()
	if answer == nil {
		answer = alive
	}
	return answer(ctx, r)
}

// on sets how a target answers from now on.
func (p *fakeProber) on(target string, answer func(context.Context, probe.Question) probe.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[target] = answer
}

// latest returns the request that was put last.
func (p *fakeProber) latest() probe.Question {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// times returns when the requests of an interface were put, of all when it is "".
func (p *fakeProber) times(device string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var times []string
	for _, a := range p.asked {
		if f := strings.Fields(a); device == "" || f[1] == device {
			times = append(times, f[0])
		}
	}
	return strings.Join(times, " ")
}

func alive(context.Context, probe.Question) probe.Result {
	return probe.Result{Address: address(0), Sent: 2, RTTs: []time.Duration{time.Millisecond}}
}

// silent takes the whole time of a round, as nobody answers.
func silent(ctx context.Context, r probe.Question) probe.Result {
	select {
	case <-ctx.Done():
		return probe.Result{Err: fmt.Errorf("%w: %w", probe.ErrLocal, ctx.Err())}
	case <-time.After(time.Duration(r.Count-1)*r.Spacing + r.Wait):
		return probe.Result{Address: address(0), Sent: r.Count}
	}
}

// failing is a prober that cannot put its question.
func failing(err error) func(context.Context, probe.Question) probe.Result {
	return func(context.Context, probe.Question) probe.Result { return probe.Result{Err: err} }
}

// events keeps what was published as "TIME TEXT".
type events struct {
	mu      sync.Mutex
	lines   []string
	results []event.Event
	bad     []event.Event // without a time or the monitor's name
	now     func() time.Duration
}

func (e *events) Publish(ev event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ev.Kind == event.FailoverResult {
		e.results = append(e.results, ev)
	} else {
		e.lines = append(e.lines, fmt.Sprintf("%v %s", e.now(), eventText(ev)))
	}
	if ev.Monitor != event.Failover || ev.Time.IsZero() {
		e.bad = append(e.bad, ev)
	}
}

// rig is a monitor with all around it, in a bubble with a clock of its own.
type rig struct {
	t       *testing.T
	kernel  *fakeKernel
	prober  *fakeProber
	events  *events
	cfg     config.Failover
	control *Control
	start   time.Time
	seen    int // lines that want has read
}

// inRig runs a monitor as before sets it up, and test beside it. In the end the
// monitor must stop at once and leave the route.
func inRig(t *testing.T, before, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		if before != nil {
			before(r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		m := New(event.Failover, r.cfg, r.kernel, r.kernel.changes, r.prober, r.events).Obey(r.control)
		go func() { done <- m.Run(ctx) }()
		synctest.Wait()
		test(r)
		route, stopped := r.kernel.route(), r.now()
		cancel()
		if err := <-done; err != nil || r.now() != stopped || r.kernel.route() != route {
			t.Errorf("Run returned %v after %v with the route at %d instead of %d", err, r.now()-stopped, r.kernel.route(), route)
		}
		if len(r.events.bad) > 0 {
			t.Errorf("without Time or Monitor: %+v", r.events.bad)
		}
	})
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, start: time.Now(), cfg: testConfig(), control: NewControl()}
	r.kernel = &fakeKernel{now: r.now, changes: make(chan struct{}, 1)}
	r.kernel.snapshot = uplink.Snapshot{Uplinks: []uplink.State{
		{Index: 2, Up: true, Address: address(0)},
		{Index: 3, Up: true, Address: address(1)},
	}, Default: uplink.None}
	r.prober = &fakeProber{answers: map[string]func(context.Context, probe.Question) probe.Result{}, now: r.now}
	r.events = &events{now: r.now}
	return r
}

func (r *rig) now() time.Duration { return time.Since(r.start) }

// until lets time pass until d after the start, and everything happen that
// happens until then.
func (r *rig) until(d time.Duration) {
	time.Sleep(d - r.now())
	synctest.Wait()
}

// want compares the lines since the last want.
func (r *rig) want(lines ...string) {
	r.t.Helper()
	synctest.Wait()
	r.events.mu.Lock()
	defer r.events.mu.Unlock()
	if got := r.events.lines[r.seen:]; !slices.Equal(got, lines) {
		r.t.Errorf("events until %v:\n  %s\nwant:\n  %s", r.now(), strings.Join(got, "\n  "), strings.Join(lines, "\n  "))
	}
	r.seen = len(r.events.lines)
}

// skip passes over the lines so far.
func (r *rig) skip() {
	synctest.Wait()
	r.events.mu.Lock()
	defer r.events.mu.Unlock()
	r.seen = len(r.events.lines)
}

// gateways of the two uplinks, which are their targets too.
const gateway1, gateway2 = "10.0.1.1", "10.0.2.1"

func down(reason string) uplink.State { return uplink.State{Index: 2, Reason: reason} }
func up(i int) uplink.State           { return uplink.State{Index: 2 + i, Up: true, Address: address(i)} }
