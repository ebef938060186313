package failover

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// world is a kernel and a pair of uplinks out of somebody's imagination, and
// what must be true of step in each of them.
type world struct {
	t     testing.TB
	state state
	now   time.Duration

	route    int  // whose default route the kernel has
	asked    int  // the uplink of the activate in flight
	hidden   bool // the kernel has changed, and step was not told
	failed   bool // the last activate was not applied
	verdicts [2]verdict
	blind    [2]int
	started  bool

	transition event.Kind // the last one
	acts       int        // activates so far
	inputs     []input
}

func newWorld(t testing.TB, flags byte) *world {
	cfg := testConfig()
	cfg.PreferPrimary = flags&1 != 0
	cfg.Uplinks[standby].PostTarget = "example.com"
	w := &world{t: t, route: int(flags>>1)%3 - 1, asked: uplink.None}
	w.state = begin(cfg, w.route)
	return w
}

// do lets one thing happen; detail says how.
func (w *world) do(what, detail byte) {
	w.now += time.Duration(detail) * 50 * time.Millisecond
	switch what % 9 {
	case 0, 1, 2:
		w.observe(true, [2]verdict{pick(detail), pick(detail >> 3)})
	case 3:
		w.observe(false, [2]verdict{lost(detail), lost(detail >> 3)})
	case 4:
		w.route = uplink.None
		w.observe(false, [2]verdict{})
	case 5:
		w.route = int(detail)%3 - 1
		w.observe(detail&8 != 0, [2]verdict{})
	case 6:
		w.answer(nil)
	case 7:
		w.answer(errors.New("no"))
		if detail&1 != 0 {
			w.route, w.hidden = uplink.None, true
		}
	case 8:
		w.step(forced{int(detail)%3 - 1})
	}
	w.checkRest()
}

// pick is a verdict: often online, seldom unknown.
func pick(b byte) verdict {
	return [...]verdict{online, online, online, offline, offline, offline, online, unknown}[b&7]
}

// lost is what a change in the kernel may say.
func lost(b byte) verdict {
	return [...]verdict{unknown, unknown, unknown, unknown, unknown, offline, offline, offline}[b&7]
}

func (w *world) observe(isRound bool, verdicts [2]verdict) {
	in := observed{at: w.now, round: isRound, holder: w.route}
	for i, v := range verdicts {
		in.uplinks[i] = observation{verdict: v, address: address(i)}
		w.expect(i, v, isRound)
	}
	w.started = w.started || w.verdicts[primary] != unknown && w.verdicts[standby] != unknown
	w.hidden = false
	w.step(in)
}

// expect is the verdict that counts after an observation.
func (w *world) expect(i int, v verdict, isRound bool) {
	switch {
	case v != unknown:
		w.verdicts[i], w.blind[i] = v, 0
	case isRound:
		w.blind[i]++
	}
	if w.blind[i] == patience && w.verdicts[i] == unknown {
		w.verdicts[i] = offline
	}
}

func (w *world) answer(err error) {
	if w.asked == uplink.None {
		return
	}
	i := w.asked
	w.asked, w.failed = uplink.None, err != nil
	if err == nil {
		w.route, w.hidden = i, false
	}
	w.step(applied{at: w.now, uplink: i, err: err})
}

func (w *world) step(in input) {
	w.inputs = append(w.inputs, in)
	var out []output
	w.state, out = step(w.state, in)
	for _, o := range out {
		switch o := o.(type) {
		case activate:
			w.checkActivate(o.uplink)
		case emit:
			w.checkEvent(o.event)
		}
	}
}

func (w *world) checkActivate(i int) {
	if w.asked != uplink.None {
		w.fail("activate %d while %d is in flight", i, w.asked)
	}
	if !w.started || w.verdicts[i] != online {
		w.fail("activate %d, which is not online", i)
	}
	w.asked = i
	w.acts++
}

func (w *world) checkEvent(e event.Event) {
	switch e.Kind {
	case event.FailoverBothDown:
		if w.verdicts[primary] == online || w.verdicts[standby] == online {
			w.fail("both are said to be down")
		}
	case event.FailoverPrimary, event.FailoverStandby:
		if w.failed || w.state.describe(w.route).Role != e.Uplink.Role {
			w.fail("announced %s, whose route is not there", e.Uplink.Role)
		}
	default:
		return
	}
	if e.Kind == w.transition {
		w.fail("%s twice in a row", e.Kind)
	}
	w.transition = e.Kind
}

