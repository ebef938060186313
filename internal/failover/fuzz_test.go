package failover

import (
	"errors"
	"github.com/ejgeiger/imon/internal/quality"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

// world is a kernel and some uplinks out of somebody's imagination, and what must
// be true of step in each of them.
type world struct {
	t     testing.TB
	state state
	now   time.Duration
	at    time.Duration // of the last input

	route  int  // whose default route the kernel has
	asked  int  // the uplink of the activate in flight, or idle
	hidden bool // the kernel has changed, and step was not told
	failed bool // the last activate was not applied
	alike  []history

	transition string // the last one
	acts       int    // activates so far
	inputs     []input
}

// history is what the last verdicts on one uplink were, without unknown ones.
type history struct {
	verdict verdict
	rounds  int  // in a row
	blind   int  // rounds in a row without any
	sure    bool // it was a fact, and no round
}

// newWorld makes a world whose settings are in the bits of flags and more.
func newWorld(t testing.TB, flags, more byte) *world {
	cfg := testConfig()
	cfg.PreferPrimary = flags&1 != 0
	cfg.Uplinks[standby].PostTarget = "example.com"
	if flags&8 != 0 {
		cfg.Further = []config.Uplink{{Interface: "wwan0", Name: "lte", Gateway: netip.MustParseAddr("10.0.3.1")}}
	}
	cfg.WithdrawWhenDown = flags&16 != 0
	cfg.Fall, cfg.Rise = 1+int(flags>>5)%3, 1+int(more)%3
	cfg.Hold, cfg.HoldMax = time.Duration(more>>2&3)*10*time.Second, time.Minute
	if more&16 != 0 {
		cfg.Quality = config.Quality{Window: time.Minute, FailureLoss: 0.3, RecoveryLoss: 0.1}
	}
	cfg.PassiveRounds = int(more>>5) & 3
	w := &world{t: t, route: int(flags>>1)%3 - 1, asked: idle}
	w.state = begin(cfg, w.route)
	w.alike = make([]history, len(w.state.all))
	return w
}

// do lets one thing happen; detail says how.
func (w *world) do(what, detail byte) {
	w.now += time.Duration(detail) * 50 * time.Millisecond
	n := len(w.alike)
	switch what % 9 {
	case 0, 1, 2:
		w.observe(true, w.mix(pick, detail))
	case 3:
		w.observe(false, w.mix(lost, detail))
	case 4:
		w.route = uplink.None
		w.observe(false, make([]verdict, n))
	case 5:
		w.route = int(detail)%(n+1) - 1
		w.observe(detail&8 != 0, make([]verdict, n))
	case 6:
		w.answer(nil)
	case 7:
		w.answer(errors.New("no"))
		if detail&1 != 0 {
			w.route, w.hidden = uplink.None, true
		}
	case 8:
		w.step(forced{at: w.now, uplink: int(detail)%(n+1) - 1})
	}
	w.checkRest()
}

// mix is a verdict for each uplink out of the bits of detail.
func (w *world) mix(one func(byte) verdict, detail byte) []verdict {
	all := make([]verdict, len(w.alike))
	for i := range all {
		all[i] = one(detail>>(3*i) | detail<<(8-3*i))
	}
	return all
}

// pick is a verdict: often online, seldom unknown.
func pick(b byte) verdict {
	return [...]verdict{online, online, online, offline, offline, offline, online, unknown}[b&7]
}

// lost is what a change in the kernel may say.
func lost(b byte) verdict {
	return [...]verdict{unknown, unknown, unknown, unknown, unknown, offline, offline, offline}[b&7]
}

func (w *world) observe(isRound bool, verdicts []verdict) {
	in := observed{at: w.now, round: isRound, holder: w.route, uplinks: make([]observation, len(verdicts))}
	for i, v := range verdicts {
		o := observation{verdict: v, address: address(i), replies: evidence(w.now % 3)}
		if isRound && v != unknown {
			o.sample = quality.Sample{Sent: 4, Received: 4 - int(w.now/time.Second)%4, RTT: time.Millisecond}
		}
		in.uplinks[i] = o
		w.alike[i].add(v, isRound)
	}
	w.hidden = false
	w.step(in)
	for i := range verdicts {
		w.checkVerdict(i)
	}
}

func (e *history) add(v verdict, isRound bool) {
	switch {
	case v == unknown && isRound:
		e.blind++
	case v == unknown:
	case v != e.verdict:
		*e = history{verdict: v, rounds: 1, sure: !isRound}
	default:
		e.rounds, e.blind, e.sure = e.rounds+1, 0, e.sure || !isRound
	}
}

// checkVerdict checks that facts count at once, and rounds when there were enough
// of them in a row.
func (w *world) checkVerdict(i int) {
	e, cfg := w.alike[i], w.state.cfg
	enough := e.sure || e.rounds > max(cfg.Fall, cfg.Rise)+cfg.PassiveRounds
	if got := w.state.uplinks[i].verdict; e.verdict != unknown && enough && got != e.verdict {
		w.fail("%d is %v after %d times %v", i, got, e.rounds, e.verdict)
	}
}

func (w *world) answer(err error) {
	if w.asked == idle {
		return
	}
	i := w.asked
	w.asked, w.failed = idle, err != nil
	if err == nil {
		w.route, w.hidden = i, false
	}
	w.step(applied{at: w.now, uplink: i, err: err})
}

func (w *world) step(in input) {
	w.inputs = append(w.inputs, in)
	w.at = w.now
	before := w.state
	kept := slices.Clone(before.uplinks)
	var out []output
	w.state, out = step(w.state, in)
	if !slices.Equal(kept, before.uplinks) {
		w.fail("step has changed the state that it was given")
	}
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
	if w.asked != idle {
		w.fail("activate %d while %d is in flight", i, w.asked)
	}
	switch {
	case i == uplink.None && (w.state.anyOnline() || !w.state.cfg.WithdrawWhenDown):
		w.fail("withdrawn, for no reason")
	case i != uplink.None && (!w.state.started || w.state.uplinks[i].verdict != online && (w.state.anyOnline() || !w.state.uplinks[i].guessed)):
		w.fail("activate %d, which is not online", i)
	}
	w.asked = i
	w.acts++
}

func (w *world) checkEvent(e event.Event) {
	switch {
	case e.Kind == event.FailoverBothDown:
		if w.state.anyOnline() {
			w.fail("all are said to be down")
		}
	case e.Kind.Activates():
		if w.failed || event.Role(w.route) != e.Uplink.Role {
			w.fail("announced %s, whose route is not there", e.Uplink.Role)
		}
	default:
		return
	}
	name := string(e.Kind) + e.Uplink.Role
	if name == w.transition {
		w.fail("%s twice in a row", name)
	}
	w.transition = name
}

// checkRest says what must be true when nothing is in flight, and what was
// tried last did work.
func (w *world) checkRest() {
	if w.asked != idle || !w.state.started || w.failed || w.hidden {
		return
	}
	active := w.state.active
	if !w.state.anyOnline() && (active == uplink.None || !w.state.uplinks[active].guessed) {
		if active != uplink.None || !strings.HasPrefix(w.transition, string(event.FailoverBothDown)) {
			w.fail("all are down, and that was not said")
		}
		if w.state.cfg.WithdrawWhenDown && w.route != uplink.None {
			w.fail("all are down, and the route is there")
		}
		return
	}
	if active == uplink.None || w.state.uplinks[active].verdict != online && w.state.anyOnline() {
		w.fail("%d is active, which is not online", active)
	}
	if active != w.route && w.state.uplinks[active].removals.count < maxPutBacks {
		w.fail("%d is active, but the route leads through %d", active, w.route)
	}
	w.checkChoice(active)
}

// checkChoice says which of several uplinks that are online must be the active one.
func (w *world) checkChoice(active int) {
	usable := func(i int) bool { return w.state.uplinks[i].verdict == online && !w.state.uplinks[i].failed }
	if f := w.state.forced; f != uplink.None && usable(f) {
		if active != f {
			w.fail("%d is forced and online, and not active", f)
		}
		return
	}
	for i, u := range w.state.uplinks {
		better := w.state.cfg.PreferPrimary && i < active && w.at-u.well >= u.hold && u.degraded == w.state.uplinks[active].degraded
		cleaner := w.state.uplinks[active].degraded && !u.degraded
		if usable(i) && i != active && (better || cleaner) {
			w.fail("%d is better than %d, and not active", i, active)
		}
	}
}

// calm lets rounds with nothing new end, and every activate be applied: the
// state that remains must be right without exception.
func (w *world) calm() {
	w.answer(nil)
	w.observe(true, make([]verdict, len(w.alike)))
	for range 3 {
		w.answer(nil)
	}
	w.checkRest()
	if w.asked != idle {
		w.fail("it does not come to rest")
	}
	if a := w.state.active; a != uplink.None && a != w.route {
		w.fail("%d is active, but the route leads through %d", a, w.route)
	}
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Logf("%+v", w.state.cfg)
	for _, in := range w.inputs[max(0, len(w.inputs)-20):] {
		w.t.Logf("%+v", in)
	}
	w.t.Fatalf(format, args...)
}

// FuzzStep plays what data says: two bytes of settings, then pairs of what happens and how.
func FuzzStep(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x06\x00\x04\x00\x06\x00\x00\x1b\x00\x03\x06\x00"))     // failover, both down, return
	f.Add([]byte("\x01\x00\x00\x03\x06\x00\x00\x00\x07\x01\x00\x00\x06\x00"))             // failback that fails once
	f.Add([]byte("\x02\x00\x00\x07\x00\x07\x00\x07\x06\x00\x03\x28\x00\x00\x06\x00"))     // blind at the start
	f.Add([]byte("\x04\x00\x00\x00\x06\x00\x03\x05\x00\x03\x05\x02\x06\x00\x05\x08\x06")) // in flight
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 || len(data) > 200 {
			return
		}
		w := newWorld(t, data[0], data[1])
		for rest := data[2:]; len(rest) >= 2; rest = rest[2:] {
			w.do(rest[0], rest[1])
		}
		w.calm()
	})
}

