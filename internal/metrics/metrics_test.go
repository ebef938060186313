package metrics

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

const ms = time.Millisecond

// written is what s writes beside the state of two uplinks.
func written(t *testing.T, s *Store) string {
	t.Helper()
	m := status.Monitor{Enabled: true, State: status.Online, Target: "1.1.1.1"}
	d := status.Document{Instance: "main", Monitors: status.Monitors{
		Updown: &m, Ping: &status.Monitor{Enabled: true, State: status.Unknown}, DDNS: &status.DDNS{},
		Failover: &status.Failover{Monitor: status.Monitor{Enabled: true, State: status.Offline}, Active: "primary", Uplinks: []status.Uplink{
			{Role: "primary", Name: `c"a\b` + "\nle\xff", Interface: "eth1", State: status.Online, Degraded: "loss"},
			{Role: "standby", Interface: "eth2", State: status.Offline}, {Role: "uplink3", State: status.Unknown}}},
	}}
	var b strings.Builder
	if err := s.Write(&b, d, Process{Version: "3.0.0", GoVersion: "go1.26", Goroutines: 7, ActionRuns: 5, ActionFailures: 2}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// has fails the test for each line that is not there.
func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := written(t, New())
		has(t, text,
			`# HELP imon_build_info The version of imon; always 1.`, `# TYPE imon_build_info gauge`,
			`imon_build_info{version="3.0.0",goversion="go1.26",instance_name="main"} 1`,
			`imon_start_time_seconds 9.466848e+08`, `imon_goroutines 7`, `imon_action_runs_total 5`, `imon_action_failures_total 2`,
			`imon_up{monitor="updown",target="1.1.1.1"} 1`, `imon_up{monitor="failover"} 0`,
			`imon_uplink_up{monitor="failover",uplink="primary",name="c\"a\\b\nle�",interface="eth1"} 1`,
			`imon_uplink_up{monitor="failover",uplink="standby",interface="eth2"} 0`,
			`imon_uplink_active{monitor="failover",uplink="standby",interface="eth2"} 0`,
			`imon_uplink_degraded{monitor="failover",uplink="standby",interface="eth2"} 0`)
		for _, unknown := range []string{`monitor="ping"`, `monitor="ddns"`, "uplink3"} {
			if strings.Contains(text, unknown) {
				t.Errorf("%s is not known, or not enabled", unknown)
			}
		}
	})
}

func TestRounds(t *testing.T) {
	s := New()
	r := event.Round{Sent: 3, Received: 2, Loss: 1.0 / 3, Jitter: 2 * ms, RTTs: []time.Duration{ms, 3 * time.Second}}
	s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "a", Round: r})
	u := event.Uplink{Role: "Primary", Interface: "eth1"}
	s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Target: "1.1.1.1", Uplink: u, Round: event.Round{Sent: 1, Received: 1, RTTs: []time.Duration{4 * ms}}})
	s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: u, Text: "no carrier"})
	has(t, written(t, s),
		`imon_rounds_total{monitor="ping",target="a"} 1`, `imon_probes_sent_total{monitor="ping",target="a"} 3`, `imon_probes_received_total{monitor="ping",target="a"} 2`,
		`imon_loss_ratio{monitor="ping",target="a"} 0.3333333333333333`, `imon_jitter_seconds{monitor="ping",target="a"} 0.002`,
		`imon_rtt_seconds_bucket{monitor="ping",target="a",le="0.001"} 1`, `imon_rtt_seconds_bucket{monitor="ping",target="a",le="2.5"} 1`,
		`imon_rtt_seconds_bucket{monitor="ping",target="a",le="+Inf"} 2`, `imon_rtt_seconds_sum{monitor="ping",target="a"} 3.001`, `imon_rtt_seconds_count{monitor="ping",target="a"} 2`,
		`imon_rounds_total{monitor="failover",uplink="primary",interface="eth1"} 2`, `imon_rtt_seconds_count{monitor="failover",uplink="primary",interface="eth1"} 1`)
	if text := written(t, s); strings.Contains(text, `imon_loss_ratio{monitor="failover"`) {
		t.Error("the loss of a round in which nobody was asked")
	}
}

