package failover

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

// After the first round without an answer the next ones come at failure-interval.
func TestConfirmationCostsSecondsNotIntervals(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.Fall, r.cfg.Rise = 3, 2 }, func(r *rig) {
		r.skip()
		r.prober.on(gateway1, silent) // takes 1.2 s
		r.until(19 * time.Second)
		r.want("13.4s failover-uplink-offline Primary cable (eth1) (no answer)", "13.4s failover-standby Standby 'eth2' 10.0.2.2")
		r.prober.on(gateway1, alive)
		r.until(29 * time.Second)
		r.want("21s failover-uplink-online Primary cable (eth1) 10.0.1.2 after 7.6s")
		if got := r.prober.times("eth1"); got != "0s 10s 11.2s 12.2s 13.2s 20s 21s" {
			t.Errorf("probed at %s", got)
		}
	})
}

// Rounds begin on the grid although nobody has answered those before. Their
// verdicts count in the order in which they began, and are bounded in number.
func TestRoundsOverlap(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.Interval, r.cfg.Fall, r.cfg.Count = 100*time.Millisecond, 3, 1 }, func(r *rig) {
		r.skip()
		r.until(950 * time.Millisecond)
		r.prober.on(gateway1, silent) // takes 1 s
		r.until(3 * time.Second)
		// fall x interval + pingwait, after the first round that fails
		r.want("2.2s failover-uplink-offline Primary cable (eth1) (no answer)", "2.2s failover-standby Standby 'eth2' 10.0.2.2")
		r.prober.on(gateway2, func(ctx context.Context, _ probe.Question) probe.Result {
			<-ctx.Done()
			return probe.Result{}
		})
		before := len(strings.Fields(r.prober.times("eth2")))
		r.until(30 * time.Second)
		if got := len(strings.Fields(r.prober.times("eth2"))) - before; got != maxRounds {
			t.Errorf("%d rounds run at a time, want at most %d", got, maxRounds)
		}
	})
}

// While all are down, an answer by one uplink does not wait for the other's silence.
func TestFirstSuccessDoesNotWait(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Rise = 3
		r.prober.on(gateway1, silent)
		r.prober.on(gateway2, silent)
	}, func(r *rig) {
		r.until(9 * time.Second)
		r.skip()
		r.prober.on(gateway2, alive)
		r.until(10100 * time.Millisecond)
		r.want("10s failover-uplink-online Standby 'eth2' 10.0.2.2 after 8.8s", "10s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

// The rounds that began while all were down, and are still waiting when an answer
// comes in, do not take it back.
func TestFirstSuccessIsNotTakenBackByOlderRounds(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Interval = 100 * time.Millisecond
		r.prober.on(gateway1, silent)
		r.prober.on(gateway2, silent)
	}, func(r *rig) {
		r.until(2950 * time.Millisecond)
		r.skip()
		r.prober.on(gateway2, alive)
		r.until(10 * time.Second)
		r.want("3s failover-uplink-online Standby 'eth2' 10.0.2.2 after 1.975s", "3s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestReliability(t *testing.T) {
	for _, c := range []struct {
		name        string
		reliability int
		dead        []string
		offline     bool
	}{
		{"one of three is enough", 1, []string{"t1", "t2"}, false},
		{"two have to answer, and do", 2, []string{"t1"}, false},
		{"two have to answer, and one does", 2, []string{"t1", "t2"}, true},
		{"all are dead", 1, []string{"t1", "t2", "t3"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRig(t, func(r *rig) {
				r.cfg.Reliability = c.reliability
				r.cfg.Uplinks[primary].Targets = []string{"t1", "t2", "t3"}
			}, func(r *rig) {
				r.skip()
				for _, name := range c.dead {
					r.prober.on(name, silent)
				}
				r.until(12 * time.Second)
				if offline := r.kernel.route() == standby; offline != c.offline {
					t.Errorf("offline: %v", offline)
				}
			})
		})
	}
}

// The targets that nobody reaches are named, once, and so is no other.
func TestTargetAtFaultIsNamed(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Interval = time.Second
		r.cfg.Uplinks[primary].Targets = []string{"good", "bad"}
		r.cfg.Uplinks[standby].Targets = []string{"good", "bad", "dies"}
		r.prober.on("bad", silent)
	}, func(r *rig) {
		r.until(2500 * time.Millisecond)
		r.skip()
		r.prober.on("dies", silent)
		r.until(60 * time.Second)
		r.want("10.2s message warning: Target bad has never answered by any network, though others do: it is at fault, not they")
	})
}

// Replies to the LAN stand against the probes for some rounds.
func TestRepliesToTheLAN(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.PassiveRounds, r.cfg.Interval = 2, time.Second }, func(r *rig) {
		r.until(500 * time.Millisecond)
		r.skip()
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.traffic = minReplies })
		r.prober.on(gateway1, silent)
		r.until(10 * time.Second)
		r.want("3.2s message info: Offline of Primary Network cable (eth1) refuted by replies to the LAN",
			"4.2s failover-uplink-offline Primary cable (eth1) (no answer)", "4.2s failover-standby Standby 'eth2' 10.0.2.2")
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.traffic = 0 })
		r.prober.on(gateway2, silent)
		r.prober.on(gateway1, alive)
		r.until(20 * time.Second)
		r.want("12.2s failover-uplink-online Primary cable (eth1) 10.0.1.2 after 8s", "13.2s failover-uplink-offline Standby 'eth2' (no answer)",
			"13.2s failover-primary Primary cable (eth1) 10.0.1.2")
	})
}

