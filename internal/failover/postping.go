package failover

import (
	"context"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
)

// tries is how often the target of the check after a switch is asked, at most.
const tries = 2

// startPost starts the check that the user wants after a switch to uplink i.
func (l *loop) startPost(i int) {
	question := l.question(i, config.MethodICMP, l.state.all[i].PostTarget)
	ctx, cancel := context.WithCancel(l.ctx)
	l.post, l.abandon, l.checked = make(chan answer, 1), cancel, l.state.describe(i)
	l.spawn(l.post, func() answer {
		a := answer{uplink: i, result: l.prober.Ask(ctx, question)}
		for n := 1; n < tries && !a.result.Alive() && ctx.Err() == nil; n++ {
			a.result = l.prober.Ask(ctx, question)
		}
		return a
	})
}

// dropPost abandons a check that is under way: after another switch its answer
// would be about the past.
func (l *loop) dropPost() {
	if l.post != nil {
		l.abandon()
		l.post = nil
	}
}

// finishPost says what the check found out.
func (l *loop) finishPost(a answer) {
	l.dropPost()
	if a.crash != "" {
		panic(a.crash)
	}
	target := l.state.all[a.uplink].PostTarget
	if a.result.Unknown() {
		l.say(event.Error, "Ping Target %s not checked after failover: %s", target, a.result.Reason())
		return
	}
	l.publish(event.Event{
		Kind: event.FailoverPostping, Uplink: l.checked, Target: target,
		Online: a.result.Alive(), Text: a.result.Reason(),
	})
}
