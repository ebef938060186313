package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/status"
)

// lastHour is a series with an entry each minute: rising times, then a loss, silence, a
// time without questions, and answers again.
func lastHour(monitor, target, uplink string) history.Series {
	s := history.Series{Monitor: monitor, Target: target, Uplink: uplink}
	for age := 59; age >= 0; age-- {
		avg, loss := 10+float64(60-age)/4, 0.0
		switch {
		case age < 10:
			avg = 10
		case age < 20:
			continue
		case age < 30:
			avg, loss = -1, 1
		case age == 33:
			loss = 0.5
		}
		s.Age, s.Avg, s.Loss = append(s.Age, float64(60*age)), append(s.Avg, avg), append(s.Loss, loss)
	}
	return s
}

// instance is one with all monitors, in which there is something of everything.
func instance() (status.Document, history.Document) {
	last := &status.Result{Sent: 2, Received: 2, Age: 2, RTT: &status.RTT{Avg: 12.34}}
	m := func(state, target string) status.Monitor {
		return status.Monitor{Enabled: true, State: state, Since: "T", Age: 3*86400 + 2*3600, Target: target, Interval: 10, Last: last}
	}
	d := status.Document{Instance: "main", Uptime: 90061, Monitors: status.Monitors{
		DDNS: &status.DDNS{Monitor: m(status.Online, ""), Address: "5.9.1.2", Source: "one.example",
			Addresses: []status.Address{{Address: "5.9.1.2", Next: "T", In: 190}}},
		Failover: &status.Failover{Monitor: m(status.Online, ""), Active: "primary", Forced: status.Auto, Uplinks: twoUplinks().Uplinks},
	}}
	updown, ping := m(status.Offline, "1.1.1.1"), m(status.Online, "a.example")
	updown.Reason, updown.Outage, updown.Last = "no answer", &status.Outage{Age: 5 * 3600, Seconds: 123}, &status.Result{Sent: 1, Loss: 1, Age: 20}
	d.Monitors.Updown, d.Monitors.Ping = &updown, &status.Ping{Monitor: ping, Targets: []status.Target{
		{Target: "a.example", Degraded: "loss 40 %"}, {Target: "other.example", State: status.Offline, Since: "T", Age: 65, Reason: "no answer", Last: &status.Result{Sent: 2, Loss: 1}},
	}}
	d.Monitors.Failover.Uplinks[0].Outage = &status.Outage{Age: 60, Seconds: 5}
	return d, history.Document{Series: []history.Series{lastHour("updown", "1.1.1.1", ""), lastHour("failover", "", "primary"), lastHour("ping", "other.example", "")}}
}

func TestState(t *testing.T) {
	d, past := instance()
	d.Monitors.Failover.Uplinks[0].Degraded = "loss 50%"
	want := `main, running for 1d1h
ddns      online   3d2h    5.9.1.2
          by one.example; next question in 3m10s
updown    offline  3d2h    1.1.1.1                        100% ▁▂▂▃▄▄▅▆!!!!  ▁▁▁
          no answer; last outage 2m3s, ended 5h0m ago; next round in 0s
failover  online   3d2h    Active: primary cable (eth1)
          next round in 10s
* primary online   2h3m    cable (eth1)            8.4 ms  50% ▁▂▂▃▄▄▅▆!!!!  ▁▁▁
          degraded: loss 50%; last outage 5s, ended 1m0s ago
  standby offline  59s     'wwan0'
          no carrier
ping      online   3d2h    a.example              12.3 ms   0%
          degraded: loss 40 %; next round in 8s
          offline  1m5s    other.example                  100% ▁▂▂▃▄▄▅▆!!!!  ▁▁▁
          no answer
`
	if got := (screen{}).state(d, past); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got := (screen{ascii: true}).state(d, past)
	if strings.ContainsFunc(got, func(r rune) bool { return r > 126 }) {
		t.Errorf("blocks for one who has none:\n%s", got)
	}
	coloured := (screen{terminal: true}).state(d, past)
	for _, part := range []string{"\x1b[31moffline ", "\x1b[33monline ", "\x1b[32monline ", "\x1b[31m!\x1b[0m", "\x1b[33m"} {
		if !strings.Contains(coloured, part) {
			t.Errorf("no %q in\n%s", part, coloured)
		}
	}
	if got := (screen{}).state(status.Document{Instance: "x"}, history.Document{}); got != "x, running for 0s\nno monitor is enabled\n" {
		t.Error(got)
	}
}

func TestStateFitsATerminal(t *testing.T) {
	d, past := instance()
	long := strings.Repeat("ü", 200)
	for _, m := range d.Monitors.All() {
		m.Target, m.Reason, m.Age = long, long, 400*86400+5*3600
	}
	d.Instance, d.Monitors.DDNS.Address, d.Monitors.DDNS.Source = long, long, long
	d.Monitors.Updown.Last = &status.Result{Sent: 1, RTT: &status.RTT{Avg: 12345678}}
	past.Series[0].Target = long
	for i := range d.Monitors.Failover.Uplinks {
		u := &d.Monitors.Failover.Uplinks[i]
		u.Role, u.Name, u.Reason, u.Degraded = "uplink12", long, long, long
	}
	for line := range strings.Lines((screen{}).state(d, past)) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestPictureOfNothing(t *testing.T) {
	if got := (screen{}).picture(&history.Series{Age: history.Column{7200}, Avg: history.Column{5}, Loss: history.Column{0}}); strings.TrimSpace(got) != "" {
		t.Errorf("%q", got)
	}
	steady := history.Series{Age: history.Column{400, 200, 0}, Avg: history.Column{10, 10.3, 9.9}, Loss: history.Column{0, 0, 0}}
	if got := strings.TrimSpace((screen{}).picture(&steady)); strings.Trim(got, "▁") != "" {
		t.Errorf("noise is a mountain: %q", got)
	}
}

func TestOfflineIsAnExitCode(t *testing.T) {
	d, _ := instance()
	if !d.Offline() {
		t.Error("updown is offline")
	}
	d.Monitors.Updown.Enabled = false
	if d.Offline() {
		t.Error("updown is not enabled")
	}
}
