package sink

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

const (
	actionBacklog = 64  // events of one monitor that may wait for the script
	pingBacklog   = 500 // those of ping: the newest result of each target

	// actionTimeout is how long one run may take when nothing is configured.
	actionTimeout = 60 * time.Second
	// repeatAfter is how soon the same complaint may be logged again.
	repeatAfter = time.Minute
)

// ActionSettings are what a reload may change in an [Action] while it runs.
type ActionSettings struct {
	Path    string        // of the script; "" for none
	Timeout time.Duration // for one run; 60 s when it is not positive
}

// Action is the sink that runs the user's script for each event that scripts
// get, one at a time per monitor and in order. A script that hangs delays only
// the events of its own monitor, and these no longer than the time-out. A run for
// a new external address that fails is repeated with the same arguments, see
// [schedule.RetryAfter], until it succeeds or there is a newer address.
type Action struct {
	instance string
	flag     string // the script's second argument
	log      event.Publisher
	lanes    map[string]*lane
	run      func(context.Context, call) error

	runs, failures atomic.Uint64

	mu       sync.Mutex
	settings ActionSettings
}

// lane is the queue of one monitor and what its runs leave behind.
type lane struct {
	queue *queue[event.Event]
	what  string // the events in the queue, in words

	complaint  string    // the last failure of a ping result
	complained time.Time // when it was logged
	reported   time.Time // when a loss was logged

	retries map[news]*retry // failed runs that are repeated; the lane's goroutine has it
}

// NewAction returns the action sink of an instance. The script's second
// argument is "1" when terminal is set, "0" otherwise. What the sink itself has
// to say goes to log as messages.
func NewAction(instance string, terminal bool, log event.Publisher) *Action {
	a := &Action{instance: instance, flag: "0", log: log, run: run, lanes: make(map[string]*lane)}
	if terminal {
		a.flag = "1"
	}
	for _, monitor := range []string{event.DDNS, event.Updown, event.Failover, event.Ping} {
		a.lanes[monitor] = newLane(monitor)
	}
	return a
}

func newLane(monitor string) *lane {
	l := &lane{what: monitor + " events", queue: newQueue(actionBacklog, periodic, target), retries: make(map[news]*retry)}
	if monitor == event.Ping {
		l.what, l.queue.limit = string(event.PingResult)+" events", pingBacklog
	}
	return l
}

// Configure replaces the settings. Events that wait already go to the new
// script; a run that has begun ends as it began. A relative path counts from
// the working directory of the process.
func (a *Action) Configure(s ActionSettings) {
	if s.Path != "" {
		if path, err := filepath.Abs(s.Path); err == nil {
			s.Path = path
		}
	}
	if s.Timeout <= 0 {
		s.Timeout = actionTimeout
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings = s
}

func (a *Action) current() ActionSettings {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settings
}

// Publish puts e into the queue of its monitor if scripts get such events; of a dry
// run they hear nothing. It never blocks.
func (a *Action) Publish(e event.Event) {
	if _, ok := arguments(e); ok && !e.DryRun && a.current().Path != "" {
		a.laneOf(e.Kind).queue.put(e)
	}
}

// laneOf is the lane of the monitor after which kinds are named.
func (a *Action) laneOf(k event.Kind) *lane {
	monitor, _, _ := strings.Cut(string(k), "-")
	return a.lanes[monitor]
}

// Run runs the script for each event until ctx ends. Then a run that has begun
// gets another second before its process group is ended, and the events that
// wait are discarded and counted in the log.
func (a *Action) Run(ctx context.Context) error {
	all, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(a.lanes))
	for _, l := range a.lanes {
		go func() { ended <- a.empty(all, l) }()
	}
	var failed error
	for range a.lanes {
		if err := <-ended; err != nil {
			failed = err
			cancel()
		}
	}
	if ctx.Err() != nil {
		a.discard()
	}
	return failed
}

// empty runs the script for each event in l. A panic is its error, with the
// stack behind it, for the caller to log.
func (a *Action) empty(ctx context.Context, l *lane) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	for ctx.Err() == nil {
		if e, ok := l.next(ctx); ok {
			a.call(ctx, l, e)
		}
	}
	return nil
}

// call runs the script for e and logs what went wrong.
func (a *Action) call(ctx context.Context, l *lane, e event.Event) {
	s := a.current()
	if s.Path == "" {
		l.forget(e)
		return
	}
	args, _ := arguments(e)
	args = append([]string{a.instance, a.flag, e.Name()}, args...)
	err := a.run(ctx, call{s.Path, withoutNUL(args), environment(a.instance, e), s.Timeout, killAfter})
	a.runs.Add(1)
	if err != nil {
		a.failures.Add(1)
	}
	a.complain(l, e, s.Path, err)
	if time.Since(l.reported) < repeatAfter {
		return
	}
	if n := l.queue.takeLost(); n > 0 {
		l.reported = time.Now()
		a.say(e.Monitor, fmt.Sprintf("Dropped %d %s: the action script is too slow", n, l.what))
	}
}

// Runs returns how often the script was run since the start, and how often that failed.
func (a *Action) Runs() (all, failed uint64) { return a.runs.Load(), a.failures.Load() }

// Dropped returns how many events the script was too slow for, since the start.
func (a *Action) Dropped() (n uint64) {
	for _, l := range a.lanes {
		n += l.queue.dropped()
	}
	return n
}

// complain logs a failed run. A script that fails in the same way at each ping
// result is heard of once a minute, and one that is repeated less and less.
func (a *Action) complain(l *lane, e event.Event, path string, err error) {
	then, tell := l.settle(e, err)
	if err == nil {
		l.complaint = ""
		return
	}
	text := fmt.Sprintf("Action script '%s' failed on %s: %v", path, e.Name(), err)
	if e.Kind == event.PingResult {
		if text == l.complaint && time.Since(l.complained) < repeatAfter {
			return
		}
		l.complaint, l.complained = text, time.Now()
	}
	if tell {
		a.say(e.Monitor, text+then)
	}
}

// discard empties the queues and logs how much was in them.
func (a *Action) discard() {
	n := 0
	for _, l := range a.lanes {
		n += l.queue.discard() + len(l.retries)
	}
	if n > 0 {
		a.say("", fmt.Sprintf("Discarded %d events: imon ended before the action script took them", n))
	}
}

// say logs a failure of imon's own.
func (a *Action) say(monitor, text string) {
	a.log.Publish(event.Event{Kind: event.Message, Monitor: monitor, Time: time.Now(), Severity: event.Error, Text: text})
}
