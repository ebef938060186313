package metrics

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

const ms = time.Millisecond

// everything is a configuration with every monitor but those of IPv6. A target has what
// a label must not have as it is.
func everything() []status.Settings {
	return []status.Settings{
		{Monitor: event.DDNS, Enabled: true},
		{Monitor: event.DDNS6},
		{Monitor: event.Updown, Enabled: true, Target: "1.1.1.1"},
		{Monitor: event.Failover, Enabled: true, Uplinks: []status.Link{
			{Uplink: primary(), Target: "1.1.1.1,8.8.8.8"}, {Uplink: standby()}}},
		{Monitor: event.Failover6, Uplinks: []status.Link{{Uplink: primary()}, {Uplink: standby()}}},
		{Monitor: event.Ping, Enabled: true, Target: "a"},
	}
}

func primary() event.Uplink {
	return event.Uplink{Role: "Primary", Name: `c"a\b` + "\nle\xff", Interface: "eth1"}
}
func standby() event.Uplink { return event.Uplink{Role: "Standby", Interface: "eth2"} }

// rig is a state and what is counted, which hear the same.
type rig struct {
	*testing.T
	state  *status.Store
	counts *Store
}

// in runs test in a bubble of its own time.
func in(t *testing.T, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t, status.New("main"), New()}
		r.configure(everything())
		test(r)
	})
}

func (r *rig) configure(all []status.Settings) {
	r.state.Configure(all)
	r.counts.Configure(all)
}

func (r *rig) tell(e event.Event) {
	r.state.Publish(e)
	r.counts.Publish(e)
}

// uplink tells of an uplink.
func (r *rig) uplink(k event.Kind, u event.Uplink, online bool) {
	r.tell(event.Event{Kind: k, Monitor: event.Failover, Uplink: u, Online: online})
}

func (r *rig) text() string {
	r.Helper()
	d, _ := r.state.Document("")
	var b strings.Builder
	if err := r.counts.Write(&b, d, Process{
		Version: "3.0.0", GoVersion: "go1.26", Goroutines: 7, CPU: 1.5, Resident: 4096, ActionRuns: 5, ActionFailures: 2,
		Dropped: map[string]uint64{"log": 3, "action": 0},
	}); err != nil {
		r.Fatal(err)
	}
	return b.String()
}

// has fails the test for each line that is not there.
func (r *rig) has(lines ...string) {
	r.Helper()
	text := r.text()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			r.Errorf("no line %s", line)
		}
	}
	if r.Failed() {
		r.Log(text)
	}
}

// lacks fails the test for each piece of text that is there.
func (r *rig) lacks(pieces ...string) {
	r.Helper()
	for _, piece := range pieces {
		if strings.Contains(r.text(), piece) {
			r.Errorf("there is %s", piece)
		}
	}
}

// happen lets a bit of everything happen.
func (r *rig) happen() {
	round := event.Round{Sent: 4, Received: 3, Loss: 0.25, Jitter: 2 * ms, RTTs: []time.Duration{ms, 4 * ms, 3 * time.Second}}
	r.tell(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "a", Round: round})
	r.tell(event.Event{Kind: event.UpdownInitial, Monitor: event.Updown, Target: "1.1.1.1"})
	r.uplink(event.FailoverInitial, primary(), true)
	r.uplink(event.FailoverPrimary, primary(), true)
	r.tell(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: primary(), Round: round})
	r.tell(event.Event{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: primaryAddress()})
	r.tell(event.Event{Kind: event.DDNSResult, Monitor: event.DDNS, Online: true, Address: primaryAddress()})
	r.uplink(event.FailoverBothDown, primary(), false)
	time.Sleep(time.Second)
}

func TestProcess(t *testing.T) {
	in(t, func(r *rig) {
		r.has(`# HELP imon_start_time_seconds When imon was started, in seconds since 1970.`, `# TYPE imon_start_time_seconds gauge`,
			`imon_build_info{version="3.0.0",goversion="go1.26",instance_name="main"} 1`,
			`imon_start_time_seconds 946684800`, `go_goroutines 7`, `process_cpu_seconds_total 1.5`, `process_resident_memory_bytes 4096`,
			`imon_action_runs_total 5`, `imon_action_failures_total 2`,
			`imon_events_dropped_total{sink="action"} 0`, `imon_events_dropped_total{sink="log"} 3`)
		time.Sleep(time.Hour)
		r.has(`imon_start_time_seconds 946684800`)
	})
}

// Counters are there from the start, so that the first increase is seen; a state that is
// not known is not there.
func TestBeforeAnythingHappened(t *testing.T) {
	in(t, func(r *rig) {
		r.has(`imon_ping_sent_total{monitor="ping",target="a"} 0`, `imon_outages_total{monitor="updown",target="1.1.1.1"} 0`,
			`imon_outages_total{monitor="failover",uplink="standby",interface="eth2"} 0`, `imon_failover_switches_total{monitor="failover",to="standby"} 0`,
			`imon_failover_outages_total{monitor="failover"} 0`, `imon_ddns_updates_total{monitor="ddns"} 0`)
		r.lacks("imon_up{", "imon_uplink_online{", "imon_ping_loss_ratio{", "timestamp_seconds{", "failover6", "ddns6", `imon_outages_total{monitor="ping"`)
	})
}

