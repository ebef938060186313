package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxOpen is how many questions of a volley may be open at the same time: each
// has a socket and a goroutine.
const maxOpen = 16

// volley is one round of questions that each have a socket of their own. Only the
// goroutine of run touches it.
type volley struct {
	request   EchoRequest // Count, Spacing and Wait
	oneWillDo bool        // the first answer ends the round

	asked, settled int   // questions put, and those of them that are over
	failed         int   // questions with an answer that does not count, or that could not be put
	err            error // why the first of the failed ones failed
	answers        []outcome
}

// outcome is how one question ended.
type outcome struct {
	number int
	rtt    time.Duration
	err    error
}

// run puts the questions at their times and waits for the answers. No goroutine
// is left when it returns.
func (v *volley) run(ctx context.Context, put func(context.Context) (time.Duration, error)) {
	limited, cancel := context.WithTimeout(ctx, v.request.longest())
	defer cancel()
	over := make(chan outcome, maxOpen)
	next := time.NewTimer(0)
	defer next.Stop()
	var open sync.WaitGroup
	for limited.Err() == nil && !v.done() {
		select {
		case <-v.due(next.C):
			number := v.asked
			v.asked++
			open.Go(func() { over <- one(limited, number, put) })
			next.Reset(v.request.Spacing)
		case a := <-over:
			v.take(a)
		case <-limited.Done():
		}
	}
	cancel()
	open.Wait()
	close(over)
	for a := range over { // what ended together with run
		v.take(a)
	}
	if ctx.Err() != nil && !v.done() {
		v.err = ended(ctx)
	}
}

// due is next while another question may be put.
func (v *volley) due(next <-chan time.Time) <-chan time.Time {
	if v.asked == v.request.Count || v.asked-v.settled == maxOpen {
		return nil
	}
	return next
}

func (v *volley) done() bool { return v.known() == v.request.Count || v.enough() }

// known is how many questions did not end in silence. Silence is known at the end
// of the time only: a socket's deadline may strike before that of ctx, and then it
// would look as if the time had not been cut short.
func (v *volley) known() int { return len(v.answers) + v.failed }

func (v *volley) enough() bool { return v.oneWillDo && len(v.answers) > 0 }

// one puts question number. A panic is an error, because this goroutine has no
// caller that could take it.
func one(ctx context.Context, number int, put func(context.Context) (time.Duration, error)) (a outcome) {
	a.number = number
	defer func() {
		if p := recover(); p != nil {
			a.err = local(fmt.Errorf("panic: %v", p))
		}
	}()
	a.rtt, a.err = put(ctx)
	return a
}

func (v *volley) take(a outcome) {
	v.settled++
	switch {
	case a.err == nil:
		v.answers = append(v.answers, a)
	case !errors.Is(a.err, errSilent):
		v.failed++
		if v.err == nil {
			v.err = a.err
		}
	}
}

// result fills r with what the volley found out.
func (v *volley) result(r Result) Result {
	if v.enough() {
		r.Sent = v.known() // the silent ones were not given their time
	}
	slices.SortFunc(v.answers, func(a, b outcome) int { return cmp.Compare(a.number, b.number) })
	for _, a := range v.answers {
		r.RTTs = append(r.RTTs, max(a.rtt, 1))
	}
	r.Err = v.err
	return r
}
