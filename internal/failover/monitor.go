package failover

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
	"github.com/ejgeiger/imon/internal/uplink"
)

// resync is how old the last word of the kernel may be when a round begins. A
// change is learned of at once; this is for the one whose message got lost.
const resync = 10 * time.Second

// stormy is how many changes of the kernel are acted on within a second. The
// next ones wait for its end: somebody who adds and removes addresses all the
// time must not keep a router busy with nothing else.
const stormy = 30

// Kernel is what the monitor needs of package uplink.
type Kernel interface {
	// Sync makes the uplinks' own tables and rules right and returns what the
	// kernel says now. With an error that may be something all the same; when
	// it is nothing, the states are zero.
	Sync() (uplink.Snapshot, error)
	// SetDefault lets the default route lead through uplink i. It returns nil
	// only when the kernel was read back and agrees; to repeat it is harmless.
	SetDefault(i int) error
	// Forget removes the tracked flows that leave with source address a, so that
	// they begin anew by the uplink that is active now.
	Forget(a netip.Addr) error
}

// Prober is what the monitor needs of package probe. Ping may be called from
// several goroutines; it takes a bounded time, and returns soon after ctx is done.
type Prober interface {
	Ping(ctx context.Context, request probe.EchoRequest) probe.Result
}

// Monitor keeps the default route on an uplink that works.
type Monitor struct {
	cfg     config.Failover
	kernel  Kernel
	changes <-chan struct{}
	prober  Prober
	events  event.Publisher
	control *Control
}

// New returns a monitor of cfg's two uplinks. It calls kernel.Sync whenever
// changes delivers, and hands what happens to events, from one goroutine.
func New(cfg config.Failover, kernel Kernel, changes <-chan struct{}, prober Prober, events event.Publisher) *Monitor {
	return &Monitor{cfg: cfg, kernel: kernel, changes: changes, prober: prober, events: events, control: NewControl()}
}

// Run probes and decides until ctx is done, and then returns nil. It leaves the
// default route as it is, for the next process to adopt, and no goroutine. It
// may be called again, but not twice at a time. A panic of the prober comes out
// of Run.
func (m *Monitor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	l := &loop{Monitor: m, ctx: ctx, born: time.Now(), changes: m.changes, answers: make(chan answer, 2)}
	l.state, l.snapshot.Default = begin(m.cfg, uplink.None), uplink.None
	defer l.running.Wait()
	defer cancel()
	ticker := time.NewTicker(max(m.cfg.Interval, schedule.MinPeriod))
	defer ticker.Stop()
	l.obey()
	l.sync()
	l.due = true
	for ctx.Err() == nil {
		if l.due && l.round == nil {
			l.startRound()
		}
		l.wait(ticker.C)
	}
	return nil
}

// loop is one run of a monitor. All of it belongs to the goroutine of Run,
// which alone reads and writes it; the goroutines of a round get copies and
// answer by a channel.
type loop struct {
	*Monitor
	ctx     context.Context
	born    time.Time
	running sync.WaitGroup  // the goroutines that ask
	changes <-chan struct{} // the Monitor's; nil once it is closed
	state   state

	snapshot uplink.Snapshot
	known    bool          // snapshot is what the kernel said
	mute     bool          // the last Sync failed, and that was said
	synced   time.Duration // when the last Sync succeeded
	foreign  []string      // the other default routes that were said last
	clinging bool          // flows could not be taken off an uplink, and that was said

	second time.Duration    // when the present second of changes began
	gusts  int              // the changes in it
	calm   <-chan time.Time // its end, when there are too many; else nil

	due        bool   // a round is to start as soon as none is running
	round      *round // the running one, or nil
	answers    chan answer
	unresolved [2]bool // the name of the target does not resolve, and that was said

	post    chan answer // of the check after a switch; nil when none is running
	abandon context.CancelFunc
	checked event.Uplink // by that check
}

// now is the time since the start, by the monotonic clock.
func (l *loop) now() time.Duration { return time.Since(l.born) }

// wait blocks until something happens, and deals with it. A round that is due
// while one is running is left out.
func (l *loop) wait(tick <-chan time.Time) {
	select {
	case <-l.ctx.Done():
	case <-tick:
		l.due = l.due || l.round == nil
	case _, open := <-l.heeded():
		if !open {
			l.changes = nil
		}
		l.brace()
		l.sync()
	case <-l.calm:
		l.calm = nil
	case <-l.control.wake:
		l.obey()
	case a := <-l.answers:
		l.collect(a)
	case a := <-l.post:
		l.finishPost(a)
	}
}

