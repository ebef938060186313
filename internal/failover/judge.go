package failover

import (
	"cmp"
	"github.com/ejgeiger/imon/internal/quality"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// minReplies is how many packets have to come in for the LAN from round to round so that
// they count as replies. A few may come from the neighbourhood.
const minReplies = 5

// collect takes one answer of a running round.
func (l *loop) collect(a answer) {
	if a.crash != "" {
		panic(a.crash)
	}
	h := &a.round.uplinks[a.uplink]
	h.answers = append(h.answers, a)
	a.round.pending--
	if h.pending--; h.pending == 0 {
		h.cancel()
	}
	if l.ctx.Err() != nil {
		return
	}
	l.hasten(a.round, a.uplink)
	l.finishRounds()
}

// hasten tells step that uplink i answers before the round is over, when all are
// down: those that do not answer must not keep the line closed. What rounds before
// this one have yet to say of it is about a past state.
func (l *loop) hasten(r *round, i int) {
	if !l.state.bothDown || l.hear(r, i).verdict != online {
		return
	}
	for _, older := range l.rounds[:slices.Index(l.rounds, r)] {
		older.uplinks[i].discard()
	}
	l.feed(l.observe(func(j int) observation {
		if j != i {
			return observation{}
		}
		return observation{verdict: online}
	}))
}

// finishRounds finishes the rounds that are over, in the order in which they began:
// what an older one says must not come after what a newer one has said.
func (l *loop) finishRounds() {
	for len(l.rounds) > 0 && l.rounds[0].pending == 0 {
		r := l.rounds[0]
		l.rounds = slices.Delete(l.rounds, 0, 1)
		l.finish(r)
	}
}

// finish tells step what a round found out, and publishes it.
func (l *loop) finish(r *round) {
	in := l.observe(func(i int) observation { return l.judge(r, i) })
	in.round = true
	l.feed(in)
	l.accuse(r)
	for i := range r.uplinks {
		l.publish(l.result(r, i))
	}
}

// discard gives up on uplink i in all rounds, whose answers would be about a past
// state. What they say of the others still counts.
func (l *loop) discard(i int) {
	for _, r := range l.rounds {
		r.uplinks[i].discard()
	}
}

func (h *hearing) discard() {
	h.stale = true
	if h.cancel != nil {
		h.cancel()
	}
}

// judge is what round r says about uplink i.
func (l *loop) judge(r *round, i int) observation {
	h := &r.uplinks[i]
	switch {
	case !l.known:
		return observation{reason: "the kernel does not say how it is"}
	case h.stale || h.cancel == nil:
		return observation{past: true}
	case len(h.answers) == 0:
		return observation{reason: "it has neither a target nor a gateway"}
	}
	l.noteName(r, i)
	o := l.hear(r, i)
	o.sample = h.sample()
	o.replies = l.evidence(i, o.verdict)
	return o
}

// evidence reads the counters of replies to the LAN by uplink i after a round that
// fails, and says what they are evidence of since the one before. To read them is
// not cheap, so that is not done in other rounds.
func (l *loop) evidence(i int, v verdict) evidence {
	if l.cfg.PassiveRounds == 0 || v != offline || l.state.uplinks[i].verdict != online {
		l.replies[i] = nil
		return quiet
	}
	n, err := l.kernel.Replies(i)
	if err != nil {
		l.sayUncounted(err)
		return quiet
	}
	last := l.replies[i]
	l.replies[i] = &n
	switch {
	case last == nil:
		return pending
	case n >= *last+minReplies:
		return replied
	}
	return quiet
}

// hear is the verdict of the answers about uplink i so far.
func (l *loop) hear(r *round, i int) observation {
	h := &r.uplinks[i]
	need := max(1, min(l.cfg.Reliability, len(l.state.all[i].Targets)))
	var alive, unclear int
	var reasons []string
	for _, a := range h.answers {
		switch {
		case a.result.Alive():
			alive++
		case a.result.Unknown():
			unclear++
		}
		if why := a.result.Reason(); why != "" && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	o := observation{reason: strings.Join(reasons, "; ")}
	switch {
	case h.stale:
	case alive >= need:
		o = observation{verdict: online}
	case h.pending == 0 && alive+unclear < need:
		o.verdict = offline
	}
	return o
}

// sample is what the answers amount to.
func (h *hearing) sample() quality.Sample {
	var s quality.Sample
	var jitter time.Duration
	for _, a := range h.answers {
		if a.result.Unknown() {
			continue
		}
		stats := a.result.Stats()
		n := len(a.result.RTTs)
		s.Sent, s.Received = s.Sent+a.result.Sent, s.Received+n
		s.RTT, jitter = s.RTT+stats.Avg*time.Duration(n), jitter+stats.Jitter*time.Duration(n)
	}
	if s.Received > 0 {
		s.RTT, s.Jitter = s.RTT/time.Duration(s.Received), jitter/time.Duration(s.Received)
	}
	return s
}

// result is what round r found out about uplink i, for those who show it.
func (l *loop) result(r *round, i int) event.Event {
	u := l.state.describe(i)
	e := event.Event{Kind: event.FailoverResult, Online: l.state.uplinks[i].verdict == online}
	if i < len(l.snapshot.Uplinks) {
		u.Address, e.Text = l.snapshot.Uplinks[i].Address, l.snapshot.Uplinks[i].Reason
	}
	e.Uplink = u
	if h := &r.uplinks[i]; !h.stale && len(h.answers) > 0 {
		e.Target, e.Round, e.Text = h.asked(), h.figures(), l.hear(r, i).reason
	}
	return e
}

// asked are the targets that were asked.
func (h *hearing) asked() string {
	names := make([]string, len(h.answers))
	for n, a := range h.answers {
		names[n] = a.target
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// figures are those of all answers together.
func (h *hearing) figures() event.Round {
	s := h.sample()
	f := event.Round{Sent: s.Sent, Received: s.Received, Avg: s.RTT, Jitter: s.Jitter, Loss: 1}
	for _, a := range h.answers {
		if !a.result.Alive() {
			continue
		}
		stats := a.result.Stats()
		f.RTTs = append(f.RTTs, a.result.RTTs...)
		f.Min, f.Max = min(cmp.Or(f.Min, stats.Min), stats.Min), max(f.Max, stats.Max)
	}
	if f.Sent > 0 {
		f.Loss = float64(f.Sent-f.Received) / float64(f.Sent)
	}
	return f
}