// checkRest says what must be true when nothing is in flight, and what was
// tried last did work.
func (w *world) checkRest() {
	if w.asked != uplink.None || !w.started || w.failed || w.hidden {
		return
	}
	active := w.state.active
	if w.verdicts[primary] != online && w.verdicts[standby] != online {
		if active != uplink.None || w.transition != event.FailoverBothDown {
			w.fail("both are down, and that was not said")
		}
		return
	}
	if active == uplink.None || w.verdicts[active] != online {
		w.fail("%d is active, which is not online", active)
	}
	if active != w.route && w.state.uplinks[active].removals.count < maxPutBacks {
		w.fail("%d is active, but the route leads through %d", active, w.route)
	}
	preferred := w.state.forced
	if preferred == uplink.None && w.state.cfg.PreferPrimary {
		preferred = primary
	}
	if preferred == uplink.None || w.state.uplinks[preferred].failed {
		return
	}
	if w.verdicts[preferred] == online && active != preferred {
		w.fail("%d is preferred and online, and not active", preferred)
	}
}

// calm lets a round with nothing new end, and every activate be applied: the
// state that remains must be right without exception.
func (w *world) calm() {
	w.answer(nil)
	w.observe(true, [2]verdict{})
	for range 3 {
		w.answer(nil)
	}
	w.checkRest()
	if w.asked != uplink.None {
		w.fail("it does not come to rest")
	}
	if a := w.state.active; a != uplink.None && a != w.route {
		w.fail("%d is active, but the route leads through %d", a, w.route)
	}
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, in := range w.inputs[max(0, len(w.inputs)-20):] {
		w.t.Logf("%+v", in)
	}
	w.t.Fatalf(format, args...)
}

// FuzzStep plays what data says: a byte of flags, then pairs of what happens and how.
func FuzzStep(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x06\x00\x04\x00\x06\x00\x00\x1b\x00\x03\x06\x00"))     // failover, both down, return
	f.Add([]byte("\x01\x00\x03\x06\x00\x00\x00\x07\x01\x00\x00\x06\x00"))             // failback that fails once
	f.Add([]byte("\x02\x00\x07\x00\x07\x00\x07\x06\x00\x03\x28\x00\x00\x06\x00"))     // blind at the start
	f.Add([]byte("\x04\x00\x00\x06\x00\x03\x05\x00\x03\x05\x02\x06\x00\x05\x08\x06")) // in flight
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 200 {
			return
		}
		w := newWorld(t, data[0])
		for rest := data[1:]; len(rest) >= 2; rest = rest[2:] {
			w.do(rest[0], rest[1])
		}
		w.calm()
	})
}

// TestManyRandomEvents is the same with half a million events, most of them with an
// activate that is applied soon.
func TestManyRandomEvents(t *testing.T) {
	events, acts := 0, 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, byte(seed))
		for range 500 {
			w.do(byte(r.Uint32()), byte(r.Uint32()))
			if r.IntN(3) > 0 {
				w.answer(nil)
			}
		}
		w.calm()
		events, acts = events+500, acts+w.acts
	}
	if acts < events/20 {
		t.Errorf("only %d activates in %d events: the test does not reach much", acts, events)
	}
}

// BenchmarkStepRound is the usual case: a round that changes nothing.
func BenchmarkStepRound(b *testing.B) {
	w := newWorld(b, 0)
	w.observe(true, [2]verdict{online, online})
	w.answer(nil)
	in := observed{round: true, holder: primary}
	in.uplinks = [2]observation{{verdict: online, address: address(0)}, {verdict: online, address: address(1)}}
	b.ReportAllocs()
	for b.Loop() {
		in.at += time.Second
		w.state, _ = step(w.state, in)
	}
}

// BenchmarkStepFailover is a switch and its result, there and back.
func BenchmarkStepFailover(b *testing.B) {
	s := begin(testConfig(), uplink.None)
	s, _ = step(s, observed{round: true, holder: uplink.None, uplinks: [2]observation{{verdict: online}, {verdict: online}}})
	s, _ = step(s, applied{uplink: primary})
	b.ReportAllocs()
	for b.Loop() {
		for i, v := range [2][2]verdict{{online, offline}, {offline, online}} {
			s, _ = step(s, observed{round: true, holder: i, uplinks: [2]observation{{verdict: v[0]}, {verdict: v[1]}}})
			s, _ = step(s, applied{uplink: i})
		}
	}
}
