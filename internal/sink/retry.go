package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/schedule"
)

// news is what an event tells of when it is worth another try: the external
// address of one family, by one uplink. A later event about the same supersedes
// an earlier one.
type news struct {
	kind event.Kind
	four bool
	role string
}

// newsOf is what e is the latest news of; false for an event whose moment has
// passed when the script has failed on it.
func newsOf(e event.Event) (news, bool) {
	return news{e.Kind, e.Address.Is4(), e.Uplink.Role}, e.Kind == event.DDNSUpdate
}

// retry is an event on which the script has failed.
type retry struct {
	event    event.Event
	failures int // in a row
	due      time.Time
}

// next waits for the oldest event of the queue, or until a retry is due, which
// then goes first. It returns false when ctx has ended and nothing is left.
func (l *lane) next(ctx context.Context) (event.Event, bool) {
	r := l.first()
	if r == nil {
		return l.queue.next(ctx)
	}
	limited, cancel := context.WithDeadline(ctx, r.due)
	defer cancel()
	if e, ok := l.queue.next(limited); ok || ctx.Err() != nil {
		return e, ok
	}
	return r.event, true
}

// first is the retry that is due first, nil when there is none.
func (l *lane) first() (first *retry) {
	for _, r := range l.retries {
		if first == nil || r.due.Before(first.due) {
			first = r
		}
	}
	return first
}

// settle notes how a run for e has ended. One that is to be repeated is due again
// after a pause, with the same arguments: then says so. tell is whether the log is
// to hear of a failure.
func (l *lane) settle(e event.Event, err error) (then string, tell bool) {
	about, repeat := newsOf(e)
	if err == nil || !repeat {
		delete(l.retries, about)
		return "", true
	}
	r := l.retries[about]
	if r == nil || !r.event.Time.Equal(e.Time) { // e is newer
		r = &retry{event: e}
		l.retries[about] = r
	}
	r.failures++
	pause := schedule.RetryAfter(r.failures)
	r.due = time.Now().Add(pause)
	return fmt.Sprintf("; next try in %v", pause), schedule.Tell(r.failures)
}

// forget ends the repetition of e.
func (l *lane) forget(e event.Event) {
	about, _ := newsOf(e)
	delete(l.retries, about)
}
