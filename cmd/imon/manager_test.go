package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/progress"
)

// listen makes the socket of a service manager, names it to those who notify,
// and returns what arrives, one message each.
func listen(t *testing.T) <-chan string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	heard := make(chan string, 1000)
	go func() {
		for buffer := make([]byte, 4096); ; {
			n, err := socket.Read(buffer)
			if err != nil {
				return
			}
			heard <- string(buffer[:n])
		}
	}()
	return heard
}

// expectNotice waits for a message that has all the lines; other ones are passed over.
func expectNotice(t *testing.T, heard <-chan string, lines ...string) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case got := <-heard:
			has := strings.Split(got, "\n")
			if !slices.ContainsFunc(lines, func(l string) bool { return !slices.Contains(has, l) }) {
				return
			}
		case <-limit:
			t.Fatalf("the service manager has not heard %q", lines)
		}
	}
}

// A start, a right and a wrong reload, and an end, as systemd hears of them.
func TestServiceManagerIsNotified(t *testing.T) {
	heard := listen(t)
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", "")
	fs := afero.NewMemMapFs()
	write := func(text string) {
		if err := afero.WriteFile(fs, "/etc/default/imon-main", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{ "global": { "debug": true }, "ddns": { "enable": true, "interval": 0.01 } }`)
	var stdout, stderr buffer
	ctx, cancel := context.WithCancel(t.Context())
	ended, reload := make(chan int), make(chan os.Signal)
	go func() {
		ended <- run(ctx, env{args: []string{"imon", "--nosyslog"}, fs: fs, stdout: &stdout, stderr: &stderr, reload: reload})
	}()

	expectNotice(t, heard, "READY=1", "STATUS=Running: ddns")
	expectNotice(t, heard, "WATCHDOG=1")
	expectNotice(t, heard, "WATCHDOG=1")
	write(`{ "global": { "debug": true }, "ddns": { "enable": true },
		"ping": { "enable": true, "monitorip": "127.0.0.1" } }`)
	reload <- syscall.SIGHUP
	expectNotice(t, heard, "RELOADING=1")
	expectNotice(t, heard, "READY=1", "STATUS=Running: ddns, ping")
	for _, text := range []string{"nonsense", `{ "global": { "debug": true }, "ddns": { "enable": true },
		"ping": { "enable": true, "monitorip": "127.0.0.1" } }`} {
		write(text)
		reload <- syscall.SIGHUP
		expectNotice(t, heard, "RELOADING=1")
		expectNotice(t, heard, "READY=1")
	}
	cancel()
	expectNotice(t, heard, "STOPPING=1")
	if code := <-ended; code != 0 || stderr.String() != "" {
		t.Errorf("exit code %d, complaints %q", code, stderr.String())
	}
}

// lines is a log that is read while it is written.
type lines struct{ buffer }

func (l *lines) Publish(e event.Event) { _, _ = l.Write([]byte(e.Text + "\n")) }

// A monitor that hangs is said once, and nothing is fed until it moves again.
func TestWatchdogStarvesWhileAMonitorHangs(t *testing.T) {
	heard := listen(t)
	log, watch := &lines{}, progress.New()
	watch.Expect(event.Failover, 0)
	watch.Expect(event.Ping, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- watchdog{manager{teller{log}}, watch, time.Millisecond}.Run(ctx) }()
	for end := time.Now().Add(patience); log.String() == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing was said of a monitor that hangs")
		}
	}
	if len(heard) > 0 {
		t.Errorf("the watchdog was fed: %q", <-heard)
	}
	watch.Expect(event.Failover, time.Hour)
	expectNotice(t, heard, "WATCHDOG=1")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	want := "The failover monitor has made no progress for 0s: the service manager's watchdog is not fed any more\n"
	if log.String() != want {
		t.Errorf("the log says %q", log.String())
	}
}

func TestWatchdogOnlyWhenAskedFor(t *testing.T) {
	for usec, want := range map[string]string{
		"": "", "30000000": "", "abc": "No watchdog: ", "-1": "No watchdog: ",
	} {
		t.Setenv("WATCHDOG_USEC", usec)
		log := &lines{}
		w, wanted := newWatchdog(manager{teller{log}}, progress.New())
		if wanted != (usec == "30000000") || wanted && w.every != 10*time.Second {
			t.Errorf("WATCHDOG_USEC=%q: %v every %v", usec, wanted, w.every)
		}
		if !strings.HasPrefix(log.String(), want) || (want == "") != (log.String() == "") {
			t.Errorf("WATCHDOG_USEC=%q: the log says %q", usec, log.String())
		}
	}
}

// A socket that is gone is said, and is no harm.
func TestServiceManagerThatIsGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	log := &lines{}
	manager{teller{log}}.stopping()
	if !strings.HasPrefix(log.String(), "Cannot notify the service manager: ") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestLongestSilence(t *testing.T) {
	for _, c := range []struct {
		rounds config.Rounds
		want   time.Duration
	}{
		{config.Rounds{Interval: 10 * time.Second, Count: 2, Wait: time.Second}, 60*time.Second + 2*1400*time.Millisecond + slack},
		{config.Rounds{Interval: time.Hour, Count: 1, Wait: time.Second}, time.Hour + 2*1200*time.Millisecond + slack},
		{config.Rounds{Interval: time.Second, Count: 1000, Wait: time.Minute}, time.Minute + 2*70*time.Second + slack},
	} {
		if got := longestSilence(c.rounds); got != c.want {
			t.Errorf("%+v: %v, want %v", c.rounds, got, c.want)
		}
	}
}
