package sink

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// wantArguments is what the script gets behind the event's name, for each kind
// that it gets at all; of several samples of a kind, in their order.
func wantArguments() map[event.Kind][][]string {
	p, s := "pnet:Primary:eth1:192.168.42.7", ":Standby:wwan0:"
	return map[event.Kind][][]string{
		event.UpdownOnline:          {{"1.1.1.1", "0:0:0:10"}},
		event.UpdownOffline:         {{"1.1.1.1"}},
		event.DDNSUpdate:            {{"203.0.113.5", "unknown"}, {"203.0.113.6", "203.0.113.5"}},
		event.DDNSNoUpdate:          {nil},
		event.FailoverInitial:       {{p, "online"}, {s, "offline"}},
		event.FailoverPrimary:       {{p}},
		event.FailoverStandby:       {{s}},
		event.FailoverBothDown:      {{p, s}},
		event.FailoverPostping:      {{p, "online"}, {s, "offline"}},
		event.FailoverUplinkOnline:  {{p, "1:1:1:1"}},
		event.FailoverUplinkOffline: {{s}},
		event.FailoverUplink:        {{"lte:Uplink3:wwan1:10.0.3.2"}},
		event.FailoverDegraded:      {{p}},
		event.FailoverRecovered:     {{p}},
		event.PingDegraded:          {{"1.1.1.1"}},
		event.PingRecovered:         {{"1.1.1.1"}},
		event.PingResult: {{"1.1.1.1:True:0.434:2.664:4.894:0.0:4.46"},
			{"2001:db8::1:False:0.0:0.0:0.0:1.0:0.0"}},
	}
}

func TestArgumentsOfEachKind(t *testing.T) {
	wanted := wantArguments()
	for _, e := range samples() {
		got, ok := arguments(e)
		list, scripted := wanted[e.Kind]
		if ok != scripted {
			t.Errorf("%s goes to the script: %v, want %v", e.Kind, ok, scripted)
		}
		if !scripted {
			continue
		}
		if diff := cmp.Diff(list[0], got); diff != "" {
			t.Errorf("%s:\n%s", e.Kind, diff)
		}
		wanted[e.Kind] = list[1:]
	}
	for kind, left := range wanted {
		if len(left) > 0 {
			t.Errorf("%s: %d samples too few", kind, len(left))
		}
	}
}

func TestColonsAndControlCharactersInNames(t *testing.T) {
	u := event.Uplink{Name: "a:b\nc\x7f;$(id) 'x' ä\xe4", Role: "Primary", Interface: "eth0:1\x01"}
	want := "a_b_c_;$(id) 'x' ä\xe4:Primary:eth0_1_:"
	if got := uplinkInfo(u); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNULCannotReachExecve(t *testing.T) {
	env := environment("in\x00st", event.Event{Kind: event.UpdownOffline, Text: "a\x00b"})
	want := []string{"IMON_INSTANCE=in_st", "IMON_EVENT=updown-offline", "IMON_ONLINE=false", "IMON_REASON=a_b"}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Error(diff)
	}
}

// That the active uplink is lost shows in what follows; of a dry run no script hears;
// what is about IPv6 has a name of its own.
func TestWhatScriptsDoNotGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{}
		a, _, stop := actionOn(t, c)
		for _, e := range []event.Event{
			{Kind: event.FailoverUplinkOffline, Monitor: event.Failover, Uplink: primary(), Active: true},
			{Kind: event.FailoverPrimary, Monitor: event.Failover, Uplink: primary(), DryRun: true},
			{Kind: event.FailoverStandby, Monitor: event.Failover6, Uplink: standby()},
		} {
			a.Publish(e)
			synctest.Wait()
		}
		stop()
		if diff := cmp.Diff([]string{"/a main 0 failover6-standby :Standby:wwan0:"}, c.made); diff != "" {
			t.Error(diff)
		}
	})
}
