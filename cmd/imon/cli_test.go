package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/build"
)

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// outcome is what a command left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// invoke runs a command line in process, over the given files.
func invoke(t *testing.T, files map[string]string, args ...string) outcome {
	t.Helper()
	fs := afero.NewMemMapFs()
	for path, text := range files {
		if err := afero.WriteFile(fs, path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr buffer
	code := run(t.Context(), env{args: append([]string{"imon"}, args...), fs: fs, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr})
	return outcome{code, stdout.String(), stderr.String()}
}

// An uplink that is empty, as of a variable that is not set, is no question.
func TestEmptyUplinkIsRefused(t *testing.T) {
	var o options
	o.command = "failover"
	if _, err := o.read([]string{""}); err == nil || err.Error() != "the uplink is empty" {
		t.Errorf("%v", err)
	}
}

func TestCommandLine(t *testing.T) {
	cases := []struct {
		args           string
		code           int
		stdout, stderr string // beginnings
	}{
		{"-h", 0, "usage: imon ", ""},
		{"--help", 0, "usage: imon ", ""},
		{"check --help", 0, "usage: imon ", ""},
		{"--version", 0, build.Version + "\n", ""},
		{"--nonsense", 2, "", "imon: flag provided but not defined: -nonsense\n\nusage: imon "},
		{"dance", 2, "", "imon: unknown command \"dance\"\n\nusage: imon "},
		{"check main", 2, "", "imon: unexpected argument \"main\"\n\nusage: imon "},
		{"--config /x check", 2, "", "imon: the command comes first: imon check, then the options\n\nusage: imon "},
		{"--instance x configure", 2, "", "imon: the command comes first: imon configure, then the options\n\nusage: imon "},
		{"check --config=", 2, "", "imon: --config is empty\n\nusage: imon "},
		{"failover standby --for=", 2, "", "imon: --for is empty\n\nusage: imon "},
		{"status --instance=", 2, "", "imon: --instance is empty\n\nusage: imon "},
		{"--instance", 2, "", "imon: flag needs an argument: -instance\n\nusage: imon "},
		{"failover standby primary", 2, "", "imon: unexpected argument \"primary\"\n\nusage: imon "},
		{"failover --for 2h", 2, "", "imon: --for goes with failover and an uplink\n\nusage: imon "},
		{"failover auto --for 2h", 2, "", "imon: --for goes with failover and an uplink\n\nusage: imon "},
		{"--for 2h", 2, "", "imon: --for goes with failover and an uplink\n\nusage: imon "},
		{"failover standby --for ever", 2, "", "imon: \"ever\" is no time such as 90s, 30m, 2h or 1d, at most 366d\n\nusage: imon "},
		{"failover standby --for", 2, "", "imon: flag needs an argument: -for\n\nusage: imon "},
		{"failover --config /x", 2, "", "imon: failover takes --instance, not --config\n\nusage: imon "},
		{"failover standby --help", 0, "usage: imon ", ""},
		{"failover --instance ../../x", 1, "", "? Invalid value '../../x' for instance"},
		{"failover", 1, "", "? IMON_SOCKET_DIR is empty: "},
		{"check --instance ../../x", 1, "", "? Invalid value '../../x' for instance"},
		{"check --instance other", 1, "", "? Instance configuration file 'other' not found"},
		{"check --config /x", 1, "", "? Instance configuration file '/x' not found"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			got := invoke(t, nil, strings.Fields(c.args)...)
			if got.code != c.code || !strings.HasPrefix(got.stdout, c.stdout) || !strings.HasPrefix(got.stderr, c.stderr) {
				t.Errorf("got %+v, want %+v", got, c)
			}
			if (c.stdout == "") != (got.stdout == "") || (c.stderr == "") != (got.stderr == "") {
				t.Errorf("said on the wrong stream: %+v", got)
			}
		})
	}
}

const faulty = `{
    "global": { "action": "/no/such" },
    "updown": { "enable": true, "interval": "abc", "pingcout": 3, "monitorip": "a;b" },
    "failover": { "enable": true, "primary-if": "eth1", "standby-gw": "192.168.62.1" }
}`

// Every fault is reported at once, each on one line that begins with "? ".
func TestCheckReportsAllFaultsAtOnce(t *testing.T) {
	got := invoke(t, map[string]string{"/etc/default/imon-main": faulty}, "check")
	if got.code != 1 || got.stdout != "" {
		t.Errorf("exit code %d, output %q", got.code, got.stdout)
	}
	for _, want := range []string{
		"\n? Action script '/no/such' not found (/etc/default/imon-main:2",
		"\n? Invalid value 'abc' for interval (/etc/default/imon-main:3: updown.interval ",
		"\n? Invalid value 'a;b' for monitorip (/etc/default/imon-main:3: updown.monitorip ",
		"\n? Missing settings for failover monitor:  primary-gw standby-if (/etc/default/imon-main:4",
		"\n% \"pingcout\" in [updown]: did you mean \"pingcount\"? (/etc/default/imon-main:3)",
	} {
		if !strings.Contains("\n"+got.stderr, want) {
			t.Errorf("no line %q in\n%s", want[1:], got.stderr)
		}
	}
}

func TestCheckShowsTheEffectiveConfiguration(t *testing.T) {
	text := `{ "ping": { "enable": true, "monitorip": "127.0.0.1", "interval": 2.5 } }`
	got := invoke(t, map[string]string{"/etc/default/imon-home": text}, "check", "--instance", "home")
	if got.code != 0 || got.stderr != "" {
		t.Errorf("exit code %d, complaints %q", got.code, got.stderr)
	}
	for _, want := range []string{"** [ping] ** \n    enable            True\n    interval          2.5\n    pingcount         2\n", "The configuration is valid\n"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
}

// The lines at start have the order and the words that people grep for.
func TestStartUpLinesAndEnd(t *testing.T) {
	fs := afero.NewMemMapFs()
	text := `{ "global": { "debug": true, "datefmt": "%H" }, "ddns": { "enable": true, "interval": 0.01 } }`
	if err := afero.WriteFile(fs, "/etc/default/imon-main", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr buffer
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- run(ctx, env{args: []string{"imon", "--nosyslog"}, fs: fs, stdout: &stdout, stderr: &stderr, reload: make(chan os.Signal)})
	}()
	for end := time.Now().Add(patience); !strings.Contains(stdout.String(), "from 10.1.10.3 to 192.168.14.4"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no walk through the fake addresses in\n%s", stdout.String())
		}
	}
	cancel()
	if code := <-ended; code != 0 || stderr.String() != "" {
		t.Errorf("exit code %d, complaints %q", code, stderr.String())
	}
	at := 0
	for _, want := range []string{
		"[main] Starting\n", "[main] Version V" + build.Version + "\n", "[main] Command line: imon --nosyslog\n",
		"[main] Configuration file /etc/default/imon-main\n", "[main] ** [global] ** \n", "[main]     action            \n",
		"[main] ** [ddns] ** \n", "[main]     enable            True\n", "[main]     interval          0.01\n",
		"[main] Start External IP Address tracking\n",
		"[main] External IP Address changed from unknown to 192.168.14.1\n",
		"[main] External IP Address changed from 192.168.14.1 to 172.16.12.2\n",
	} {
		i := strings.Index(stdout.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %q after the lines before it, in\n%s", want, stdout.String())
		}
		at += i
	}
}

func TestFaultyConfigurationDoesNotStart(t *testing.T) {
	got := invoke(t, map[string]string{"/etc/default/imon-main": `{ "updown": { "enable": "false", "monitorip": "1.1.1.1" } }`}, "--nosyslog")
	if got.code != 1 || !strings.HasPrefix(got.stderr, "? No monitors are enabled. See documentation") {
		t.Errorf("got %+v", got)
	}
}
