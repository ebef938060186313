package status

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func primary() event.Uplink {
	return event.Uplink{Role: "Primary", Name: "pnet", Interface: "wan", Link: "eth1", Address: addr("192.168.42.2"), Gateway: addr("192.168.42.1")}
}

func standby() event.Uplink {
	return event.Uplink{Role: "Standby", Interface: "eth2", Gateway: addr("192.168.62.1")}
}

// everything is a configuration with all four monitors.
func everything() []Settings {
	bare := func(u event.Uplink) event.Uplink { u.Address, u.Link = netip.Addr{}, ""; return u }
	return []Settings{
		{Monitor: event.DDNS, Enabled: true, Interval: 10 * time.Second},
		{Monitor: event.Updown, Enabled: true, Interval: 10 * time.Second, Target: "1.1.1.1"},
		{Monitor: event.Failover, Enabled: true, Interval: 500 * time.Millisecond,
			Uplinks: []Link{{Uplink: bare(primary()), Target: "8.8.8.8"}, {Uplink: bare(standby())}}},
		{Monitor: event.Ping, Interval: time.Minute, Target: "9.9.9.9"},
	}
}

// in runs test in a bubble of its own time, with a store that knows everything.
func in(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := New("main")
		s.Configure(everything())
		test(t, s)
	})
}

// all is the whole document, which must be there.
func all(t *testing.T, s *Store) Document {
	t.Helper()
	d, ok := s.Document("")
	if !ok {
		t.Fatal("there is no document")
	}
	return d
}

func TestBeforeAnythingHappened(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		d := all(t, s)
		want := Monitor{Enabled: true, State: Unknown, Target: "1.1.1.1", Interval: 10}
		if diff := cmp.Diff(want, *d.Monitors.Updown); diff != "" {
			t.Error(diff)
		}
		if p := d.Monitors.Ping; p.Enabled || p.Target != "9.9.9.9" {
			t.Errorf("a monitor that is off: %+v", p)
		}
		f := d.Monitors.Failover
		if f.State != Unknown || f.Active != "" || f.Forced != "auto" || len(f.Uplinks) != 2 {
			t.Fatalf("failover: %+v", f)
		}
		wanted := []Uplink{
			{Role: "primary", Name: "pnet", Interface: "wan", Gateway: "192.168.42.1", Target: "8.8.8.8", State: Unknown},
			{Role: "standby", Interface: "eth2", Gateway: "192.168.62.1", Target: "192.168.62.1", State: Unknown},
		}
		if diff := cmp.Diff(wanted, f.Uplinks); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUpdown(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		begin := time.Now()
		tell := func(e event.Event) { e.Monitor, e.Target = event.Updown, "1.1.1.1"; s.Publish(e) }
		tell(event.Event{Kind: event.UpdownInitial, Online: true})
		tell(event.Event{Kind: event.UpdownResult, Online: true, Round: event.Round{Sent: 2, Received: 1, Avg: 1234567, Loss: 0.5}})
		time.Sleep(70 * time.Second)
		tell(event.Event{Kind: event.UpdownOffline, Text: "no route"})
		tell(event.Event{Kind: event.UpdownResult, Round: event.Round{Sent: 2, Loss: 1}, Text: "no route"})
		time.Sleep(5 * time.Second)
		since := begin.Add(70 * time.Second).Format(time.RFC3339)
		want := Monitor{
			Enabled: true, State: Offline, Since: since, Age: 5, Reason: "no route", Target: "1.1.1.1", Interval: 10, Rounds: 2, Events: 2,
			Last: &Result{Time: since, Age: 5, Sent: 2, Loss: 1, Reason: "no route"},
		}
		if diff := cmp.Diff(want, *all(t, s).Monitors.Updown); diff != "" {
			t.Error(diff)
		}
		tell(event.Event{Kind: event.UpdownOnline, Outage: 5 * time.Second})
		if u := all(t, s).Monitors.Updown; u.State != Online || u.Age != 0 || u.Reason != "" {
			t.Errorf("back: %+v", u)
		}
	})
}

