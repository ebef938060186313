package failover

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

// resync is how old the last word of the kernel may be when a round begins. A
// change is learned of at once; this is for the one whose message got lost.
const resync = 10 * time.Second

// Kernel is what the monitor needs of package uplink.
type Kernel interface {
	// Sync makes the uplinks' own tables and rules right and returns what the
	// kernel says now. With an error that may be something all the same; when
	// it is nothing, there are no states.
	Sync() (uplink.Snapshot, error)
	// Prepare gets ready to remove the tracked flows that leave with source address a
	// in the moment in which the next SetDefault moves the route; if that is urgent,
	// those that are found at once.
	Prepare(a netip.Addr, urgent bool) error
	// SetDefault lets the default route lead through uplink i; uplink.None
	// withdraws it. It returns nil only when the kernel was read back and agrees;
	// to repeat it is harmless.
	SetDefault(i int) error
	// SetSpare keeps a default route through uplink i for the moment in which the
	// kernel has lost the other one, or none with uplink.None; to repeat it is harmless.
	SetSpare(i int) error
	// Replies returns how many packets the LAN's own flows have received by uplink
	// i so far, as well as that can be told. Only growth counts.
	Replies(i int) (uint64, error)
	// Forget removes the tracked flows that leave with source address a, so that
	// they begin anew by the uplink that is active now.
	Forget(a netip.Addr) error
}

// Prober is what the monitor needs of package probe. Ask may be called from
// several goroutines; it takes a bounded time, and returns soon after ctx is done.
type Prober interface {
	Ask(ctx context.Context, question probe.Question) probe.Result
}

// Monitor keeps the default route on an uplink that works.
type Monitor struct {
	name    string
	cfg     config.Failover
	kernel  Kernel
	changes <-chan struct{}
	prober  Prober
	events  event.Publisher
	control *Control
}

// New returns a monitor of cfg's uplinks, whose events have that monitor name. It
// calls kernel.Sync whenever changes delivers, and hands what happens to events,
// from one goroutine.
func New(name string, cfg config.Failover, kernel Kernel, changes <-chan struct{}, prober Prober, events event.Publisher) *Monitor {
	if cfg.DryRun {
		kernel = &spectator{Kernel: kernel}
	}
	return &Monitor{name: name, cfg: cfg, kernel: kernel, changes: changes, prober: prober, events: events, control: NewControl()}
}