// heeded are the changes to act on now; none until a storm is over.
func (l *loop) heeded() <-chan struct{} {
	if l.calm != nil {
		return nil
	}
	return l.changes
}

// brace counts a change, and waits for calm when there are too many.
func (l *loop) brace() {
	now := l.now()
	if now-l.second >= time.Second {
		l.second, l.gusts = now, 0
	}
	if l.gusts++; l.gusts >= stormy {
		l.calm = time.After(l.second + time.Second - now)
	}
}

// feed hands one input to step and does what step says.
func (l *loop) feed(in input) {
	var out []output
	l.state, out = step(l.state, in)
	for _, o := range out {
		switch o := o.(type) {
		case emit:
			l.publish(o.event)
		case activate:
			l.activate(o.uplink)
		case postPing:
			l.startPost(o.uplink)
		case probeNow:
			l.due = true
		}
	}
}

// activate lets the kernel do it, and tells step how that went.
func (l *loop) activate(i int) {
	err := l.kernel.SetDefault(i)
	if err != nil {
		l.synced = -resync // what it has done to the routes is not known
	} else {
		l.snapshot.Default = i
	}
	switched := err == nil && i != l.state.active
	if switched {
		l.dropPost()
	}
	l.feed(applied{at: l.now(), uplink: i, err: err})
	if switched {
		l.forget(1 - i)
	}
}

// forget takes the flows off uplink i, which is not the active one any more.
// That it cannot be done is said once.
func (l *loop) forget(i int) {
	a := l.state.uplinks[i].address
	if !a.IsValid() {
		return
	}
	err := l.kernel.Forget(a)
	if err != nil && !l.clinging {
		l.say(event.Info, "Flows under SNAT rules may stay on the former uplink until they time out: %v", err)
	}
	l.clinging = err != nil
}

// sync asks the kernel how things are, and tells step when they have changed.
func (l *loop) sync() {
	next, err := l.kernel.Sync()
	l.sayMute(err)
	if err != nil && len(next.Uplinks) == 0 {
		return
	}
	l.sayForeign(next.Foreign)
	last, first := l.snapshot, !l.known
	l.snapshot, l.known, l.synced = next, true, l.now()
	news := first || next.Default != last.Default
	for i, s := range next.Uplinks {
		if first || s != last.Uplinks[i] || next.Specs != nil && next.Specs[i] != last.Specs[i] {
			news = true
			l.round.discard(i)
			l.due = l.due || s.Usable()
		}
	}
	if news {
		l.feed(l.observe(func(int) observation { return observation{} }))
	}
}

// observe returns the observation of this moment: offline for an uplink that
// cannot carry packets, what ask says for one that can.
func (l *loop) observe(ask func(i int) observation) observed {
	in := observed{at: l.now(), holder: l.snapshot.Default}
	for i, s := range l.snapshot.Uplinks {
		if s.Usable() {
			in.uplinks[i] = ask(i)
		} else {
			in.uplinks[i] = observation{verdict: offline, reason: s.Reason}
		}
		in.uplinks[i].address = s.Address
		in.uplinks[i].device, in.uplinks[i].gateway = l.device(i), l.gateway(i)
	}
	return in
}

// sayMute says, once until it works again, that the kernel does not comply.
func (l *loop) sayMute(err error) {
	if err != nil && !l.mute {
		l.say(event.Error, "Cannot keep the routes of the uplinks in order: %v; will try again", err)
	}
	l.mute = err != nil
}

// sayForeign says, whenever it changes, which routes win over ours.
func (l *loop) sayForeign(routes []string) {
	routes = slices.Sorted(slices.Values(routes))
	if slices.Equal(routes, l.foreign) {
		return
	}
	l.foreign = routes
	if len(routes) == 0 {
		l.say(event.Notice, "No other default route wins over imon's any more")
		return
	}
	l.say(event.Warning, "Another default route wins over imon's: %s; traffic does not follow failover", strings.Join(routes, ", "))
}

func (l *loop) say(severity event.Severity, format string, args ...any) {
	l.publish(event.Event{Kind: event.Message, Severity: severity, Text: fmt.Sprintf(format, args...)})
}

func (l *loop) publish(e event.Event) {
	e.Time, e.Monitor = time.Now(), event.Failover
	l.events.Publish(e)
}
