package sink

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// TestEnvironmentOfEachKind lists, for a sample of each kind, the variables
// beside instance, event, monitor and time.
func TestEnvironmentOfEachKind(t *testing.T) {
	p := " UPLINK=primary UPLINK_NAME=pnet INTERFACE=eth1 UPLINK_ADDRESS=192.168.42.7 GATEWAY=192.168.42.1"
	s := " UPLINK=standby INTERFACE=wwan0 GATEWAY=192.168.62.1"
	wanted := []string{
		" TEXT=cannot do it",
		" TARGET=1.1.1.1 ONLINE=true",
		" TARGET=1.1.1.1 ONLINE=false REASON=no answer",
		" TARGET=1.1.1.1 ONLINE=true OUTAGE_SECONDS=10",
		" TARGET=1.1.1.1 ONLINE=false REASON=no route",
		" TARGET=gw ONLINE=true",
		" TARGET=gw ONLINE=false REASON=no answer",
		" TARGET=1.1.1.1 DNS_NAME=a.example DNS_SERVER=9.9.9.9",
		" ADDRESS=203.0.113.5 SOURCE=ident.me",
		" ADDRESS=203.0.113.6 OLD_ADDRESS=203.0.113.5 SOURCE=ident.me",
		" REASON=time-out",
		" TARGET=1.1.1.1 ONLINE=true RTT_MIN_MS=0.434 RTT_AVG_MS=2.664 RTT_MAX_MS=4.894 JITTER_MS=4.46 LOSS=0.0 SENT=2 RECEIVED=2",
		" TARGET=2001:db8::1 ONLINE=false LOSS=1.0 SENT=2 RECEIVED=0 REASON=no answer",
		" ONLINE=true" + p,
		" ONLINE=false" + s + " REASON=no carrier",
		p,
		s,
		" ONLINE=false" + p + strings.NewReplacer(" UP", " OTHER_UP", " INT", " OTHER_INT", " GATE", " OTHER_GATE").Replace(s),
		" TARGET=8.8.8.8 ONLINE=true" + p,
		" TARGET=8.8.8.8 ONLINE=false" + s,
		" ONLINE=true OUTAGE_SECONDS=90061" + p,
		" ONLINE=false" + s + " REASON=cable unplugged",
		" UPLINK=uplink3 UPLINK_NAME=lte INTERFACE=wwan1 UPLINK_ADDRESS=10.0.3.2",
		" ONLINE=true" + p + " REASON=loss 20 % over 1m0s",
		" ONLINE=true" + p,
		" TARGET=1.1.1.1 REASON=loss 20 % over 1m0s",
		" TARGET=1.1.1.1",
		" UPLINK=standby INTERFACE=wwan DEVICE=wwan0 GATEWAY=192.168.62.1",
		"",
		" ONLINE=true ADDRESS=203.0.113.5 SOURCE=ident.me",
		" TARGET=1.1.1.1 ONLINE=true RTT_MIN_MS=0.434 RTT_AVG_MS=2.664 RTT_MAX_MS=4.894 JITTER_MS=4.46 LOSS=0.0 SENT=2 RECEIVED=2",
		" ONLINE=false" + s + " REASON=no carrier",
	}
	for i, e := range samples() {
		env := environment("main", e)
		var rest string
		for _, v := range env[1:] {
			v = strings.TrimPrefix(v, "IMON_")
			if !strings.HasPrefix(v, "EVENT=") && !strings.HasPrefix(v, "MONITOR=") && !strings.HasPrefix(v, "TIME=") {
				rest += " " + v
			}
		}
		if diff := cmp.Diff(wanted[i], rest); diff != "" {
			t.Errorf("%d, %s:\n%s", i, e.Kind, diff)
		}
	}
}

func TestEnvironmentBeginsWithWhatEachEventHas(t *testing.T) {
	got := environment("main", samples()[3])[:4]
	wanted := []string{"IMON_INSTANCE=main", "IMON_EVENT=updown-online", "IMON_MONITOR=updown", "IMON_TIME=2026-11-22T12:31:07Z"}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Error(diff)
	}
}

func TestFieldsHaveTypes(t *testing.T) {
	types := map[string]string{}
	for _, e := range samples() {
		for _, f := range Fields(e) {
			kind := "string"
			switch f.Value.(type) {
			case bool:
				kind = "bool"
			case int64:
				kind = "int64"
			case float64:
				kind = "float64"
			}
			types[f.Name] = kind
		}
	}
	for name, want := range map[string]string{
		"online": "bool", "outage_seconds": "int64", "sent": "int64", "received": "int64",
		"loss": "float64", "rtt_avg_ms": "float64", "jitter_ms": "float64", "address": "string",
	} {
		if types[name] != want {
			t.Errorf("%s is a %s, want %s", name, types[name], want)
		}
	}
	if got := (Field{"odd", []int{1}}).String(); got != "" {
		t.Errorf("a value of another type reads %q", got)
	}
}

func TestFieldsOfAnEventWithoutTime(t *testing.T) {
	for _, f := range Fields(event.Event{Kind: event.DDNSNoUpdate}) {
		if f.Name != "event" {
			t.Errorf("unexpected field %v", f)
		}
	}
}

// TestSampleActionNamesEachVariable keeps the sample's comments complete.
func TestSampleActionNamesEachVariable(t *testing.T) {
	text, err := os.ReadFile(sampleAction)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range samples() {
		if _, ok := arguments(e); !ok {
			continue
		}
		for _, v := range environment("main", e) {
			name, _, _ := strings.Cut(v, "=")
			if !strings.Contains(string(text), name) {
				t.Errorf("%s does not mention %s", sampleAction, name)
			}
		}
		if !strings.Contains(string(text), "#   "+string(e.Kind)) {
			t.Errorf("%s does not mention %s", sampleAction, e.Kind)
		}
	}
}