// A dry run says everything and does nothing.
func TestDryRun(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.DryRun = true
		r.kernel.snapshot.Default = standby
	}, func(r *rig) {
		r.want("0s failover-initial Primary cable (eth1) 10.0.1.2 online", "0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-standby Standby 'eth2' 10.0.2.2")
		r.prober.on(gateway2, silent)
		r.until(25 * time.Second)
		r.want("11.2s failover-uplink-offline Standby 'eth2' (no answer)", "11.2s failover-primary Primary cable (eth1) 10.0.1.2")
		if sets := r.kernel.attempts(); len(sets) > 0 || r.kernel.route() != standby || len(r.kernel.forgotten) > 0 {
			t.Errorf("it has done %v, forgotten %v", sets, r.kernel.forgotten)
		}
		for _, e := range r.events.results {
			if !e.DryRun {
				t.Fatalf("%+v does not say that it is a dry run", e)
			}
		}
	})
}

// Every method asks every target in its way; an uplink without a gateway has its
// targets, and one with neither is unknown.
func TestQuestions(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.HTTPStatus = 204
		r.cfg.Uplinks[primary].Method, r.cfg.Uplinks[primary].Targets = config.MethodHTTP, []string{"http://one.example/204"}
		r.cfg.Uplinks[standby].Gateway = netip.IPv6Unspecified()
		r.cfg.Further = []config.Uplink{{Interface: "wwan0", Gateway: netip.MustParseAddr("10.0.3.1"), Method: config.MethodDNS}}
		r.kernel.snapshot.Uplinks = append(r.kernel.snapshot.Uplinks, uplink.State{Index: 4, Up: true, Address: address(2)})
	}, func(r *rig) {
		r.until(25 * time.Second)
		got := map[string]probe.Question{}
		for _, q := range r.prober.questions {
			got[q.Path.Interface] = q
		}
		if q := got["eth1"]; q.Method != probe.HTTPStatus || q.Target != "http://one.example/204" || q.Status != 204 {
			t.Errorf("primary: %+v", q)
		}
		if q, asked := got["eth2"]; asked {
			t.Errorf("standby: %+v", q)
		}
		if q := got["wwan0"]; q.Method != probe.DNSQuery || q.Target != "10.0.3.1" || q.Name != "example.com" {
			t.Errorf("third: %+v", q)
		}
		r.want("20s message error: Cannot tell whether Standby Network 'eth2' is online: it has neither a target nor a gateway; it counts as offline until that is known",
			"20s failover-initial Primary cable (eth1) 10.0.1.2 online",
			"20s failover-initial Standby 'eth2' offline (it has neither a target nor a gateway)",
			"20s failover-initial Uplink3 'wwan0' 10.0.3.2 online",
			"20s failover-primary Primary cable (eth1) 10.0.1.2")
	})
}

// Before a switch the flows of the former uplink are looked for, and when that one does
// not work any more, in a hurry.
func TestFlowsArePreparedForAPlannedSwitch(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.PreferPrimary = true }, func(r *rig) {
		r.prober.on(gateway1, silent)
		r.until(15 * time.Second)
		r.prober.on(gateway1, alive)
		r.until(25 * time.Second)
		if got := strings.Join(r.kernel.prepared, ", "); got != "11.2s 10.0.1.2 urgent, 20s 10.0.2.2" {
			t.Errorf("prepared: %s", got)
		}
	})
}

// A switch among three takes the flows off both others.
func TestFlowsOfAllOthersAreForgotten(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Further = []config.Uplink{{Interface: "wwan0", Gateway: netip.MustParseAddr("10.0.3.1"), Method: config.MethodICMP}}
		r.kernel.snapshot.Uplinks = append(r.kernel.snapshot.Uplinks, uplink.State{Index: 4, Up: true, Address: address(2)})
	}, func(r *rig) {
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.forgotten = nil })
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("no carrier") })
		r.until(time.Second)
		if got := strings.Join(r.kernel.forgotten, ", "); got != "0s 10.0.1.2, 0s 10.0.3.2" {
			t.Errorf("forgotten: %s", got)
		}
	})
}

// Other programs' routes that are set aside, or cannot be, are told when that changes.
func TestManagedRoutesAreTold(t *testing.T) {
	inRig(t, func(r *rig) { r.kernel.snapshot.Managed = []string{"default via 10.0.1.1 dev eth1 metric 100"} }, func(r *rig) {
		r.want("0s message notice: Default routes of other programs set aside: default via 10.0.1.1 dev eth1 metric 100",
			"0s failover-initial Primary cable (eth1) 10.0.1.2 online", "0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-primary Primary cable (eth1) 10.0.1.2")
		for range 2 {
			r.kernel.change(func(s *uplink.Snapshot) { s.Managed, s.Contested = nil, "somebody puts it back" })
			r.until(r.now() + time.Second)
		}
		r.want("0s message warning: somebody puts it back")
	})
}