// A state that stays keeps its age, also when a monitor starts anew and says so.
func TestStateThatStaysKeepsItsAge(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		for range 3 {
			s.Publish(event.Event{Kind: event.UpdownInitial, Monitor: event.Updown, Online: true})
			time.Sleep(10 * time.Second)
		}
		if u := all(t, s).Monitors.Updown; u.Age != 30 {
			t.Errorf("online for %d s, want 30", u.Age)
		}
	})
}

func TestPingAndDDNS(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "9.9.9.9", Round: event.Round{Sent: 2, Received: 2, Min: 434000, Avg: 2664000, Max: 12000000, Jitter: 1}})
		p := all(t, s).Monitors.Ping
		if p.State != Online || p.Rounds != 1 || p.Events != 0 || !p.Last.Online || *p.Last.RTT != (RTT{0.434, 2.664, 12, 0.000001}) {
			t.Errorf("ping: %+v, last %+v", p, p.Last)
		}
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "9.9.9.9", Round: event.Round{Sent: 2, Loss: 1}, Text: "no answer"})
		if p = all(t, s).Monitors.Ping; p.State != Offline || p.Last.RTT != nil || p.Reason != "no answer" {
			t.Errorf("ping without answer: %+v", p)
		}

		ddns := func(e event.Event) *DDNS { e.Monitor = event.DDNS; s.Publish(e); return all(t, s).Monitors.DDNS }
		ddns(event.Event{Kind: event.DDNSUpdate, Address: addr("203.0.113.5"), Source: "ident.me"})
		if d := ddns(event.Event{Kind: event.DDNSResult, Online: true}); d.State != Online || d.Address != "203.0.113.5" || d.Source != "ident.me" || d.Rounds != 1 {
			t.Errorf("ddns: %+v", d)
		}
		if d := ddns(event.Event{Kind: event.DDNSResult, Online: true, Address: addr("203.0.113.5"), Source: "other"}); d.Source != "other" {
			t.Errorf("ddns, confirmed by another provider: %+v", d)
		}
		if d := ddns(event.Event{Kind: event.DDNSNoUpdate, Text: "timeout"}); d.State != Offline || d.Address != "203.0.113.5" || d.Reason != "timeout" {
			t.Errorf("ddns without answer: %+v", d)
		}
		if d := ddns(event.Event{Kind: event.DDNSResult, Online: true}); d.State != Online || d.Reason != "" {
			t.Errorf("ddns, the same address again: %+v", d)
		}
	})
}

func TestOnlyOneMonitor(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		d, ok := s.Document(event.Ping)
		if !ok || d.Monitors.Ping == nil || d.Monitors.DDNS != nil || d.Monitors.Failover != nil || d.Monitors.Updown != nil {
			t.Errorf("%v %+v", ok, d)
		}
		if _, ok := s.Document("dance"); ok {
			t.Error("there is a monitor called dance")
		}
	})
}

func TestConfigureKeepsWhatStillHolds(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		s.Publish(event.Event{Kind: event.UpdownInitial, Monitor: event.Updown, Online: true})
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping})
		c := everything()
		c[1].Interval = time.Second
		c[3].Target = "8.8.4.4"
		s.Configure(c)
		m := all(t, s).Monitors
		if m.Updown.State != Online || m.Updown.Interval != 1 {
			t.Errorf("another interval: %+v", m.Updown)
		}
		if m.Ping.State != Unknown || m.Ping.Target != "8.8.4.4" || m.Ping.Rounds != 0 {
			t.Errorf("another target: %+v", m.Ping)
		}
	})
}

