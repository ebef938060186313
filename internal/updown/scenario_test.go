package updown

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

var errTimeout = errors.New("query timed out")

func settings() config.Updown {
	return config.Updown{
		Rounds: config.Rounds{Enable: true, Interval: 10 * time.Second, Count: 2, Wait: time.Second},
		Target: "192.0.2.1", DNSServer: "192.0.2.53", DNSName: "www.example",
	}
}

// TestScenarios plays the files of testdata, which explain the rules.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, scenario := range strings.Split(string(text), "\n== ")[1:] {
			title, rounds, _ := strings.Cut(scenario, "\n")
			t.Run(title, func(t *testing.T) { playScenario(t, rounds) })
		}
	}
}

func playScenario(t *testing.T, rounds string) {
	var s state
	var out outcome
	for line := range strings.Lines(rounds) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		given, want, ok := strings.Cut(line, "=>")
		moment, found, _ := strings.Cut(given, " ")
		now, err := time.ParseDuration(moment)
		if !ok || err != nil {
			t.Fatalf("cannot read scenario line %q: %v", line, err)
		}
		in := read(t, strings.TrimSpace(found))
		in.now = now
		s, out = step(settings(), s, in)
		if got := out.describe(); got != strings.TrimSpace(want) {
			t.Errorf("%s\n got %s", strings.TrimSpace(line), got)
		}
	}
}

func read(t *testing.T, text string) observation {
	t.Helper()
	echo, dns, _ := strings.Cut(text, ", ")
	in := observation{asked: dns != ""}
	switch echo {
	case "answered":
		in.echo.RTTs = []time.Duration{time.Millisecond}
	case "no name":
		in.echo.Err = probe.ErrResolve
	case "no route":
		in.echo.Err = probe.ErrNoRoute
	case "cannot probe":
		in.echo.Err = probe.ErrLocal
	case "silent":
	default:
		t.Fatalf("unknown finding %q", echo)
	}
	if dns == "DNS silent" {
		in.dns = errTimeout
	}
	return in
}

// describe puts an outcome into the words of the scenario files.
func (o outcome) describe() string {
	var words []string
	for _, e := range o.events {
		words = append(words, describe(e))
	}
	if o.secondaries {
		words = append(words, "look at secondaries")
	}
	if o.wait != settings().Interval {
		words = append(words, "next "+o.wait.String())
	}
	return strings.Join(words, ", ")
}

func describe(e event.Event) string {
	why := ""
	if e.Text != "" {
		why = " (" + e.Text + ")"
	}
	switch e.Kind {
	case event.Message:
		return strings.Replace(e.Text, "Monitored IP 192.0.2.1 not checked: ", "not checked (", 1) + ")"
	case event.UpdownInitial, event.UpdownSecondary:
		word := map[bool]string{true: " online", false: " offline"}[e.Online]
		return strings.TrimPrefix(string(e.Kind), "updown-") + word + why
	case event.UpdownOnline:
		return fmt.Sprintf("online after %v", e.Outage)
	default:
		return strings.TrimPrefix(string(e.Kind), "updown-") + why
	}
}
