package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// counter is a lab with an imon that has a socket, and somebody who asks there.
type counter struct {
	*bench
	directory string
}

// openCounter raises a lab; imon is not started yet.
func openCounter(t *testing.T, edit func(lab.Config)) *counter {
	t.Helper()
	directory, err := os.MkdirTemp("", "imon-counter-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o755); err != nil { // nobody gets as far as the socket
		t.Fatal(err)
	}
	return &counter{raise(t, edit), directory}
}

// launch starts imon and waits until somebody, perhaps the one before, can be asked.
func (d *counter) launch(variables ...string) {
	d.t.Helper()
	d.bench.launch(append(variables, d.variable())...)
	d.until("somebody listens", func() bool {
		c, err := net.Dial("unix", d.socket())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (d *counter) variable() string { return directoryVariable + "=" + d.directory }

func (d *counter) socket() string { return filepath.Join(d.directory, "main.sock") }

// as runs a command line of the real program as a user.
func (d *counter) as(user uint32, args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv("IMON_BINARY"), args...)
	cmd.Args[0] = "imon"
	cmd.Dir = "/"
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), d.variable()), &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// says runs imon failover, which must succeed with that output.
func (d *counter) says(want string, args ...string) {
	d.t.Helper()
	if got := d.as(0, append([]string{"failover"}, args...)...); got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, want) {
		d.t.Errorf("imon failover %v: %+v; want %q", args, got, want)
	}
}

// refuses runs imon failover, which must fail with that sentence.
func (d *counter) refuses(want string, args ...string) {
	d.t.Helper()
	got := d.as(0, append([]string{"failover"}, args...)...)
	if got.code != 1 || got.stdout != "" || !strings.HasPrefix(got.stderr, want) || strings.Count(got.stderr, "\n") != 1 {
		d.t.Errorf("imon failover %v: %+v; want %q", args, got, want)
	}
}

// failover is the state as the socket tells it.
func (d *counter) failover() status.Failover {
	d.t.Helper()
	document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
	if err != nil || document.Monitors.Failover == nil {
		d.t.Fatal(document, err)
	}
	return *document.Monitors.Failover
}

// standbyForAnHour asks for the state until it is that the standby is preferred, for about an hour.
func (d *counter) standbyForAnHour() {
	d.t.Helper()
	d.until("the standby is preferred", func() bool { return d.failover().Forced == "standby" })
	if f := d.failover(); f.ForcedSeconds < 3500 || f.ForcedSeconds > 3600 || f.ForcedUntil == "" {
		d.t.Errorf("%+v", f)
	}
}

func TestFailoverCommand(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.refuses("? imon does not run as instance 'main': nobody listens on " + d.socket() + "\n")
	d.launch()
	d.see(d.started, "Network Failover Primary Route net42 (eth1) is active")
	d.until("the result of a round", func() bool { return d.failover().Uplinks[1].Last != nil })
	d.says("Active: primary net42 (eth1)\n* primary  net42 (eth1)             online ")

	at := time.Now()
	d.says("imon keeps to standby net62 (eth2) for 1h\n", "standby", "--for", "1h")
	d.see(at, "Network Failover was told: standby for 1h")
	d.see(at, "Network Failover Standby Route net62 (eth2) is active")
	d.via(1)
	d.says("Active: standby net62 (eth2), as told for another 1h\n")
	d.standbyForAnHour()

	before, err := os.Stat(d.socket())
	if err != nil {
		t.Fatal(err)
	}
	d.config.Set("failover", "interval", 0.5) // the monitor is replaced
	at = d.rewrite(d.config.JSON())
	d.see(at, "Start Network Failover Monitor")
	d.see(at, "Network Failover keeps to Standby Network net62 (eth2), as told")
	d.standbyForAnHour()
	if after, err := os.Stat(d.socket()); err != nil || !os.SameFile(before, after) {
		t.Errorf("the reload made another socket: %v", err)
	}

	at = time.Now()
	d.says("imon keeps to primary net42 (eth1)\n", "net42")
	d.see(at, "Route net42 (eth1) is active")
	d.via(0)
	at = time.Now()
	d.says("imon keeps to standby net62 (eth2) for 1s\n", "--for", "1s", "eth2", "--instance", "main")
	d.see(at, "Network Failover decides by itself again")
	d.via(0) // prefer-primary
	if f := d.failover(); f.Forced != status.Auto || f.ForcedSeconds != 0 || f.ForcedUntil != "" {
		t.Errorf("%+v", f)
	}
	at = d.inject(d.CutISP(1))
	d.see(at, "Standby Network net62 (eth2) is now offline")
	d.says("imon keeps to standby net62 (eth2)\nthis uplink is not online: the other one is used until it is\n", "standby")
	d.says("imon decides by itself again\n", "auto")
	d.refuses("? Instance 'main': there is no uplink \"moon\": say primary, standby, auto, a name or an interface\n", "moon")
	d.refuses("? imon does not run as instance 'other': nobody listens on "+filepath.Join(d.directory, "other.sock")+"; there is --instance main\n", "--instance", "other")
}