// TestManyRandomEvents is the same with a million events, most of them with an
// activate that is applied soon.
func TestManyRandomEvents(t *testing.T) {
	events, acts := 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, byte(r.Uint32()), byte(r.Uint32()))
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
	w := newWorld(b, 0, 0)
	w.observe(true, []verdict{online, online})
	w.answer(nil)
	in := observed{round: true, holder: primary}
	in.uplinks = []observation{{verdict: online, address: address(0)}, {verdict: online, address: address(1)}}
	b.ReportAllocs()
	for b.Loop() {
		in.at += time.Second
		w.state, _ = step(w.state, in)
	}
}

// BenchmarkStepFailover is a switch and its result, there and back.
func BenchmarkStepFailover(b *testing.B) {
	s := begin(testConfig(), uplink.None)
	s, _ = step(s, observed{round: true, holder: uplink.None, uplinks: []observation{{verdict: online}, {verdict: online}}})
	s, _ = step(s, applied{uplink: primary})
	b.ReportAllocs()
	for b.Loop() {
		for i, v := range [][]verdict{{online, offline}, {offline, online}} {
			s, _ = step(s, observed{round: true, holder: i, uplinks: []observation{{verdict: v[0]}, {verdict: v[1]}}})
			s, _ = step(s, applied{uplink: i})
		}
	}
}
