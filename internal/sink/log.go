package sink

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

const (
	logBacklog = 500 // lines that may wait for a reader that is away

	drainTime  = 500 * time.Millisecond // for the last lines, once imon ends
	drainPause = 50 * time.Millisecond  // between attempts in that time
	firstPause = 100 * time.Millisecond // between attempts otherwise, doubled up to lastPause
	lastPause  = 2 * time.Second
)

// LogSettings are what a reload may change in a [Log] while it runs.
type LogSettings struct {
	Datefmt string // strftime(3) format of the terminal's dates; "" for "%Y-%m-%d %H:%M:%S"
	Several bool   // more than one monitor is enabled: lines name theirs
	Action  bool   // an action script is set: it gets the ping results, not the log
}

// Log is the sink that writes events as lines, to syslog or to a terminal. A
// reader that is away or does not read delays nobody: up to 500 lines wait for
// it, and the number of those that did not fit is the first it gets to read.
type Log struct {
	instance string
	out      output
	queue    *queue[record]

	mu       sync.Mutex
	settings LogSettings
}

// record is one line on its way.
type record struct {
	time     time.Time
	severity event.Severity
	text     string // "[INST] TEXT", clean
	datefmt  string // in force when it was published
	periodic bool
}

// output is where lines go: syslogSocket or terminal. Write either delivers
// the line as a whole or returns an error, and then it may be tried again.
type output interface {
	write(r record) error
	close()
}

// NewSyslog returns a Log that writes to the system's log, as RFC 3164 messages
// of facility USER with the text "imon [INST] TEXT".
func NewSyslog(instance string) *Log {
	return newLog(instance, newSyslogSocket(syslogPaths()))
}

// NewTerminal returns a Log that writes lines "DATE [INST] TEXT" to w.
func NewTerminal(instance string, w io.Writer) *Log {
	return newLog(instance, terminal{w})
}

func newLog(instance string, out output) *Log {
	q := newQueue(logBacklog, func(r record) bool { return r.periodic }, nil)
	return &Log{instance: instance, out: out, queue: q}
}

// Configure replaces the settings. Lines that wait already keep their text.
func (l *Log) Configure(s LogSettings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings = s
}

func (l *Log) current() LogSettings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings
}

// Publish puts the lines of e into the queue. It never blocks.
func (l *Log) Publish(e event.Event) {
	s := l.current()
	periodic := e.Kind == event.PingResult
	if periodic && s.Action {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	for _, ln := range lines(e) {
		text := clean("[" + l.name(e.Monitor, s.Several) + "] " + prefix(e) + ln.text)
		l.queue.put(record{e.Time, ln.severity, text, s.Datefmt, periodic})
	}
}

// Dropped returns how many lines nobody took in time, since the start.
func (l *Log) Dropped() uint64 { return l.queue.dropped() }

// name is what stands in brackets before a line of monitor.
func (l *Log) name(monitor string, several bool) string {
	if several && monitor != "" {
		return l.instance + "-" + monitor
	}
	return l.instance
}

// Run writes lines until ctx ends, and then for half a second what is left. Its
// error says how many lines nobody took in that time.
func (l *Log) Run(ctx context.Context) error {
	defer l.out.close()
	end, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainTime, cancel) })()
	for {
		r, ok := l.queue.next(ctx)
		if !ok {
			return nil
		}
		err := l.deliver(ctx, end, r)
		if n := l.queue.takeLost(); n > 0 && err == nil {
			err = l.deliver(ctx, end, l.lossReport(n))
		}
		if err != nil {
			return fmt.Errorf("cannot deliver the last %d log lines: %w", l.queue.discard()+1, err)
		}
	}
}

// deliver writes r, however often it takes, and gives up only when end does.
func (l *Log) deliver(ctx, end context.Context, r record) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := l.out.write(r)
		if err == nil {
			return nil
		}
		if !wait(ctx, end, pause) {
			return err
		}
	}
}

// wait pauses; it cuts the pause short when ctx ends and returns false when end
// does.
func wait(ctx, end context.Context, pause time.Duration) bool {
	if ctx.Err() == nil {
		select {
		case <-time.After(pause):
			return true
		case <-ctx.Done():
		}
	}
	select {
	case <-time.After(drainPause):
		return true
	case <-end.Done():
		return false
	}
}

// lossReport is the line that stands for n lines that were dropped.
func (l *Log) lossReport(n int) record {
	text := clean(fmt.Sprintf("[%s] Lost %d log lines: nobody took them in time", l.instance, n))
	return record{time: time.Now(), severity: event.Error, text: text, datefmt: l.current().Datefmt}
}