// It is asked and told at the same time.
func TestConcurrentUse(t *testing.T) {
	s := New("main")
	s.Configure(everything())
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 500 {
				s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: primary()})
				s.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Text: fmt.Sprint(i, n)})
				if d, _ := s.Document(""); d.Monitors.Failover == nil {
					t.Error("no failover")
				}
				s.Recent(0, 10)
				s.Configure(everything())
			}
		})
	}
	all.Wait()
}

func TestEventsOfNoMonitorAreNoTrouble(t *testing.T) {
	s := New("main")
	s.Publish(event.Event{Kind: event.FailoverInitial, Monitor: event.Failover, Uplink: primary()})
	s.Publish(event.Event{Kind: event.Message, Text: "hello"})
	s.Configure([]Settings{{Monitor: event.Failover}})
	s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: primary()})
	s.Publish(event.Event{Kind: event.FailoverUplinkOffline, Monitor: event.Failover, Uplink: primary()})
	if d := all(t, s); len(d.Monitors.Failover.Uplinks) != 0 || d.Sequence != 2 {
		t.Errorf("%+v", d)
	}
}

func TestJSONIsStable(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "9.9.9.9", Round: event.Round{Sent: 3, Received: 2, Min: time.Millisecond, Avg: 2 * time.Millisecond, Max: 3 * time.Millisecond, Loss: 1.0 / 3}})
		d, _ := s.Document(event.Ping)
		text, err := d.JSON()
		want := `{"version":1,"instance":"main","time":"T","uptime_seconds":0,"sequence":0,"monitors":{"ping":` +
			`{"enabled":false,"state":"online","since":"T","age_seconds":0,"target":"9.9.9.9","interval_seconds":60.0,"rounds":1,"events":0,` +
			`"last_result":{"time":"T","age_seconds":0,"online":true,"sent":3,"received":2,` +
			`"rtt":{"min_ms":1.0,"avg_ms":2.0,"max_ms":3.0,"jitter_ms":0.0},"loss":0.333},` +
			`"targets":[{"target":"9.9.9.9","state":"online","since":"T","age_seconds":0,"last_result":{"time":"T","age_seconds":0,"online":true,"sent":3,"received":2,` +
			`"rtt":{"min_ms":1.0,"avg_ms":2.0,"max_ms":3.0,"jitter_ms":0.0},"loss":0.333}}]}}}`
		if got := strings.ReplaceAll(string(text), d.Time, "T"); err != nil || got != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	})
}

// Each target of ping has a state of its own; the monitor's is that of the first.
func TestTargetsOfPing(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		s.Configure([]Settings{{Monitor: event.Ping, Enabled: true, Target: "a", Further: []string{"b"}}})
		tell := func(k event.Kind, target string, r event.Round, text string) {
			s.Publish(event.Event{Kind: k, Monitor: event.Ping, Target: target, Round: r, Text: text})
		}
		tell(event.PingResult, "a", event.Round{Sent: 1, Received: 1}, "")
		tell(event.PingResult, "b", event.Round{Sent: 1, Loss: 1}, "no answer")
		tell(event.PingDegraded, "b", event.Round{}, "loss 40 %")
		tell(event.PingResult, "stranger", event.Round{Sent: 1}, "")
		p := all(t, s).Monitors.Ping
		if p.Rounds != 1 || p.State != Online || len(p.Targets) != 2 || p.Targets[0].State != Online || p.Targets[1].State != Offline ||
			p.Targets[1].Reason != "no answer" || p.Targets[1].Degraded != "loss 40 %" {
			t.Errorf("%+v", p)
		}
		time.Sleep(5 * time.Second)
		tell(event.PingResult, "b", event.Round{Sent: 1, Received: 1}, "")
		tell(event.PingRecovered, "b", event.Round{}, "")
		if b := all(t, s).Monitors.Ping.Targets[1]; b.State != Online || b.Degraded != "" || b.Outage == nil || b.Outage.Seconds != 5 {
			t.Errorf("%+v", b)
		}
	})
}