func TestStates(t *testing.T) {
	in(t, func(r *rig) {
		r.uplink(event.FailoverInitial, primary(), true)
		r.uplink(event.FailoverInitial, standby(), false)
		r.uplink(event.FailoverPrimary, primary(), true)
		r.tell(event.Event{Kind: event.FailoverDegraded, Monitor: event.Failover, Uplink: primary(), Text: "40 % loss"})
		r.tell(event.Event{Kind: event.FailoverForced, Monitor: event.Failover, Uplink: standby()})
		r.tell(event.Event{Kind: event.UpdownInitial, Monitor: event.Updown, Target: "1.1.1.1"})
		name := `interface="eth1",name="c\"a\\b\nle` + "\uFFFD" + `"} `
		r.has(`imon_up{monitor="failover"} 1`, `imon_up{monitor="updown",target="1.1.1.1"} 0`,
			`imon_uplink_online{monitor="failover",uplink="primary",`+name+`1`, `imon_uplink_online{monitor="failover",uplink="standby",interface="eth2"} 0`,
			`imon_uplink_active{monitor="failover",uplink="primary",`+name+`1`, `imon_uplink_active{monitor="failover",uplink="standby",interface="eth2"} 0`,
			`imon_uplink_degraded{monitor="failover",uplink="primary",`+name+`1`, `imon_uplink_forced{monitor="failover",uplink="standby",interface="eth2"} 1`)
	})
}

func TestRounds(t *testing.T) {
	in(t, func(r *rig) {
		round := event.Round{Sent: 4, Received: 3, Loss: 0.25, Jitter: 2 * ms, RTTs: []time.Duration{ms, 4 * ms, 3 * time.Second}}
		r.tell(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "a", Round: round})
		r.tell(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "stranger", Round: round})
		r.tell(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Target: "8.8.8.8, 1.1.1.1", Uplink: primary(), Round: event.Round{Sent: 2, Received: 1, Loss: 0.5, RTTs: []time.Duration{4 * ms}}})
		uplink := `{monitor="failover",target="1.1.1.1,8.8.8.8",uplink="primary",interface="eth1"} `
		r.has(`imon_ping_sent_total{monitor="ping",target="a"} 4`, `imon_ping_received_total{monitor="ping",target="a"} 3`,
			`imon_ping_loss_ratio{monitor="ping",target="a"} 0.25`, `imon_ping_jitter_seconds{monitor="ping",target="a"} 0.002`,
			`# TYPE imon_ping_rtt_seconds histogram`,
			`imon_ping_rtt_seconds_bucket{monitor="ping",target="a",le="0.001"} 1`, `imon_ping_rtt_seconds_bucket{monitor="ping",target="a",le="0.0025"} 1`,
			`imon_ping_rtt_seconds_bucket{monitor="ping",target="a",le="0.005"} 2`, `imon_ping_rtt_seconds_bucket{monitor="ping",target="a",le="2.5"} 2`,
			`imon_ping_rtt_seconds_bucket{monitor="ping",target="a",le="+Inf"} 3`,
			`imon_ping_rtt_seconds_sum{monitor="ping",target="a"} 3.005`, `imon_ping_rtt_seconds_count{monitor="ping",target="a"} 3`,
			`imon_ping_sent_total`+uplink+`2`, `imon_ping_loss_ratio`+uplink+`0.5`, `imon_ping_rtt_seconds_count`+uplink+`1`)
		r.lacks("stranger")
		r.tell(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: primary(), Text: "no carrier"}) // nobody was asked
		r.lacks(`imon_ping_loss_ratio{monitor="failover"`)
		r.has(`imon_ping_sent_total` + uplink + `2`)
	})
}

// An outage counts from its beginning, and in its length while it lasts. Being told twice
// makes no second one.
func TestOutages(t *testing.T) {
	in(t, func(r *rig) {
		tell := func(k event.Kind, online bool) {
			r.tell(event.Event{Kind: k, Monitor: event.Updown, Target: "1.1.1.1", Online: online})
		}
		tell(event.UpdownInitial, false)
		time.Sleep(10 * time.Second)
		tell(event.UpdownInitial, true)
		time.Sleep(time.Minute)
		tell(event.UpdownOffline, false)
		tell(event.UpdownOffline, false)
		time.Sleep(5 * time.Second)
		r.has(`imon_outages_total{monitor="updown",target="1.1.1.1"} 2`, `imon_outage_seconds_total{monitor="updown",target="1.1.1.1"} 15`)
		tell(event.UpdownOnline, true)
		time.Sleep(time.Second)
		r.has(`imon_outages_total{monitor="updown",target="1.1.1.1"} 2`, `imon_outage_seconds_total{monitor="updown",target="1.1.1.1"} 15`)
	})
}

