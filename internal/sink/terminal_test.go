package sink

import (
	"bytes"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

func TestTerminalLine(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7008000, time.Local)
	for _, c := range []struct{ datefmt, want string }{
		{"", "2026-02-03 04:05:06 [main] Starting\n"},
		{"%Y-%m-%d %H:%M:%S", "2026-02-03 04:05:06 [main] Starting\n"},
		{"%d.%m.%y %I:%M %p", "03.02.26 04:05 AM [main] Starting\n"},
		{"%c", "Tue Feb  3 04:05:06 2026 [main] Starting\n"},
		{"%a %b %e %X", "Tue Feb  3 04:05:06 [main] Starting\n"},
		{"%A %B %j %U %W %w %f %%", "Tuesday February 034 05 05 2 007008 % [main] Starting\n"},
		{"%H%n%M%t%S", "04\\n05\\t06 [main] Starting\n"},
		{"%q %! %", "%q %! % [main] Starting\n"},
		{"%_d %^a %10Y %E", "%_d %^a %10Y %E [main] Starting\n"},
		{"no directive", "no directive [main] Starting\n"},
		{"%é\xff\x1b", "%é\\xff\\x1b [main] Starting\n"},
	} {
		var b bytes.Buffer
		if err := (terminal{&b}).write(record{time: at, text: "[main] Starting", datefmt: c.datefmt}); err != nil {
			t.Error(err)
		}
		if b.String() != c.want {
			t.Errorf("%q: got %q, want %q", c.datefmt, b.String(), c.want)
		}
	}
}

func FuzzDatefmtNeverLosesALine(f *testing.F) {
	f.Add("%Y-%m-%d")
	f.Add("%-:E%O%")
	f.Fuzz(func(t *testing.T, datefmt string) {
		var b bytes.Buffer
		err := (terminal{&b}).write(record{time: time.Unix(1e9, 0), text: "[x] y", datefmt: datefmt})
		got := b.String()
		whole := bytes.HasSuffix(b.Bytes(), []byte(" [x] y\n"))
		if err != nil || !whole || bytes.Count(b.Bytes(), []byte("\n")) != 1 {
			t.Errorf("%q: %q, %v", datefmt, got, err)
		}
	})
}

func TestTerminalReportsAWriteError(t *testing.T) {
	if err := (terminal{broken{}}).write(record{}); err == nil {
		t.Error("no error")
	}
}

// broken is a writer that does not.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestNewTerminalWritesEvents(t *testing.T) {
	var b bytes.Buffer
	l := NewTerminal("demo", &b)
	l.Configure(LogSettings{Datefmt: "%H:%M"})
	stop := running(t, l)
	l.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Target: "a\nb\x1b[31m"})
	if _, err := stop(); err != nil {
		t.Error(err)
	}
	if want := regexp.MustCompile(`^\d\d:\d\d \[demo\] Monitored IP a\\nb\\x1b\[31m offline\n$`); !want.MatchString(b.String()) {
		t.Errorf("got %q", b.String())
	}
}
