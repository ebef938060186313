package sink

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard is a publisher that keeps the texts of what it was told.
type heard struct {
	mu     sync.Mutex
	events []event.Event
}

func (h *heard) Publish(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *heard) texts() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, e := range h.events {
		out = append(out, e.Text)
	}
	return out
}

// eventually waits for a condition and fails the test when it does not come.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func primary() event.Uplink {
	return event.Uplink{Role: "Primary", Name: "pnet", Interface: "eth1", Address: addr("192.168.42.7"), Gateway: addr("192.168.42.1")}
}

func standby() event.Uplink {
	return event.Uplink{Role: "Standby", Interface: "wwan0", Gateway: addr("192.168.62.1")}
}

// logical is an uplink that was configured by its logical name.
func logical() event.Uplink {
	return event.Uplink{Role: "Standby", Interface: "wwan", Link: "wwan0", Gateway: addr("192.168.62.1")}
}

func round() event.Round {
	return event.Round{Sent: 2, Received: 2, Min: 434 * time.Microsecond, Avg: 2664 * time.Microsecond,
		Max: 4894 * time.Microsecond, Jitter: 4460 * time.Microsecond}
}

// samples is at least one event of every kind.
func samples() []event.Event {
	at := time.Date(2026, 11, 22, 12, 31, 7, 0, time.UTC)
	all := []event.Event{
		{Kind: event.Message, Severity: event.Error, Text: "cannot do it"},
		{Kind: event.UpdownInitial, Monitor: event.Updown, Target: "1.1.1.1", Online: true},
		{Kind: event.UpdownInitial, Monitor: event.Updown, Target: "1.1.1.1", Text: "no answer"},
		{Kind: event.UpdownOnline, Monitor: event.Updown, Target: "1.1.1.1", Outage: 10 * time.Second},
		{Kind: event.UpdownOffline, Monitor: event.Updown, Target: "1.1.1.1", Text: "no route"},
		{Kind: event.UpdownSecondary, Monitor: event.Updown, Target: "gw", Online: true},
		{Kind: event.UpdownSecondary, Monitor: event.Updown, Target: "gw", Text: "no answer"},
		{Kind: event.UpdownRefuted, Monitor: event.Updown, Target: "1.1.1.1", DNSName: "a.example", DNSServer: "9.9.9.9"},
		{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: addr("203.0.113.5"), Source: "ident.me"},
		{Kind: event.DDNSUpdate, Monitor: event.DDNS, Address: addr("203.0.113.6"), OldAddress: addr("203.0.113.5"), Source: "ident.me"},
		{Kind: event.DDNSNoUpdate, Monitor: event.DDNS, Text: "time-out"},
		{Kind: event.PingResult, Monitor: event.Ping, Target: "1.1.1.1", Round: round()},
		{Kind: event.PingResult, Monitor: event.Ping, Target: "2001:db8::1", Round: event.Round{Sent: 2, Loss: 1}, Text: "no answer"},
		{Kind: event.FailoverInitial, Monitor: event.Failover, Uplink: primary(), Online: true},
		{Kind: event.FailoverInitial, Monitor: event.Failover, Uplink: standby(), Text: "no carrier"},
		{Kind: event.FailoverPrimary, Monitor: event.Failover, Uplink: primary()},
		{Kind: event.FailoverStandby, Monitor: event.Failover, Uplink: standby()},
		{Kind: event.FailoverBothDown, Monitor: event.Failover, Uplink: primary(), Other: standby()},
		{Kind: event.FailoverPostping, Monitor: event.Failover, Uplink: primary(), Target: "8.8.8.8", Online: true},
		{Kind: event.FailoverPostping, Monitor: event.Failover, Uplink: standby(), Target: "8.8.8.8"},
		{Kind: event.FailoverUplinkOnline, Monitor: event.Failover, Uplink: primary(), Outage: 90061 * time.Second},
		{Kind: event.FailoverUplinkOffline, Monitor: event.Failover, Uplink: standby(), Text: "cable unplugged"},
		{Kind: event.FailoverUplink, Monitor: event.Failover, Uplink: third()},
		{Kind: event.FailoverDegraded, Monitor: event.Failover, Uplink: primary(), Text: "loss 20 % over 1m0s"},
		{Kind: event.FailoverRecovered, Monitor: event.Failover, Uplink: primary()},
		{Kind: event.PingDegraded, Monitor: event.Ping, Target: "1.1.1.1", Text: "loss 20 % over 1m0s"},
		{Kind: event.PingRecovered, Monitor: event.Ping, Target: "1.1.1.1"},
		{Kind: event.FailoverForced, Monitor: event.Failover, Uplink: logical()},
		{Kind: event.FailoverForced, Monitor: event.Failover},
		{Kind: event.DDNSResult, Monitor: event.DDNS, Online: true, Address: addr("203.0.113.5"), Source: "ident.me"},
		{Kind: event.UpdownResult, Monitor: event.Updown, Target: "1.1.1.1", Online: true, Round: round()},
		{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: standby(), Text: "no carrier"},
	}
	for i := range all {
		all[i].Time = at
	}
	return all
}

func third() event.Uplink {
	return event.Uplink{Role: event.Role(2), Name: "lte", Interface: "wwan1", Address: netip.MustParseAddr("10.0.3.2")}
}
