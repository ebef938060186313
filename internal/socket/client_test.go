package socket

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/status"
)

func TestClient(t *testing.T) {
	r := begin(t, nil)
	r.dial().Close()
	c := NewClient(r.path)
	d, err := c.Status(t.Context(), "failover")
	if err != nil || d.Instance != "fake" || d.Monitors.Failover.Active != "primary" || d.Monitors.Failover.Interval != 10 {
		t.Errorf("%+v, %v", d, err)
	}
	p, err := c.Failover(t.Context(), "standby", 90*time.Minute)
	if want := (status.Preference{Forced: "standby", Seconds: 5400, State: status.Online}); err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
	var refused Refusal
	if _, err = c.Failover(t.Context(), "moon", 0); !errors.As(err, &refused) || err.Error() != "there is no such uplink" {
		t.Errorf("moon: %v", err)
	}
	if r.done() != "standby 1h30m0s" {
		t.Errorf("told %s", r.done())
	}
}

func TestClientTellsWhyNobodyAnswers(t *testing.T) {
	path := t.TempDir() + "/main.sock"
	c := NewClient(path)
	if _, err := c.Status(t.Context(), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
			c.Close()
		}
	}()
	if _, err := c.Status(t.Context(), ""); err == nil || !strings.HasPrefix(err.Error(), `cannot understand the answer "hello"`) {
		t.Errorf("nonsense: %v", err)
	}
	l.Close()
	if _, err := c.Status(t.Context(), ""); !errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "http") {
		t.Errorf("nobody there any more: %v", err)
	}
}

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90": 90 * time.Second, "90s": 90 * time.Second, "30m": 30 * time.Minute, "2h": 2 * time.Hour, "1h30m": 90 * time.Minute,
		"1d": 24 * time.Hour, "366d": Longest, "1": Shortest, "1.5h": 90 * time.Minute,
		"": 0, "0": 0, "-1": 0, "-2h": 0, "0.5s": 0, "367d": 0, "4294967295": 0, "4294967295d": 0, "99999999999999999999": 0,
		"d": 0, "1w": 0, "ever": 0, "2 h": 0, "+5": 0, "1d2h": 0, "8785h": 0,
	} {
		if got, err := ParsePeriod(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestPeriod(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"2h": 2 * time.Hour, "1h30m": 90 * time.Minute, "30m": 30 * time.Minute, "10s": 10 * time.Second, "1m30s": 90 * time.Second,
		"10m": 10 * time.Minute, "20h": 20 * time.Hour, "1h0m30s": time.Hour + 30*time.Second, "0s": 0, "2s": 1600 * time.Millisecond,
	} {
		if got := Period(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
		if back, _ := ParsePeriod(want); back != d.Round(time.Second) {
			t.Errorf("%q is read as %v", want, back)
		}
	}
}
