package sink

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// want is what the log says about each of the samples, in their order.
func want() [][]line {
	return [][]line{
		{{event.Error, "cannot do it"}},
		{{event.Notice, "Monitored IP 1.1.1.1 online"}},
		{{event.Warning, "Monitored IP 1.1.1.1 is offline at start: no answer"}},
		{{event.Notice, "Monitored IP 1.1.1.1 online"}, {event.Info, "Outage Duration: 0 days 0 hours, 0 minutes 10 seconds"}},
		{{event.Warning, "Monitored IP 1.1.1.1 offline"}, {event.Info, "Reason: no route"}},
		{{event.Notice, "Secondary IP gw online"}},
		{{event.Warning, "Secondary IP gw offline"}},
		{{event.Notice, "Offline of 1.1.1.1 refuted by DNS query of 'a.example' on DNS server '9.9.9.9'"}},
		{{event.Notice, "External IP Address changed from unknown to 203.0.113.5"}},
		{{event.Notice, "External IP Address changed from 203.0.113.5 to 203.0.113.6"}},
		{{event.Warning, "%% Unable to obtain External IP Address"}, {event.Info, "Reason: time-out"}},
		{{event.Info, "Ping Result: IP:1.1.1.1 State:True minrtt:0.434 avgrtt:2.664 maxrtt:4.894 loss:0.0 jitter:4.46"}},
		{{event.Info, "Ping Result: IP:2001:db8::1 State:False minrtt:0.0 avgrtt:0.0 maxrtt:0.0 loss:1.0 jitter:0.0"}},
		{{event.Notice, "Network Failover Initial State for Primary Network pnet (eth1): online"}},
		{{event.Warning, "Network Failover Initial State for Standby Network 'wwan0': offline"}, {event.Info, "Reason: no carrier"}},
		{{event.Notice, "Network Failover to Primary Network pnet (eth1)"}, {event.Notice, "Network Failover Primary Route pnet (eth1) is active"}},
		{{event.Notice, "Network Failover to Standby Network 'wwan0'"}, {event.Notice, "Network Failover Standby Route 'wwan0' is active"}},
		{{event.Warning, "Both Primary and Standby Networks are offline"}},
		{{event.Info, "Info: Primary Network Ping Target 8.8.8.8 Online After Failover"}},
		{{event.Warning, "Warn: Standby Network Ping Target 8.8.8.8 Not Responding After Failover"}},
		{{event.Notice, "Primary Network pnet (eth1) is now online"}, {event.Info, "Primary Network Outage Duration: 1 days 1 hours, 1 minutes 1 seconds"}},
		{{event.Warning, "Standby Network 'wwan0' is now offline"}, {event.Info, "Reason: cable unplugged"}},
		{{event.Notice, "Network Failover to Uplink3 Network lte (wwan1)"}, {event.Notice, "Network Failover Uplink3 Route lte (wwan1) is active"}},
		{{event.Warning, "Primary Network pnet (eth1) is degraded: loss 20 % over 1m0s"}},
		{{event.Notice, "Primary Network pnet (eth1) is not degraded any more"}},
		{{event.Warning, "Ping target 1.1.1.1 is degraded: loss 20 % over 1m0s"}},
		{{event.Notice, "Ping target 1.1.1.1 is not degraded any more"}},
		{{event.Notice, "Network Failover keeps to Standby Network 'wwan', as told, whenever it is online"}},
		{{event.Notice, "Network Failover decides by itself again"}},
		nil,
		nil,
		nil,
	}
}

func TestLinesWordForWord(t *testing.T) {
	wanted := want()
	for i, e := range samples() {
		if diff := cmp.Diff(wanted[i], lines(e), cmp.AllowUnexported(line{})); diff != "" {
			t.Errorf("%d, %s:\n%s", i, e.Kind, diff)
		}
	}
}

func TestReasonIsSaidOnlyWhenItAddsSomething(t *testing.T) {
	for text, n := range map[string]int{"": 1, "no answer": 1, "no route": 2} {
		got := lines(event.Event{Kind: event.UpdownOffline, Target: "x", Text: text})
		if len(got) != n {
			t.Errorf("reason %q: %d lines, want %d: %v", text, len(got), n, got)
		}
	}
}

func TestMessageWithoutSeverityIsInfo(t *testing.T) {
	if got := lines(event.Event{Kind: event.Message, Text: "Starting"}); got[0].severity != event.Info {
		t.Errorf("severity %d, want %d", got[0].severity, event.Info)
	}
}

func TestUnknownKindHasNoLines(t *testing.T) {
	for _, got := range [][]line{lines(event.Event{Kind: "later"}), updownLines(event.Event{Kind: "later"})} {
		if got != nil {
			t.Errorf("got %v", got)
		}
	}
}

// TestEveryKindIsSampled keeps the samples, and with them the tables of the
// other tests, complete when package event gets a new kind.
func TestEveryKindIsSampled(t *testing.T) {
	sampled := map[event.Kind]bool{}
	for _, e := range samples() {
		sampled[e.Kind] = true
		if silent := e.Kind.IsResult() && e.Kind != event.PingResult; silent != (len(lines(e)) == 0) {
			t.Errorf("%s has %d lines", e.Kind, len(lines(e)))
		}
	}
	kinds := declaredKinds(t)
	if len(kinds) < 16 {
		t.Errorf("only %d kinds found in event.go: %v", len(kinds), kinds)
	}
	for _, k := range kinds {
		if !sampled[k] {
			t.Errorf("kind %s has no sample", k)
		}
	}
}

// declaredKinds reads the constants of type Kind from event.go.
func declaredKinds(t *testing.T) (kinds []event.Kind) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../event/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Kind" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, event.Kind(value))
		}
		return true
	})
	return kinds
}

func TestLinesOfWhatIsNew(t *testing.T) {
	all := event.Event{Kind: event.FailoverBothDown, Monitor: event.Failover, Uplink: primary(), Other: standby(), Uplinks: 3}
	if got := lines(all)[0].text; got != "All 3 Networks are offline" {
		t.Error(got)
	}
	for _, c := range []struct {
		dry     bool
		monitor string
		want    string
	}{
		{false, event.Failover, ""}, {true, event.Failover, "Dry run: "},
		{false, event.Failover6, "IPv6: "}, {true, event.Failover6, "Dry run: IPv6: "},
	} {
		if got := prefix(event.Event{Kind: event.FailoverPrimary, Monitor: c.monitor, DryRun: c.dry}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