func TestFailovers(t *testing.T) {
	in(t, func(r *rig) {
		r.uplink(event.FailoverPrimary, primary(), true) // the first route is no switch
		r.uplink(event.FailoverUplinkOffline, primary(), false)
		r.uplink(event.FailoverStandby, standby(), true)
		time.Sleep(time.Second)
		r.uplink(event.FailoverUplinkOffline, standby(), false)
		r.uplink(event.FailoverBothDown, primary(), false)
		time.Sleep(2 * time.Second)
		r.has(`imon_failover_outage_seconds_total{monitor="failover"} 2`)
		r.uplink(event.FailoverUplinkOnline, standby(), true)
		r.uplink(event.FailoverStandby, standby(), true) // it had the route all the time
		r.tell(event.Event{Kind: event.FailoverPrimary, Monitor: event.Failover, Uplink: primary(), DryRun: true})
		time.Sleep(time.Second)
		r.has(`imon_failover_switches_total{monitor="failover",to="primary"} 0`, `imon_failover_switches_total{monitor="failover",to="standby"} 1`,
			`imon_failover_outages_total{monitor="failover"} 1`, `imon_failover_outage_seconds_total{monitor="failover"} 2`,
			`imon_outage_seconds_total{monitor="failover",uplink="standby",interface="eth2"} 2`,
			`imon_outage_seconds_total{monitor="failover",target="1.1.1.1,8.8.8.8",uplink="primary",interface="eth1"} 4`)
	})
}

func TestAddresses(t *testing.T) {
	in(t, func(r *rig) {
		a := primaryAddress()
		r.tell(event.Event{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: a})
		r.tell(event.Event{Kind: event.DDNSResult, Monitor: event.DDNS, Online: true, Address: a})
		time.Sleep(time.Minute)
		r.tell(event.Event{Kind: event.Message, Monitor: event.DDNS, Text: "hello"})
		r.has(`imon_ddns_updates_total{monitor="ddns"} 1`, `imon_ddns_last_success_timestamp_seconds{monitor="ddns"} 946684800`,
			`imon_ddns_address_info{monitor="ddns",address="203.0.113.7"} 1`,
			`imon_events_total{kind="ddns-ip-update"} 1`, `imon_events_total{kind="ddns-result"} 1`)
		r.tell(event.Event{Kind: event.DDNSResult, Monitor: event.DDNS, Text: "timeout"})
		r.has(`imon_ddns_last_success_timestamp_seconds{monitor="ddns"} 946684800`)
		r.lacks("message", "imon_ddns_address_info{")
	})
}

func TestDeliveries(t *testing.T) {
	d := status.Document{Monitors: status.Monitors{DDNS: &status.DDNS{Deliveries: []status.Delivery{
		{Hostname: "home.example.org", Failures: 3}, {Hostname: "lte.example.org", Uplink: "standby", Time: "2026-11-26T18:00:00Z"}}}}}
	var p page
	p.addresses(d)
	for _, line := range []string{`imon_ddns_delivery_failures{hostname="home.example.org"} 3`, `imon_ddns_delivery_failures{hostname="lte.example.org",uplink="standby"} 0`,
		`imon_ddns_delivery_last_success_timestamp_seconds{hostname="lte.example.org",uplink="standby"} 1795716000`} {
		if !strings.Contains(p.String(), "\n"+line+"\n") {
			t.Errorf("no line %s\n%s", line, p.String())
		}
	}
}

// A reload forgets what is not there any more, and begins anew with what is another one.
func TestConfigure(t *testing.T) {
	in(t, func(r *rig) {
		round := event.Round{Sent: 2}
		r.tell(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "a", Round: round})
		for _, u := range []event.Uplink{primary(), standby()} {
			r.tell(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: u, Round: round})
		}
		next := everything()
		next[2].Enabled = false
		next[3].Uplinks[1].Uplink.Interface = "eth9"
		next[5].Further = []string{"b"}
		r.configure(next)
		r.has(`imon_ping_sent_total{monitor="ping",target="a"} 2`, `imon_ping_sent_total{monitor="ping",target="b"} 0`,
			`imon_ping_sent_total{monitor="failover",target="1.1.1.1,8.8.8.8",uplink="primary",interface="eth1"} 2`,
			`imon_ping_sent_total{monitor="failover",uplink="standby",interface="eth9"} 0`)
		r.lacks("updown", "eth2")
	})
}

func TestCost(t *testing.T) {
	for begun := time.Now(); CPU() == 0; {
		if time.Since(begun) > time.Minute {
			t.Fatal("a minute of work took no time")
		}
	}
	if n := Resident(); n < 1<<20 || n > 1<<40 {
		t.Errorf("%d bytes", n)
	}
}

func TestWriterFails(t *testing.T) {
	if err := New().Write(full{}, status.Document{}, Process{}); err == nil {
		t.Error("it is passed over")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
