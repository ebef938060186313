package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// round is one round of probes of both uplinks.
type round struct {
	cancel  [2]context.CancelFunc // nil for an uplink that is not probed
	answers [2]answer
	stale   [2]bool // the uplink changed since the round began
	pending int     // the answers that are still to come
}

// discard gives up on uplink i, whose answer would be about a past state. The
// other one's answer still counts.
func (r *round) discard(i int) {
	if r == nil {
		return
	}
	r.stale[i] = true
	if r.cancel[i] != nil {
		r.cancel[i]()
	}
}

// answer is what one of the goroutines that ask found out.
type answer struct {
	uplink     int
	target     string // who was asked
	result     probe.Result
	unresolved bool   // the target has no address; the gateway was probed instead
	crash      string // the panic that ended it, with its stack
}

// startRound starts to probe the uplinks that can carry packets.
func (l *loop) startRound() {
	l.due = false
	if !l.known || l.mute || l.now()-l.synced >= resync {
		l.sync()
		l.due = false
	}
	l.round = &round{}
	for i, s := range l.snapshot.Uplinks {
		if l.known && s.Usable() {
			l.ask(i)
		}
	}
	if l.round.pending == 0 {
		l.finishRound()
	}
}

// ask starts to probe uplink i.
func (l *loop) ask(i int) {
	gateway := l.gateway(i).String()
	request := l.request(i, cmp.Or(l.target(i), gateway))
	var ctx context.Context
	ctx, l.round.cancel[i] = context.WithCancel(l.ctx)
	l.round.pending++
	l.spawn(l.answers, func() answer {
		a := answer{uplink: i, target: request.Target, result: l.prober.Ping(ctx, request)}
		if errors.Is(a.result.Err, probe.ErrResolve) && ctx.Err() == nil {
			// A name server that is down must not cut anybody off.
			request.Target, a.target, a.unresolved = gateway, gateway, true
			a.result = l.prober.Ping(ctx, request)
		}
		return a
	})
}

// request is a round of echo requests to target by the path of uplink i as it
// is now.
func (l *loop) request(i int, target string) probe.EchoRequest {
	return probe.EchoRequest{
		Target:  target,
		Path:    probe.Path{Source: l.snapshot.Uplinks[i].Address, Interface: l.device(i)},
		Count:   l.cfg.Count,
		Spacing: schedule.Spacing(l.cfg.Interval, l.cfg.Count),
		Wait:    l.cfg.Wait,
	}
}

// target is who is asked about uplink i, "" for its gateway.
func (l *loop) target(i int) string { return strings.Join(l.cfg.Uplinks[i].Targets, ",") }

// device is the device through which uplink i leads now, "" when that is not known.
func (l *loop) device(i int) string {
	if len(l.snapshot.Specs) == 0 {
		return l.cfg.Uplinks[i].Interface
	}
	return l.snapshot.Specs[i].Interface
}

// gateway is the gateway of uplink i now, invalid when it is not known.
func (l *loop) gateway(i int) netip.Addr {
	if len(l.snapshot.Specs) == 0 {
		return l.cfg.Uplinks[i].Gateway
	}
	return l.snapshot.Specs[i].Gateway
}

// spawn runs ask in a goroutine of its own. Its answer goes to to, which must
// have room for it, so that no answer ever waits for a reader.
func (l *loop) spawn(to chan<- answer, ask func() answer) {
	l.running.Go(func() { to <- guarded(ask) })
}

// guarded turns a panic of ask into an answer: nobody could catch it in the
// goroutine in which it happens.
func guarded(ask func() answer) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a.crash = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	return ask()
}

// collect takes one answer of the running round.
func (l *loop) collect(a answer) {
	if a.crash != "" {
		panic(a.crash)
	}
	l.round.answers[a.uplink] = a
	l.round.cancel[a.uplink]()
	if l.round.pending--; l.round.pending == 0 && l.ctx.Err() == nil {
		l.finishRound()
	}
}

// finishRound tells step what the round found out.
func (l *loop) finishRound() {
	r := l.round
	l.round = nil
	in := l.observe(func(i int) observation { return l.judge(r, i) })
	in.round = true
	l.feed(in)
	for i := range r.answers {
		l.publish(l.result(r, i))
	}
}

// result is what round r found out about uplink i, for those who show it.
func (l *loop) result(r *round, i int) event.Event {
	u := l.state.describe(i)
	u.Address = l.snapshot.Uplinks[i].Address
	e := event.Event{Kind: event.FailoverResult, Uplink: u, Online: l.state.uplinks[i].verdict == online}
	switch s := l.snapshot.Uplinks[i]; {
	case r.cancel[i] == nil || r.stale[i]:
		e.Text = s.Reason
	default:
		a := r.answers[i]
		e.Target, e.Round, e.Text = a.target, measured(a.result), a.result.Reason()
	}
	return e
}

// measured are the figures of one answer.
func measured(r probe.Result) event.Round {
	s := r.Stats()
	return event.Round{
		Sent: r.Sent, Received: len(r.RTTs),
		Min: s.Min, Avg: s.Avg, Max: s.Max, Jitter: s.Jitter, Loss: s.Loss,
	}
}

// judge is the verdict of round r on uplink i.
func (l *loop) judge(r *round, i int) observation {
	a := r.answers[i]
	switch {
	case !l.known:
		return observation{reason: "the kernel does not say how it is"}
	case r.stale[i] || r.cancel[i] == nil:
		return observation{reason: "it changed while it was probed"}
	}
	l.noteName(i, a)
	switch {
	case a.result.Alive():
		return observation{verdict: online}
	case a.result.Unknown():
		return observation{reason: a.result.Reason()}
	default:
		return observation{verdict: offline, reason: a.result.Reason()}
	}
}

// noteName says once of a name that does not resolve what was probed instead.
func (l *loop) noteName(i int, a answer) {
	again := l.unresolved[i]
	l.unresolved[i] = a.unresolved
	if !a.unresolved || again {
		return
	}
	l.say(event.Warning, "cannot resolve '%s': probing gateway %s of %s Network instead", l.target(i), l.gateway(i), role(i))
}
