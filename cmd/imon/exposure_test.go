package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// ask sends a request to a unix socket and returns all that comes back.
func ask(ctx context.Context, path, request string) (string, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		c.SetDeadline(end)
	}
	if _, err := io.WriteString(c, request); err != nil {
		return "", err
	}
	text, err := io.ReadAll(c)
	return string(text), err
}

// invokeReal runs imon check of the real program on a file with that text.
func invokeReal(t *testing.T, text string, args ...string) outcome {
	t.Helper()
	file := filepath.Join(t.TempDir(), "imon-real")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if args == nil {
		args = []string{"check", "--config", file}
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Getenv("IMON_BINARY"), args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &stdout, &stderr, "/"
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// open are the TCP and UDP sockets of a process that take what anybody sends: those
// that listen, and those that are connected to nobody.
func open(t *testing.T, pid int) (found []string, all int) {
	t.Helper()
	mine := make(map[string]bool)
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && strings.HasPrefix(to, "socket:[") {
			mine[strings.Trim(to, "socket:[]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6"} {
		for line := range strings.Lines(content(fmt.Sprintf("/proc/%d/net/%s", pid, table))) {
			f := strings.Fields(line)
			if len(f) < 10 || !mine[f[9]] {
				continue
			}
			all++
			if state := f[3]; state == "0A" || state == "07" && strings.HasPrefix(table, "udp") {
				found = append(found, table+" "+f[1])
			}
		}
	}
	return found, all
}

// With every monitor at work and nothing else configured, nobody can send imon
// anything that it has not asked for.
func TestNothingListensByDefault(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) {
		for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
			c.Set(monitor, "enable", true).Set(monitor, "interval", 0.1)
		}
	})
	for _, p := range d.Providers {
		p.Behave(lab.Answer{Delay: 200 * time.Millisecond}) // so that a question can be seen while it is open
	}
	d.launch()
	d.see(d.started, "External IP Address changed")
	seen := 0
	d.until("rounds of all monitors", func() bool {
		found, all := open(t, d.Pid())
		seen += all
		if len(found) > 0 {
			t.Fatalf("open to everybody: %v", found)
		}
		return d.count("Ping Result") > 50 && seen > 5
	})
}

// The socket lets nobody in but root and its group, whatever they send, and there is
// nothing beside it that others could write.
func TestSocketIsClosedToOthers(t *testing.T) {
	t.Parallel()
	d := openCounter(t, internetTargets)
	d.launch()
	d.see(d.started, "Route net42 (eth1) is active")
	d.whole()
	for _, path := range []string{d.socket(), strings.TrimSuffix(d.socket(), "sock") + "lock"} {
		for _, how := range []string{"connect", "read", "write", "remove"} {
			if err := attempt(t, how, path); err == nil {
				t.Errorf("nobody may %s %s", how, path)
			}
		}
	}
	if !strings.Contains(d.whole(), `"forced":"auto"`) {
		t.Errorf("somebody was obeyed: %s", d.whole())
	}
}

// attempt has nobody do something with a file.
func attempt(t *testing.T, how, path string) error {
	t.Helper()
	script := map[string]string{
		"connect": `use IO::Socket::UNIX; IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1`,
		"read":    `open(F, "<", $ARGV[0]) or exit 1`,
		"write":   `open(F, ">>", $ARGV[0]) or exit 1`,
		"remove":  `unlink($ARGV[0]) or exit 1`,
	}[how]
	cmd := exec.CommandContext(t.Context(), "perl", "-e", script, path)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd.Run()
}

// An instance's name is no way to another file, whatever the command.
func TestInstanceNamesLeadNowhere(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "check", "failover", "convert --to uci", "configure --set ping.enable=true"} {
		for _, name := range []string{"../../x", "/etc/passwd", "..", "a/b", "a\nb", "-x", ""} {
			if name == "" && strings.HasPrefix(command, "configure") {
				continue // it asks for the name, and proposes main
			}
			args := append(strings.Fields(command), "--instance", name)
			got := invokeReal(t, "", args...)
			if got.code == 0 || got.stdout != "" || !strings.Contains(got.stderr, "instance") || strings.Contains(got.stderr, "\nb") {
				t.Errorf("%q: %+v", args, got)
			}
		}
	}
}

// What is looked for can be found.
func TestOpenFindsSockets(t *testing.T) {
	for _, make := range []func() (io.Closer, error){
		func() (io.Closer, error) { return net.Listen("tcp", "127.0.0.1:0") },
		func() (io.Closer, error) { return net.Listen("tcp", "[::1]:0") },
		func() (io.Closer, error) { return net.ListenPacket("udp", "127.0.0.1:0") },
	} {
		before, _ := open(t, os.Getpid())
		c, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := open(t, os.Getpid()); len(found) <= len(before) {
			t.Errorf("not seen: %v", found)
		}
		c.Close()
	}
}
