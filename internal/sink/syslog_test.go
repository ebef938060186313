package sink

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// fakeSyslog listens on path and does not read by itself.
func fakeSyslog(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// receive reads one datagram.
func receive(t *testing.T, c net.Conn) string {
	t.Helper()
	b := make([]byte, 4096)
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// syslogLog is a log that runs and writes to the sockets of those names in dir.
func syslogLog(t *testing.T, paths ...string) *Log {
	t.Helper()
	l := newLog("main", newSyslogSocket(paths))
	stop := running(t, l)
	t.Cleanup(func() { stop() })
	return l
}

func TestSyslogMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := fakeSyslog(t, path)
	l := syslogLog(t, path)
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.Local)
	for _, c2 := range []struct {
		e    event.Event
		want string
	}{
		{event.Event{Kind: event.Message, Text: "    note              x"}, "<14>Feb  3 04:05:06 imon[PID]: imon [main]     note              x"},
		{event.Event{Kind: event.Message, Severity: event.Error, Text: "a\nb"}, `<11>Feb  3 04:05:06 imon[PID]: imon [main] a\nb`},
		{event.Event{Kind: event.UpdownOffline, Target: "x"}, "<12>Feb  3 04:05:06 imon[PID]: imon [main] Monitored IP x offline"},
		{event.Event{Kind: event.UpdownInitial, Target: "x", Online: true}, "<13>Feb  3 04:05:06 imon[PID]: imon [main] Monitored IP x online"},
	} {
		c2.e.Time = at
		l.Publish(c2.e)
		want := strings.Replace(c2.want, "PID", fmt.Sprint(os.Getpid()), 1)
		if got := receive(t, c); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestSyslogMessageFitsIntoAPacket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := fakeSyslog(t, path)
	syslogLog(t, path).Publish(message(strings.Repeat("x", 5000)))
	if got := receive(t, c); len(got) > 1024 || !strings.HasSuffix(got, "x...") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSyslogDaemonRestartLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := fakeSyslog(t, path)
	l := syslogLog(t, path)
	for n := range 3 {
		text := fmt.Sprint("life ", n)
		l.Publish(message(text))
		if got := receive(t, c); !strings.HasSuffix(got, "[main] "+text) {
			t.Errorf("got %q", got)
		}
		c.Close()
		os.Remove(path)
		c = fakeSyslog(t, path)
	}
}

func TestSyslogDaemonThatComesLate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := syslogLog(t, path)
	l.Publish(message("first"))
	l.Publish(message("second"))
	c := fakeSyslog(t, path)
	for _, want := range []string{"first", "second"} {
		if got := receive(t, c); !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
}

func TestSyslogReaderThatDoesNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := fakeSyslog(t, path)
	l := syslogLog(t, path)
	const sent = 2000
	for n := range sent {
		l.Publish(message(fmt.Sprint("n=", n)))
	}
	lines, lost := 0, 0
	for last := ""; last != fmt.Sprint("n=", sent-1); {
		got := receive(t, c)
		_, last, _ = strings.Cut(got, "[main] ")
		if m := regexp.MustCompile(`Lost (\d+) log lines`).FindStringSubmatch(got); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			lost += n
			continue
		}
		lines++
	}
	if lines+lost != sent || lost == 0 {
		t.Errorf("%d lines and %d reported lost, of %d", lines, lost, sent)
	}
}

func TestSyslogHungReaderReplacedByANewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	fakeSyslog(t, path) // it hangs and keeps its socket
	l := syslogLog(t, path)
	for range 100 {
		l.Publish(message("filler"))
	}
	eventually(t, "the hung reader's buffer is full", func() bool {
		l.queue.mu.Lock()
		defer l.queue.mu.Unlock()
		return len(l.queue.items) < 100
	})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, fakeSyslog(t, path)); !strings.HasSuffix(got, "filler") {
		t.Errorf("got %q", got)
	}
}

func TestSyslogEndsInTimeWhenNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	fakeSyslog(t, path)
	l := newLog("main", newSyslogSocket([]string{path}))
	stop := running(t, l)
	for range 300 {
		l.Publish(message("x"))
	}
	took, err := stop()
	if err == nil || took > drainTime+2*syslogWait+200*time.Millisecond {
		t.Errorf("took %v, error %v", took, err)
	}
}

func TestSyslogFallsBackToOtherPathsAndStreams(t *testing.T) {
	dir := t.TempDir()
	missing, stream := filepath.Join(dir, "missing"), filepath.Join(dir, "stream")
	listener, err := net.Listen("unix", stream)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l := syslogLog(t, missing, stream)
	l.Publish(message("one"))
	c, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := receive(t, c); !strings.HasSuffix(got, "[main] one\n") {
		t.Errorf("got %q", got)
	}
	datagram := fakeSyslog(t, missing)
	c.Close()
	l.Publish(message("two"))
	if got := receive(t, datagram); !strings.HasSuffix(got, "[main] two") {
		t.Errorf("got %q: datagrams are preferred after a reconnect", got)
	}
}

func TestSyslogPaths(t *testing.T) {
	l := NewSyslog("main")
	if got := strings.Join(l.out.(*syslogSocket).paths, " "); got != "/dev/log /var/run/syslog /var/run/log" {
		t.Errorf("got %s", got)
	}
	if err := newSyslogSocket([]string{"/nonexistent/log"}).write(record{}); err == nil || !strings.Contains(err.Error(), "/nonexistent/log") {
		t.Errorf("error %v", err)
	}
}
