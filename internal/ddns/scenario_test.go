package ddns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

func timeout(provider string) error { return errors.New(provider + ": timeout") }

// addresses are what X, Y and Z stand for.
var addresses = map[string]netip.Addr{
	"X": netip.MustParseAddr("198.51.100.1"),
	"Y": netip.MustParseAddr("198.51.100.2"),
	"Z": netip.MustParseAddr("2001:db8::3"),
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
			title, polls, _ := strings.Cut(scenario, "\n")
			t.Run(title, func(t *testing.T) { playScenario(t, polls) })
		}
	}
}

// rulesFor are those of the scenario files. A source whose name begins with "dns-" or
// "command-" is of that kind, one with "tls-" is a web server by TLS.
func rulesFor(names ...string) rules {
	r := rules{subject: "External IP Address", interval: 10 * time.Second, lookup: 10 * time.Second, own: true}
	for _, name := range names {
		kind, _, found := strings.Cut(name, "-")
		target := name
		if !found || kind == "tls" {
			kind = config.SourceHTTP
		}
		if strings.HasPrefix(name, "tls-") {
			target = "https://" + name
		}
		r.sources = append(r.sources, Source{kind, name, target})
	}
	return r
}

func playScenario(t *testing.T, polls string) {
	r := rulesFor("a", "b", "c", "d")
	s := begin(r, 3)
	for line := range strings.Lines(polls) {
		line = strings.TrimSpace(line)
		if names, ok := strings.CutPrefix(line, "providers "); ok {
			r = rulesFor(strings.Fields(names)...)
			s = begin(r, len(r.sources)-1)
		} else if line != "" {
			given, want, _ := strings.Cut(line, "=>")
			asked, told := "", ""
			s, asked, told = playPoll(t, r, s, strings.TrimSpace(given))
			if asked != strings.TrimSpace(given) || told != strings.TrimSpace(want) {
				t.Errorf("%s\n got %s => %s", line, asked, told)
			}
		}
	}
}

// playPoll plays a poll such as "10s a says X, b fails" and returns what was
// asked and told, in the same words. Who is asked beyond that fails.
func playPoll(t *testing.T, r rules, s state, given string) (next state, asked, told string) {
	moment, said, _ := strings.Cut(given, " ")
	now, err := time.ParseDuration(moment)
	if err != nil {
		t.Fatalf("cannot read poll %q: %v", given, err)
	}
	script := strings.Split(strings.TrimSpace(said), ", ")
	var replies []string
	s.due = min(s.due, now) // whatever was said of the next poll
	s, out := step(r, s, input{now: now, tick: true})
	for out.ask != nobody {
		words := []string{"?", "fails"}
		if len(replies) < len(script) {
			words = strings.Fields(script[len(replies)])
		}
		words[0] = r.sources[out.ask].Name
		replies = append(replies, strings.Join(words, " "))
		in := input{now: now, answered: true}
		switch words[1] {
		case "says":
			in.address = addresses[words[2]]
		case "bars":
			in.err = fmt.Errorf("%s: %w", words[0], probe.ErrBarred)
		case "raves":
			in.err = fmt.Errorf("%s: %w", words[0], probe.ErrRefused)
		default:
			in.err = timeout(words[0])
		}
		var more outcome
		s, more = step(r, s, in)
		more.events = append(out.events, more.events...)
		out = more
	}
	blanks := given[len(moment) : len(given)-len(strings.TrimLeft(said, " "))]
	return s, moment + blanks + strings.Join(replies, ", "), describe(out, s.due-s.begun, r.interval)
}

// describe puts an outcome into the words of the scenario files.
func describe(out outcome, wait, interval time.Duration) string {
	var words []string
	for _, e := range out.events {
		words = append(words, describeEvent(e))
	}
	if wait != interval && wait < busy/2 {
		words = append(words, "next "+wait.String())
	}
	return strings.Join(words, ", ")
}

func describeEvent(e event.Event) string {
	text := e.Text
	for name, address := range addresses {
		text = strings.ReplaceAll(text, address.String(), name)
	}
	switch e.Kind {
	case event.DDNSUpdate:
		return "update " + letter(e.OldAddress) + " to " + letter(e.Address) + " by " + e.Source
	case event.DDNSNoUpdate:
		return "no update (" + text + ")"
	case event.Message:
		return strings.TrimPrefix(strings.TrimPrefix(text, "External IP Address "), "is ")
	}
	return "?" + string(e.Kind)
}

// letter is the name of an address in the scenario files.
func letter(address netip.Addr) string {
	for name := range addresses {
		if addresses[name] == address {
			return name
		}
	}
	return "unknown"
}