// An outage counts from its beginning, and in its length while it lasts.
func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		tell := func(k event.Kind, online bool) {
			s.Publish(event.Event{Kind: k, Monitor: event.Updown, Target: "a", Online: online})
		}
		tell(event.UpdownInitial, false)
		time.Sleep(10 * time.Second)
		tell(event.UpdownOnline, true)
		time.Sleep(time.Minute)
		tell(event.UpdownOffline, false)
		tell(event.UpdownOffline, false)
		time.Sleep(5 * time.Second)
		u := event.Uplink{Role: "Standby", Interface: "eth2"}
		s.Publish(event.Event{Kind: event.FailoverInitial, Monitor: event.Failover, Uplink: u, Online: true})
		has(t, written(t, s), `imon_outages_total{monitor="updown",target="a"} 2`, `imon_outage_seconds_total{monitor="updown",target="a"} 15`,
			`imon_outages_total{monitor="failover",uplink="standby",interface="eth2"} 0`, `imon_events_total{event="updown-offline"} 2`)
		s.Publish(event.Event{Kind: event.FailoverUplinkOffline, Monitor: event.Failover, Uplink: u})
		time.Sleep(time.Second)
		s.Publish(event.Event{Kind: event.FailoverUplinkOnline, Monitor: event.Failover, Uplink: u})
		has(t, written(t, s), `imon_outage_seconds_total{monitor="failover",uplink="standby",interface="eth2"} 1`)
	})
}

func TestCounters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		for range 2 {
			s.Publish(event.Event{Kind: event.FailoverStandby, Monitor: event.Failover6, Uplink: event.Uplink{Role: "Standby"}})
		}
		s.Publish(event.Event{Kind: event.DDNSUpdate, Monitor: event.DDNS})
		s.Publish(event.Event{Kind: event.DDNSResult, Monitor: event.DDNS, Online: true})
		s.Publish(event.Event{Kind: event.Message, Monitor: event.DDNS, Text: "hello"})
		time.Sleep(time.Minute)
		s.Publish(event.Event{Kind: event.DDNSResult, Monitor: event.DDNS})
		text := written(t, s)
		has(t, text, `imon_failover_switches_total{monitor="failover6",uplink="standby"} 2`, `imon_events_total{event="failover6-standby"} 2`,
			`imon_address_changes_total{monitor="ddns"} 1`, `imon_address_last_success_timestamp_seconds{monitor="ddns"} 9.466848e+08`)
		if strings.Contains(text, "message") || strings.Contains(text, "ddns-result") {
			t.Error("a message is an event")
		}
	})
}

// Whatever the targets are called, and however many there are, what is kept is bounded.
func TestNoMoreThanMost(t *testing.T) {
	s := New()
	for i := range Most + 10 {
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: fmt.Sprint(i), Round: event.Round{Sent: 1}})
	}
	if n := strings.Count(written(t, s), "\nimon_rounds_total{"); n != Most {
		t.Errorf("%d series", n)
	}
}

func TestWriterFails(t *testing.T) {
	if err := New().Write(full{}, status.Document{}, Process{}); err == nil {
		t.Error("it is passed over")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

// FuzzEscape puts any text into a label: the line stays one, and can be read back.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "a", `\`, `"`, "\n", "\\n", "\xff\x00", `a"} 1` + "\nevil 2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := escape(value)
		back := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(got)
		if strings.Contains(got, "\n") || back != strings.ToValidUTF8(value, "�") || strings.HasSuffix(strings.ReplaceAll(got, `\\`, ""), `\`) {
			t.Errorf("%q becomes %q, and %q again", value, got, back)
		}
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(got, `\\`, ""), `\"`, ""), `"`) {
			t.Errorf("%q ends the label: %q", value, got)
		}
	})
}