// Run probes and decides until ctx is done, and then returns nil. It leaves the
// default route as it is, for the next process to adopt, and no goroutine. It
// may be called again, but not twice at a time. A panic of the prober comes out
// of Run.
func (m *Monitor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	l := &loop{Monitor: m, ctx: ctx, born: time.Now(), changes: m.changes, state: begin(m.cfg, uplink.None), started: -minGap, spare: uplink.None}
	l.snapshot.Default = uplink.None
	l.answers = make(chan answer, maxRounds*l.questions())
	l.targets = newTargets(l.state.all)
	l.unresolved, l.replies = make([]bool, len(l.state.all)), make([]*uint64, len(l.state.all))
	defer l.running.Wait()
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	l.obey()
	l.sync()
	l.due = true
	for ctx.Err() == nil {
		l.keepSpare()
		now := l.now()
		if now >= l.next(now) {
			l.startRound()
		}
		timer.Reset(l.next(now) - l.now())
		l.wait(timer.C)
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
	synced   time.Duration // when the last Sync succeeded
	spare    int           // as SetSpare was told last
	doubtful bool          // the spare may have gone since
	said     remarks
	weather  weather

	due        bool          // a round is to start now, and not only at the next point of the grid
	point      time.Duration // the last point of the grid at which a round was due
	started    time.Duration // when the last round began
	rounds     []*round      // that are running, in the order in which they began
	answers    chan answer
	targets    targets
	replies    []*uint64 // to the LAN by each uplink, when its last round failed; nil when it did not
	unresolved []bool    // a name among the uplink's targets does not resolve, and that was said

	post    chan answer // of the check after a switch; nil when none is running
	abandon context.CancelFunc
	checked event.Uplink // by that check
}

// now is the time since the start, by the monotonic clock.
func (l *loop) now() time.Duration { return time.Since(l.born) }

// wait blocks until something happens, and deals with it.
func (l *loop) wait(tick <-chan time.Time) {
	select {
	case <-l.ctx.Done():
	case <-tick:
	case _, open := <-l.weather.heeded(l.changes):
		if !open {
			l.changes = nil
		}
		l.weather.brace(l.now())
		l.sync()
	case <-l.weather.calm:
		l.weather.calm = nil
	case <-l.control.wake:
		l.obey()
	case a := <-l.answers:
		l.collect(a)
	case a := <-l.post:
		l.finishPost(a)
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
	former := l.state.active
	if former != i && i != uplink.None && former != uplink.None {
		_ = l.kernel.Prepare(l.state.uplinks[former].address, !l.state.isOnline(former)) // Forget tells why not
	}
	err := l.kernel.SetDefault(i)
	if err != nil {
		l.synced = -resync // what it has done to the routes is not known
	} else {
		l.snapshot.Default = i
	}
	switched := err == nil && i != former && i != uplink.None
	if switched {
		l.dropPost()
	}
	l.feed(applied{at: l.now(), uplink: i, err: err})
	if switched {
		l.forget(i)
	}
}

// keepSpare lets the kernel have the spare that step wants now.
func (l *loop) keepSpare() {
	want := l.state.spare()
	if want == l.spare && !l.doubtful {
		return
	}
	l.spare, l.doubtful = want, false
	l.saySpareless(l.kernel.SetSpare(want))
}

// forget takes the flows off all uplinks but i, which is the active one now. That
// it cannot be done is said once.
func (l *loop) forget(i int) {
	var failed error
	for j, u := range l.state.uplinks {
		if j == i || !u.address.IsValid() || u.address == l.state.uplinks[i].address {
			continue
		}
		if err := l.kernel.Forget(u.address); err != nil {
			failed = err
		}
	}
	l.sayClinging(failed)
}

// sync asks the kernel how things are, and tells step when they have changed.
func (l *loop) sync() {
	next, err := l.kernel.Sync()
	l.sayMute(err)
	if err != nil && len(next.Uplinks) == 0 {
		return
	}
	l.saySnapshot(next)
	last, first := l.snapshot, !l.known
	l.snapshot, l.known, l.synced, l.doubtful = next, true, l.now(), true
	news := first || next.Default != last.Default
	changed := make([]bool, len(next.Uplinks))
	for i, s := range next.Uplinks {
		if first || s != last.Uplinks[i] || l.spec(next, i) != l.spec(last, i) {
			news, changed[i] = true, !first
			l.discard(i)
			l.due = l.due || s.Usable()
		}
	}
	if news {
		l.feed(l.observe(func(i int) observation { return observation{changed: changed[i]} }))
	}
}

// observe returns the observation of this moment: offline for an uplink that
// cannot carry packets, what ask says for one that can.
func (l *loop) observe(ask func(i int) observation) observed {
	in := observed{at: l.now(), holder: l.snapshot.Default, uplinks: make([]observation, len(l.state.all))}
	for i := range in.uplinks {
		o := ask(i)
		if i < len(l.snapshot.Uplinks) {
			s := l.snapshot.Uplinks[i]
			if !s.Usable() {
				o = observation{verdict: offline, reason: s.Reason, changed: o.changed}
			}
			o.address = s.Address
		}
		if spec := l.spec(l.snapshot, i); spec.Direct || spec.Gateway.IsValid() {
			o.device, o.gateway = spec.Interface, spec.Gateway
		}
		in.uplinks[i] = o
	}
	return in
}

// spec is uplink i as a snapshot has it, and before there is one, as configured.
func (l *loop) spec(s uplink.Snapshot, i int) uplink.Spec {
	if i < len(s.Specs) {
		return s.Specs[i]
	}
	c := l.state.all[i]
	spec := uplink.Spec{Interface: c.Interface, Direct: c.NoGateway()}
	if !c.AutoGateway() && !c.NoGateway() {
		spec.Gateway = c.Gateway
	}
	return spec
}
