package failover

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

const (
	// maxRounds is how many rounds may run at a time. They begin on a grid, whether
	// or not the answers of those before are in; one that is one too many is left out.
	maxRounds = 16
	// minGap is the shortest time between the beginnings of two rounds that are not
	// on the grid.
	minGap = 50 * time.Millisecond
)

// round is one round of probes of all uplinks.
type round struct {
	uplinks []hearing
	pending int // the answers that are still to come
}

// hearing is what one round hears of one uplink.
type hearing struct {
	cancel  context.CancelFunc // nil for an uplink that is not probed
	pending int                // the answers that are still to come
	answers []answer           // one for each target
	stale   bool               // the uplink changed since the round began
}

// answer is what one of the goroutines that ask found out.
type answer struct {
	round      *round
	uplink     int
	target     string // who was asked
	result     probe.Result
	unresolved string // the target that has no address, so that the gateway was asked instead
	crash      string // the panic that ended it, with its stack
}

// next is when the next round is to begin: at the next point of the grid, sooner
// while an uplink is in doubt, and now when one is due.
func (l *loop) next(now time.Duration) time.Duration {
	interval := max(l.cfg.Interval, schedule.MinPeriod)
	at := (l.point/interval + 1) * interval
	if l.state.doubtful() {
		at = min(at, l.started+max(l.cfg.FailureInterval, schedule.MinPeriod))
	}
	if l.due && len(l.rounds) < maxRounds {
		at = min(at, l.started+minGap)
	}
	return at
}

// startRound starts to probe the uplinks that can carry packets.
func (l *loop) startRound() {
	l.started, l.due = l.now(), false
	l.point = max(l.point, l.started)
	if len(l.rounds) >= maxRounds {
		return
	}
	if !l.known || l.said.mute || l.now()-l.synced >= resync {
		l.sync()
		l.due = false
	}
	r := &round{uplinks: make([]hearing, len(l.state.all))}
	l.rounds = append(l.rounds, r)
	for i, s := range l.snapshot.Uplinks {
		if l.known && s.Usable() {
			l.ask(r, i)
		}
	}
	l.finishRounds()
}

// ask starts to probe uplink i.
func (l *loop) ask(r *round, i int) {
	h := &r.uplinks[i]
	var ctx context.Context
	ctx, h.cancel = context.WithCancel(l.ctx)
	gateway := l.gateway(i)
	for _, q := range l.questionsOf(i) {
		h.pending++
		r.pending++
		l.spawn(l.answers, func() answer {
			a := put(ctx, l.prober, q, gateway)
			a.round, a.uplink = r, i
			return a
		})
	}
}

// put puts one question. When its target has no address, the gateway is probed in
// its place: a name server that is down must not cut anybody off.
func put(ctx context.Context, prober Prober, q probe.Question, gateway string) answer {
	a := answer{target: q.Target, result: prober.Ask(ctx, q)}
	if errors.Is(a.result.Err, probe.ErrResolve) && ctx.Err() == nil && gateway != "" {
		q.Method, q.Target = probe.ICMP, gateway
		a.target, a.unresolved = gateway, a.target
		a.result = prober.Ask(ctx, q)
	}
	return a
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