// A preference is for an uplink, not for a place in the list: it follows its uplink,
// and ends with it.
func TestPreferenceFollowsItsUplink(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	at := time.Now()
	d.says("imon keeps to standby net62 (eth2) for 1h\n", "standby", "--for", "1h")
	d.see(at, "Standby Route net62 (eth2) is active")

	for _, key := range []string{"-if", "-gw", "-name"} {
		f := d.config["failover"]
		f["primary"+key], f["standby"+key] = f["standby"+key], f["primary"+key]
	}
	at = d.rewrite(d.config.JSON())
	d.see(at, "Network Failover keeps to Primary Network net62 (eth2), as told")
	d.see(at, "Primary Route net62 (eth2) is active")
	d.via(1)
	if f := d.failover(); f.Forced != "primary" || f.ForcedSeconds < 3500 || d.count("Route net42 (eth1) is active") != 1 {
		t.Errorf("%+v", f)
	}

	d.config.Set("failover", "primary-if", "eth1").Set("failover", "primary-gw", "192.168.42.1").Set("failover", "primary-name", "net42")
	d.config.Set("failover", "standby-if", "eth9").Set("failover", "standby-gw", "192.168.99.1")
	at = d.rewrite(d.config.JSON())
	d.see(at, "Network Failover decides by itself again: eth2, which it was told to keep to, is none of its uplinks any more")
	d.see(at, "Primary Route net42 (eth1) is active")
	if f := d.failover(); f.Forced != status.Auto || f.ForcedSeconds != 0 {
		t.Errorf("%+v", f)
	}
}

// Only root may ask, whatever the way.
func TestFailoverCommandIsForRoot(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")

	got := d.as(nobody, "failover", "standby")
	if want := (outcome{1, "", "? Only root may ask imon: sudo imon failover standby\n"}); got != want {
		t.Errorf("nobody got %+v, want %+v", got, want)
	}
	if f := d.failover(); f.Forced != status.Auto {
		t.Errorf("nobody has forced %s", f.Forced)
	}
}

// A killed process leaves its socket behind; the next one takes its place. A second
// one at the same time does not.
func TestSocketOutlivesNobody(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	first := d.bench.Program
	d.stop(syscall.SIGKILL)
	if _, err := os.Stat(d.socket()); err != nil {
		t.Errorf("there is nothing to be replaced: %v", err)
	}
	d.refuses("? imon does not run as instance 'main': nobody listens on " + d.socket() + "\n")

	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	d.says("Active: primary net42 (eth1)\n")
	second := d.bench.Program
	if strings.Contains(first.Text()+second.Text(), "No socket") {
		t.Errorf("imon complains:\n%s", second.Text())
	}

	d.launch()
	d.see(d.started, `No socket for "imon failover": cannot listen on "`+d.socket()+`": another imon of this name runs`)
	third := d.bench.Program
	d.says("imon keeps to standby net62 (eth2) for 1h\n", "standby", "--for", "1h")
	d.until("the second was told", func() bool { return strings.Contains(second.Text(), "was told: standby") })
	if strings.Contains(third.Text(), "was told") {
		t.Errorf("the third was told too:\n%s", third.Text())
	}
	d.stop(syscall.SIGTERM)
	d.bench.Program = second
	d.until("the standby is active", func() bool { return d.failover().Active == "standby" }) // two have fought for the route
	d.says("Active: standby net62 (eth2), as told")
	if code := d.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(d.socket()); !os.IsNotExist(err) {
		t.Errorf("after the end there is still a socket: %v", err)
	}
}

func TestFailoverCommandWithoutFailover(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) { c.Set("failover", "enable", false).Set("ping", "enable", true) })
	d.launch()
	d.see(d.started, "Ping Result")
	d.refuses("? Instance 'main': the failover monitor is not enabled\n")
	d.refuses("? Instance 'main': the failover monitor is not enabled\n", "standby")
}
