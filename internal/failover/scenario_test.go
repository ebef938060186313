package failover

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/uplink"
)

var update = flag.Bool("update", false, "write the outputs into testdata instead of comparing them")

// TestScenarios runs each file of testdata. testdata/README says how to read them.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d scenarios found (%v)", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { runScenario(t, f) })
	}
}

// The faults of the program before this one, by their numbers. Each file ends
// with the state that the old behaviour never reached.

func TestFault02UplinkThatFailsAndReturnsWithinARoundKeepsItsRoute(t *testing.T) {
	runScenario(t, "testdata/fault02-fails-and-returns.txt")
}

func TestFault04RouteRemovedByOthersIsPutBack(t *testing.T) {
	runScenario(t, "testdata/fault04-route-removed.txt")
}

func TestFault05NothingIsAnnouncedThatFailed(t *testing.T) {
	runScenario(t, "testdata/fault05-activate-fails.txt")
}

func TestFault07StandbyDiesWhilePrimaryIsUp(t *testing.T) {
	runScenario(t, "testdata/fault07-standby-dies.txt")
}

// runScenario compares the outputs in a file with what step says, or writes them.
func runScenario(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := (&scenario{t: t}).run(string(text))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s: -file +step:\n%s", file, diff)
	}
}

// scenario is the state between two lines of a file.
type scenario struct {
	t      *testing.T
	state  state
	holder int // whose route the imagined kernel has
	asked  int // the uplink of the last activate
}

// run returns the file with the outputs that step gives today.
func (s *scenario) run(text string) string {
	var b strings.Builder
	var out []string
	skip := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "----":
			b.WriteString("----\n")
			for _, o := range out {
				b.WriteString(o + "\n")
			}
			out, skip = nil, true
			continue
		case line == "":
			skip = false
		case !skip && !strings.HasPrefix(line, "#"):
			out = append(out, s.command(line)...)
		}
		if !skip {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// command runs one line and returns what it brings about, as text.
func (s *scenario) command(line string) []string {
	words := split(line)
	if words[0] == "new" {
		s.renew(words[1:])
		return nil
	}
	if words[0] == "force" {
		var out []output
		s.state, out = step(s.state, forced{indexOf(words[1])})
		return s.texts(out)
	}
	if words[0] == "show" {
		return []string{fmt.Sprintf("active=%s route=%s", nameOf(s.state.active), nameOf(s.holder))}
	}
	at, err := time.ParseDuration(words[1])
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	var out []output
	if words[0] == "applied" {
		s.state, out = step(s.state, s.applied(at, words[2:]))
	} else {
		s.state, out = step(s.state, s.observed(at, words[0] == "round", words[2:]))
	}
	return s.texts(out)
}

func (s *scenario) renew(words []string) {
	cfg := testConfig()
	s.holder, s.asked = uplink.None, uplink.None
	for _, w := range words {
		switch w {
		case "prefer-primary":
			cfg.PreferPrimary = true
		case "postping":
			cfg.Uplinks[primary].PostTarget = "example.com"
		default:
			s.holder = indexOf(strings.TrimPrefix(w, "route="))
		}
	}
	s.state = begin(cfg, s.holder)
}

func (s *scenario) applied(at time.Duration, words []string) applied {
	in := applied{at: at, uplink: s.asked}
	if len(words) > 0 {
		_, why, _ := strings.Cut(words[0], "(")
		in.err = errors.New(strings.TrimSuffix(why, ")"))
		return in
	}
	s.holder = s.asked
	return in
}

func (s *scenario) observed(at time.Duration, isRound bool, words []string) observed {
	in := observed{at: at, round: isRound}
	for i := range in.uplinks {
		in.uplinks[i].address = address(i)
	}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		if key == "route" {
			s.holder = indexOf(value)
			continue
		}
		o := &in.uplinks[indexOf(key)]
		value, why, _ := strings.Cut(value, "(")
		value, gateway, moved := strings.Cut(value, "~")
		if moved {
			o.device, o.gateway = fmt.Sprintf("eth%d", indexOf(key)+1), netip.MustParseAddr(gateway)
		}
		value, addr, moved := strings.Cut(value, "@")
		if moved {
			o.address = netip.MustParseAddr(addr)
		}
		o.reason = strings.TrimSuffix(why, ")")
		o.verdict = map[string]verdict{"online": online, "offline": offline}[value]
	}
	in.holder = s.holder
	return in
}

func (s *scenario) texts(out []output) []string {
	var texts []string
	for _, o := range out {
		switch o := o.(type) {
		case emit:
			texts = append(texts, "emit "+eventText(o.event))
		case activate:
			s.asked = o.uplink
			texts = append(texts, "activate "+nameOf(o.uplink))
		case postPing:
			texts = append(texts, "post-ping "+nameOf(o.uplink))
		case probeNow:
			texts = append(texts, "probe now")
		}
	}
	return texts
}

// split cuts a line at its blanks, but not inside of parentheses.
func split(line string) []string {
	depth := 0
	return strings.FieldsFunc(line, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ' ' && depth == 0
	})
}

// eventText is an event in one line.
func eventText(e event.Event) string {
	if e.Kind == event.Message {
		return fmt.Sprintf("message %s: %s", map[event.Severity]string{event.Error: "error", event.Warning: "warning", event.Notice: "notice"}[e.Severity], e.Text)
	}
	if e.Kind == event.FailoverForced && e.Uplink.Role == "" {
		return string(e.Kind) + " none"
	}
	words := []string{string(e.Kind), uplinkText(e.Uplink)}
	if e.Other.Role != "" {
		words = append(words, "and", uplinkText(e.Other))
	}
	if e.Kind == event.FailoverInitial || e.Kind == event.FailoverPostping {
		words = append(words, map[bool]string{true: "online", false: "offline"}[e.Online])
	}
	if e.Kind == event.FailoverUplinkOnline {
		words = append(words, "after "+e.Outage.String())
	}
	if e.Text != "" {
		words = append(words, "("+e.Text+")")
	}
	return strings.Join(words, " ")
}

func uplinkText(u event.Uplink) string {
	s := u.Role + " " + u.Device()
	if u.Address.IsValid() {
		s += " " + u.Address.String()
	}
	return s
}

func indexOf(name string) int {
	return map[string]int{"primary": primary, "standby": standby, "none": uplink.None}[name]
}

func nameOf(i int) string {
	return map[int]string{primary: "primary", standby: "standby", uplink.None: "none"}[i]
}

// address is the source address of uplink i in tests.
func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 2}) }

// testConfig is two uplinks, one of them with a name.
func testConfig() config.Failover {
	return config.Failover{
		Rounds: config.Rounds{Enable: true, Interval: 10 * time.Second, Count: 2, Wait: time.Second},
		Metric: 201,
		Uplinks: [2]config.Uplink{
			{Interface: "eth1", Name: "cable", Gateway: netip.MustParseAddr("10.0.1.1")},
			{Interface: "eth2", Gateway: netip.MustParseAddr("10.0.2.1")},
		},
	}
}
