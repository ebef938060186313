package lab

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// standIn behaves like imon as far as the lab is concerned: it prints its
// arguments and a part of its configuration, and ends on SIGTERM.
const standIn = `#!/bin/sh
trap 'echo ending; exit 3' TERM
echo "args: $*"
grep -o '"primary-name": "[a-z0-9]*"' "$3"
echo complaint >&2
ip -o link show eth2 | cut -d: -f2
while :; do sleep 0.01; done
`

func startStandIn(t *testing.T, l *Lab, args ...string) *Program {
	t.Helper()
	script := filepath.Join(t.TempDir(), "imon")
	must(t, os.WriteFile(script, []byte(standIn), 0o755))
	p, err := l.Imon(t.Context(), script, l.Config().JSON(), args...)
	must(t, err)
	return p
}

// soon is a context for what must happen within seconds.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestImonRunsInTheRouter(t *testing.T) {
	t.Parallel()
	l := Start(t)
	start := time.Now()
	p := startStandIn(t, l, "--instance", "lab")
	for _, text := range []string{"args: --nosyslog --config ", "--instance lab", `"primary-name": "net42"`, "eth2", "complaint"} {
		line, err := p.Await(soon(t), start, text)
		if err != nil || line.At.Before(start) || line.Error != (text == "complaint") {
			t.Errorf("line %q: %+v, %v", text, line, err)
		}
	}
	if p.Ended() {
		t.Error("ended before it was told to")
	}
	must(t, p.Signal(syscall.SIGTERM))
	if code, err := p.Wait(soon(t)); err != nil || code != 3 || !p.Ended() {
		t.Errorf("exit code %d, %v", code, err)
	}
	if _, err := p.Await(soon(t), start, "ending"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.Text(), "ending\n") {
		t.Errorf("text: %q", p.Text())
	}
}

func TestAwaitGivesUp(t *testing.T) {
	t.Parallel()
	l := Start(t)
	p := startStandIn(t, l)
	_, err := p.Await(soon(t), time.Time{}, "eth2")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Await(ctx, time.Now(), "eth2"); err == nil {
		t.Error("a line from before was taken for a new one")
	}
	if _, err := p.Wait(ctx); err == nil {
		t.Error("a running program was taken for an ended one")
	}
}

func TestProgramEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	p, err := l.Start(ctx, l.LAN, nil, "sleep", "1000")
	must(t, err)
	cancel()
	if code, err := p.Wait(soon(t)); err != nil || code != -1 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestProgramThatDoesNotExist(t *testing.T) {
	t.Parallel()
	l := Start(t)
	p, err := l.Imon(t.Context(), "/nonexistent/imon", l.Config().JSON())
	must(t, err)
	if code, err := p.Wait(soon(t)); err != nil || code == 0 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestConfigIsAnInstanceFile(t *testing.T) {
	t.Parallel()
	l := Start(t)
	text := l.Config().Set("ping", "enable", true).JSON()
	var c Config
	must(t, json.Unmarshal(text, &c))
	for _, want := range []struct {
		section, key string
		value        any
	}{
		{"ping", "enable", true},
		{"updown", "enable", false},
		{"failover", "standby-gw", "192.168.62.1"},
		{"failover", "primary-if", "eth1"},
		{"failover", "interval", 1.0},
	} {
		if got := c[want.section][want.key]; got != want.value {
			t.Errorf("%s.%s = %v, want %v", want.section, want.key, got, want.value)
		}
	}
}
