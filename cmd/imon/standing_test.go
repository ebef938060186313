package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/status"
)

// twoUplinks are a primary that answers and a standby that does not.
func twoUplinks() status.Failover {
	return status.Failover{Active: "primary", Forced: status.Auto, Uplinks: []status.Uplink{
		{Role: "primary", Name: "cable", Interface: "eth1", State: status.Online, Since: "T", Age: 2*3600 + 3*60 + 7,
			Last: &status.Result{Sent: 2, Received: 1, Loss: 0.5, RTT: &status.RTT{Avg: 8.44}}},
		{Role: "standby", Interface: "wwan0", State: status.Offline, Since: "T", Age: 59, Reason: "no carrier", Last: &status.Result{}},
	}}
}

func TestStanding(t *testing.T) {
	want := `Active: primary cable (eth1)
* primary  cable (eth1)             online   2h3m     8.4 ms, 50% loss
  standby  'wwan0'                  offline  59s      no carrier
`
	if got := standing(twoUplinks()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for name, c := range map[string]struct {
		edit func(f *status.Failover)
		want string
	}{
		"as told":         {func(f *status.Failover) { f.Forced = "primary" }, "Active: primary cable (eth1), as told"},
		"for a while":     {func(f *status.Failover) { f.Forced, f.ForcedSeconds = "primary", 7130 }, "Active: primary cable (eth1), as told for another 1h59m"},
		"cannot be":       {func(f *status.Failover) { f.Forced, f.ForcedSeconds = "standby", 10 }, "Active: primary cable (eth1); told: standby for another 10s"},
		"none":            {func(f *status.Failover) { f.Active = "" }, "No uplink is active"},
		"none, none told": {func(f *status.Failover) { f.Active, f.Forced = "", "standby" }, "No uplink is active; told: standby"},
	} {
		f := twoUplinks()
		c.edit(&f)
		if got, _, _ := strings.Cut(standing(f), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestStandingFitsATerminal(t *testing.T) {
	f := twoUplinks()
	long := strings.Repeat("ü", 200)
	f.Forced, f.ForcedSeconds = "standby", 366*24*3600
	for i := range f.Uplinks {
		u := &f.Uplinks[i]
		u.Name, u.Reason, u.Age = long, long, 40*24*3600+5*3600
	}
	text := standing(f)
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(text, "40d5h") {
		t.Error(text)
	}
}

func TestFigures(t *testing.T) {
	for want, u := range map[string]status.Uplink{
		"":                {State: status.Unknown},
		"no answer":       {State: status.Unknown, Last: &status.Result{Sent: 1}},
		"1.0 ms, 0% loss": {State: status.Online, Last: &status.Result{Sent: 1, RTT: &status.RTT{Avg: 1}}},
	} {
		if got := figures(u); got != want {
			t.Errorf("%+v: %q, want %q", u, got, want)
		}
		if got := age(u); got != "" {
			t.Errorf("age %q", got)
		}
	}
}
