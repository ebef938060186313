package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// everything enables all monitors with an interval of 1 s.
func everything(c lab.Config) {
	internetTargets(c)
	for _, monitor := range []string{"ddns", "updown", "ping"} {
		c.Set(monitor, "enable", true)
	}
}

// Who looks sees each monitor and each uplink, and by the exit code whether all is well;
// the same in JSON; and what happens, as it happens.
func TestStatusAndEvents(t *testing.T) {
	t.Parallel()
	d := openCounter(t, everything)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	d.see(d.started, "External IP Address changed from unknown to 5.9.1.2")
	d.see(d.started, "Monitored IP")
	d.see(d.started, "Ping Result")
	got := d.as(0, "status")
	for _, want := range []string{"main, running for ", "\nddns      online ", "5.9.1.2\n", "\nupdown    online ", "\nfailover  online ", "Active: primary net42 (eth1)",
		"\n* primary online ", "\n  standby online ", "\nping      online ", "   0% ", "▁\n"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q", want)
		}
	}
	if got.code != 0 || got.stderr != "" || strings.Contains(got.stdout, "\x1b") || t.Failed() {
		t.Errorf("%d %s\n%s", got.code, got.stderr, got.stdout)
	}

	follower := d.follow("events", "-f")
	follower.sees("Route net42 (eth1) is active")
	raw := d.follow("events", "-f", "--json")
	cut := d.CutISP(0)
	at := d.inject(cut)
	d.see(at, "Route net62 (eth2) is active")
	follower.sees("Route net62 (eth2) is active")
	raw.sees(`"event":"failover-standby"`)
	d.until("exit code 3", func() bool {
		return d.as(0, "status").code == 0 && strings.Contains(d.as(0, "status").stdout, "* standby online")
	})
	d.restore(cut)
	d.see(at, "Route net42 (eth1) is active")

	var document status.Document
	if got := d.as(0, "status", "--json"); got.code != 0 || json.Unmarshal([]byte(got.stdout), &document) != nil || document.Monitors.Failover.Active != "primary" {
		t.Errorf("%+v", got)
	}
	if o := document.Monitors.Failover.Uplinks[0].Outage; o == nil || o.Age > 60 {
		t.Errorf("the outage of the primary: %+v", o)
	}
	past, err := socket.NewClient(d.socket()).History(t.Context(), history.Query{Resolution: history.Round})
	if err != nil || len(past.Series) != 4 || past.Instance != "main" {
		t.Errorf("%d series, %v", len(past.Series), err)
	}
	for _, s := range past.Series {
		if len(s.Age) == 0 || s.Min[0] <= 0 && s.Loss[0] < 1 {
			t.Errorf("%+v", s)
		}
	}

	// What follows goes on with the next imon.
	d.Signal(syscall.SIGKILL)
	d.until("it ends", d.Ended)
	if got := d.as(0, "status"); got.code != 1 || !strings.HasPrefix(got.stderr, "? imon does not run as instance 'main': ") {
		t.Errorf("%+v", got)
	}
	d.launch()
	follower.sees("Route net42 (eth1) is active")
}

// Offline is an exit code.
func TestStatusOfAnOutage(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) {
		c.Set("failover", "enable", false).Set("updown", "enable", true).Set("updown", "monitorip", "192.168.42.77")
	})
	d.launch()
	d.see(d.started, "offline at start")
	if got := d.as(0, "status"); got.code != exitOffline || !strings.Contains(got.stdout, "updown    offline ") {
		t.Errorf("%+v", got)
	}
	watch := d.follow("status", "--watch")
	for range 2 {
		watch.sees("main, running for ")
	}
	file := t.TempDir() + "/imon-office"
	if err := os.WriteFile(file, []byte(`{"ping": {"enable": true, "interval": 1, "monitorip": "192.168.42.1"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	office, err := d.Start(t.Context(), d.Router, nil, "env", d.variable(), os.Getenv("IMON_BINARY"), "--nosyslog", "--instance", "office", "--config", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := office.Await(t.Context(), time.Time{}, "Ping Result"); err != nil {
		t.Fatal(err)
	}
	if got := d.as(0, "status"); got.code != exitOffline || !strings.HasPrefix(got.stdout, "main, running for ") || !strings.Contains(got.stdout, "\n\noffice, running for ") {
		t.Errorf("%+v", got)
	}
	if got := d.as(0, "status", "--json"); strings.Count(got.stdout, "\n") != 2 {
		t.Errorf("%+v", got)
	}
	if got := d.as(0, "status", "--instance", "office"); got.code != 0 || !strings.HasPrefix(got.stdout, "office, running for ") {
		t.Errorf("%+v", got)
	}
	if got := d.as(65534, "status"); got.code != 1 || !strings.HasPrefix(got.stderr, "? Only root may ask imon: sudo imon status\n") {
		t.Errorf("%+v", got)
	}
}

// runner is an imon whose output is read as it comes.
type runner struct {
	t     *testing.T
	lines chan string
}

// follow runs a command line until the test ends.
func (d *counter) follow(args ...string) runner {
	d.t.Helper()
	cmd := exec.Command(os.Getenv("IMON_BINARY"), args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), d.variable()), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	r := runner{d.t, make(chan string, 1000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			r.lines <- lines.Text()
		}
	}()
	d.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		<-ended
		if err := cmd.Wait(); err != nil {
			d.t.Errorf("%v: %v", args, err)
		}
	})
	return r
}

// sees waits for a line with text.
func (r runner) sees(text string) {
	r.t.Helper()
	for limit := time.After(patience); ; {
		select {
		case line := <-r.lines:
			if strings.Contains(line, text) {
				return
			}
		case <-limit:
			r.t.Fatalf("no line with %q", text)
		}
	}
}
