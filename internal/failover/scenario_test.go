package failover

import (
	"errors"
	"flag"
	"fmt"
	"github.com/ejgeiger/imon/internal/quality"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
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
	holder int           // whose route the imagined kernel has
	asked  int           // the uplink of the last activate
	last   time.Duration // the last time that was named
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
		s.state, out = step(s.state, forced{at: s.last, uplink: indexOf(words[1])})
		return s.texts(out)
	}
	if words[0] == "show" {
		text := fmt.Sprintf("active=%s route=%s", nameOf(s.state.active), nameOf(s.holder))
		if s.state.doubtful() {
			text += " in doubt"
		}
		return []string{text}
	}
	at, err := time.ParseDuration(words[1])
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	s.last = at
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
	s.holder, s.asked = uplink.None, idle
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "prefer-primary":
			cfg.PreferPrimary = true
		case "postping":
			cfg.Uplinks[primary].PostTarget = "example.com"
		case "route":
			s.holder = indexOf(value)
		case "third":
			cfg.Further = []config.Uplink{{Interface: "wwan0", Name: "lte", Gateway: netip.MustParseAddr("10.0.3.1")}}
		case "withdraw-when-down":
			cfg.WithdrawWhenDown = true
		default:
			s.set(&cfg, key, value)
		}
	}
	s.state = begin(cfg, s.holder)
}

// set is a setting with a value.
func (s *scenario) set(cfg *config.Failover, key, value string) {
	number, _ := strconv.Atoi(value)
	d, _ := time.ParseDuration(value)
	switch key {
	case "fall":
		cfg.Fall = number
	case "rise":
		cfg.Rise = number
	case "passive-rounds":
		cfg.PassiveRounds = number
	case "hold":
		cfg.Hold, cfg.HoldMax = d, time.Hour
	case "hold-max":
		cfg.HoldMax = d
	case "loss", "rtt": // FAILURE/RECOVERY, in per cent and ms
		var failure, recovery int
		if _, err := fmt.Sscanf(value, "%d/%d", &failure, &recovery); err != nil {
			s.t.Fatal(err)
		}
		q := &cfg.Quality
		q.Window = time.Minute
		if key == "loss" {
			q.FailureLoss, q.RecoveryLoss = float64(failure)/100, float64(recovery)/100
		} else {
			q.FailureRTT, q.RecoveryRTT = time.Duration(failure)*time.Millisecond, time.Duration(recovery)*time.Millisecond
		}
	default:
		s.t.Fatalf("no setting %q", key)
	}
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
	in := observed{at: at, round: isRound, uplinks: make([]observation, len(s.state.all))}
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
			o.address, o.changed = netip.MustParseAddr(addr), true
		}
		value, traffic, _ := strings.Cut(value, "+")
		o.replies = map[string]evidence{"replies": replied, "pending": pending}[traffic]
		value, figures, measured := strings.Cut(value, ":")
		if measured {
			o.sample = s.sample(figures)
		}
		o.reason = strings.TrimSuffix(why, ")")
		o.verdict = map[string]verdict{"online": online, "offline": offline}[value]
	}
	in.holder = s.holder
	return in
}

// sample is RECEIVED/SENT or RECEIVED/SENT/RTT.
func (s *scenario) sample(text string) quality.Sample {
	f := strings.Split(text, "/")
	var out quality.Sample
	var err error
	out.Received, _ = strconv.Atoi(f[0])
	out.Sent, _ = strconv.Atoi(f[1])
	if len(f) > 2 {
		out.RTT, err = time.ParseDuration(f[2])
	}
	if err != nil || out.Sent == 0 {
		s.t.Fatalf("no sample: %q", text)
	}
	return out
}

func (s *scenario) texts(out []output) []string {
	var texts []string
	for _, o := range out {
		switch o := o.(type) {
		case emit:
			texts = append(texts, "emit "+eventText(o.event))
		case activate:
			s.asked = o.uplink
			text := "activate " + nameOf(o.uplink)
			if o.uplink == uplink.None {
				text = "withdraw"
			}
			texts = append(texts, text)
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
		return fmt.Sprintf("message %s: %s", map[event.Severity]string{event.Error: "error", event.Warning: "warning", event.Notice: "notice", event.Info: "info"}[e.Severity], e.Text)
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
	return map[string]int{"primary": primary, "standby": standby, "third": 2, "none": uplink.None}[name]
}

func nameOf(i int) string {
	return map[int]string{primary: "primary", standby: "standby", 2: "third", uplink.None: "none"}[i]
}

// address is the source address of uplink i in tests.
func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 2}) }

// testConfig is two uplinks, one of them with a name.
func testConfig() config.Failover {
	return config.Failover{
		Rounds: config.Rounds{Enable: true, Interval: 10 * time.Second, Count: 2, Wait: time.Second},
		Metric: 201, Fall: 1, Rise: 1, FailureInterval: time.Second, Reliability: 1, Family: config.FamilyV4,
		Uplinks: [2]config.Uplink{
			{Interface: "eth1", Name: "cable", Gateway: netip.MustParseAddr("10.0.1.1"), Method: config.MethodICMP},
			{Interface: "eth2", Gateway: netip.MustParseAddr("10.0.2.1"), Method: config.MethodICMP},
		},
	}
}
