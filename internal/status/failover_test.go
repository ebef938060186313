package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

func TestFailover(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		tell := func(e event.Event) *Failover {
			e.Monitor = event.Failover
			s.Publish(e)
			return all(t, s).Monitors.Failover
		}
		begin := time.Now()
		tell(event.Event{Kind: event.FailoverInitial, Uplink: primary(), Online: true})
		tell(event.Event{Kind: event.FailoverInitial, Uplink: standby(), Text: "no carrier"})
		tell(event.Event{Kind: event.FailoverPrimary, Uplink: primary()})
		tell(event.Event{Kind: event.FailoverResult, Uplink: primary(), Online: true, Target: "8.8.8.8", Round: event.Round{Sent: 1, Received: 1, Avg: time.Millisecond}})
		f := tell(event.Event{Kind: event.FailoverResult, Uplink: standby(), Text: "no carrier"})
		now := begin.Format(time.RFC3339)
		want := []Uplink{
			{Role: "primary", Name: "pnet", Interface: "wan", Device: "eth1", Gateway: "192.168.42.1", Address: "192.168.42.2",
				Target: "8.8.8.8", State: Online, Since: now,
				Last: &Result{Time: now, Online: true, Sent: 1, Received: 1, RTT: &RTT{Avg: 1}}},
			{Role: "standby", Interface: "eth2", Gateway: "192.168.62.1", Target: "192.168.62.1", State: Offline, Since: now, Reason: "no carrier",
				Last: &Result{Time: now, Reason: "no carrier"}},
		}
		if diff := cmp.Diff(want, f.Uplinks); diff != "" {
			t.Error(diff)
		}
		if f.State != Online || f.Active != "primary" || f.Rounds != 1 || f.Events != 3 {
			t.Errorf("%+v", f)
		}

		time.Sleep(time.Minute)
		tell(event.Event{Kind: event.FailoverUplinkOnline, Uplink: standby()})
		offline := primary()
		offline.Address = addr("0.0.0.0").Prev() // no address, as while it is offline
		f = tell(event.Event{Kind: event.FailoverUplinkOffline, Uplink: offline, Text: "no answer"})
		if u := f.Uplinks[0]; u.State != Offline || u.Reason != "no answer" || u.Address != "192.168.42.2" || u.Age != 0 {
			t.Errorf("lost: %+v", u)
		}
		if f = tell(event.Event{Kind: event.FailoverStandby, Uplink: standby()}); f.Active != "standby" || f.Age != 60 {
			t.Errorf("switched: %+v", f)
		}
		if f = tell(event.Event{Kind: event.FailoverBothDown, Uplink: primary(), Other: standby()}); f.Active != "" || f.State != Offline {
			t.Errorf("both down: %+v", f)
		}
		if f = tell(event.Event{Kind: event.FailoverForced, Uplink: standby()}); f.Forced != "standby" {
			t.Errorf("forced: %+v", f)
		}
		if f = tell(event.Event{Kind: event.FailoverForced}); f.Forced != "auto" {
			t.Errorf("no longer forced: %+v", f)
		}
	})
}
