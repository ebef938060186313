package failover

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/uplink"
)

func TestCheckStartsARoundAtOnce(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.until(3 * time.Second)
		r.control.Check()
		r.control.Check() // twice in the same moment is once
		r.until(25 * time.Second)
		if got := r.prober.times("eth1"); got != "0s 3s 10s 20s" {
			t.Errorf("rounds at %s", got)
		}
	})
}

func TestResyncAsksTheKernelAtOnce(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		before := r.kernel.counted()
		r.kernel.quietly(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("netifd has it down") })
		r.control.Resync()
		r.want("3s failover-uplink-offline Primary cable (eth1) (netifd has it down)", "3s failover-standby Standby 'eth2' 10.0.2.2")
		if n := r.kernel.counted() - before; n != 1 {
			t.Errorf("%d syncs", n)
		}
	})
}

func TestForceSwitchesAtOnceAndLasts(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		r.control.Force(standby, 0)
		r.want("3s failover-forced Standby 'eth2' 10.0.2.2", "3s failover-standby Standby 'eth2' 10.0.2.2")
		r.until(30 * time.Second)
		r.want()
		r.control.Force(uplink.None, 0)
		r.want("30s failover-forced none") // prefer-primary is off: it stays
		if i, left := r.control.Forced(); r.kernel.route() != standby || i != uplink.None || left != 0 {
			t.Errorf("route %d, forced %d for %v", r.kernel.route(), i, left)
		}
	})
}

// A wish outlives the monitor that it was told to.
func TestForceIsObeyedFromTheStart(t *testing.T) {
	inRig(t, func(r *rig) { r.control.Force(standby, 0) }, func(r *rig) {
		r.want("0s failover-forced Standby 'eth2'",
			"0s failover-initial Primary cable (eth1) 10.0.1.2 online",
			"0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestEachRoundTellsItsResults(t *testing.T) {
	inRig(t, func(r *rig) { r.prober.on(gateway2, silent) }, func(r *rig) {
		r.until(8 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("no carrier") })
		r.until(18 * time.Second)
		r.events.mu.Lock()
		defer r.events.mu.Unlock()
		first, last := r.events.results[:2], r.events.results[len(r.events.results)-2:]
		a, b := first[primary], first[standby]
		if !a.Online || a.Target != gateway1 || a.Round.Received != 1 || a.Round.Avg != time.Millisecond || a.Text != "" {
			t.Errorf("answered: %+v", a)
		}
		if b.Online || b.Target != gateway2 || b.Round.Sent != 2 || b.Round.Loss != 1 || b.Text != "no answer" || b.Uplink.Address != address(1) {
			t.Errorf("silent: %+v", b)
		}
		if c := last[primary]; c.Online || c.Target != "" || c.Round.Sent != 0 || c.Text != "no carrier" {
			t.Errorf("not probed: %+v", c)
		}
	})
}

// What the kernel was told counts, not what is configured.
func TestProbesFollowTheSpecs(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) {
			s.Specs = []uplink.Spec{
				{Interface: "pppoe-wan", Gateway: netip.MustParseAddr("10.0.1.254")},
				{Interface: "eth2", Gateway: netip.MustParseAddr(gateway2)},
			}
			s.Default = uplink.None
		})
		r.until(4 * time.Second)
		r.want("3s message notice: Default route of Primary Network cable (eth1) leads via 10.0.1.254 dev pppoe-wan now")
		if got := r.prober.times("pppoe-wan"); got != "3s" {
			t.Errorf("probes of the new device at %s", got)
		}
		r.events.mu.Lock()
		defer r.events.mu.Unlock()
		u := r.events.results[len(r.events.results)-2]
		if u.Uplink.Link != "pppoe-wan" || u.Uplink.Interface != "eth1" || u.Target != "10.0.1.254" {
			t.Errorf("the result shows %+v", u)
		}
	})
}

func TestForceEndsByItself(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		r.control.Force(standby, time.Hour)
		r.want("3s failover-forced Standby 'eth2' 10.0.2.2", "3s failover-standby Standby 'eth2' 10.0.2.2")
		r.until(30 * time.Minute)
		if i, left := r.control.Forced(); i != standby || left != 30*time.Minute+3*time.Second {
			t.Errorf("forced %d for another %v", i, left)
		}
		r.until(time.Hour + 2*time.Second)
		r.want()
		r.until(time.Hour + 4*time.Second)
		r.want("1h0m3s failover-forced none")
		if i, left := r.control.Forced(); i != uplink.None || left != 0 {
			t.Errorf("forced %d for another %v", i, left)
		}
	})
}

// The last word counts, with the time that belongs to it.
func TestForceReplacesTheOneBefore(t *testing.T) {
	for name, c := range map[string]struct {
		uplink int
		lasts  time.Duration
		want   string
	}{
		"longer":     {standby, 2 * time.Hour, "2h0m10s failover-forced none"},
		"shorter":    {standby, time.Minute, "1m10s failover-forced none"},
		"for good":   {standby, 0, ""},
		"not at all": {uplink.None, 0, "10s failover-forced none"},
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, nil, func(r *rig) {
				r.skip()
				r.until(3 * time.Second)
				r.control.Force(standby, time.Hour)
				r.want("3s failover-forced Standby 'eth2' 10.0.2.2", "3s failover-standby Standby 'eth2' 10.0.2.2")
				r.until(10 * time.Second)
				r.control.Force(c.uplink, c.lasts)
				if i, left := r.control.Forced(); i != c.uplink || left != c.lasts {
					t.Errorf("forced %d for another %v", i, left)
				}
				r.until(5 * time.Hour)
				if c.want == "" {
					r.want()
				} else {
					r.want(c.want)
				}
			})
		})
	}
}

// A timer that fires in the very moment in which somebody wishes anew ends nothing.
func TestLateTimerEndsNothing(t *testing.T) {
	c := NewControl()
	c.Force(standby, time.Hour)
	c.release()
	if i, left := c.Forced(); i != standby || left <= 0 {
		t.Errorf("forced %d for another %v", i, left)
	}
	c.Force(primary, 0)
	c.release()
	if i, left := c.Forced(); i != primary || left != 0 {
		t.Errorf("forced %d for another %v", i, left)
	}
}

// The monitor that runs goes on with the number that it knows.
func TestRenumberIsForTheNextMonitor(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		r.control.Force(standby, time.Hour)
		r.want("3s failover-forced Standby 'eth2' 10.0.2.2", "3s failover-standby Standby 'eth2' 10.0.2.2")
		r.control.Renumber(primary)
		r.until(5 * time.Second)
		r.want()
		if i, left := r.control.Forced(); i != primary || left != time.Hour-2*time.Second {
			t.Errorf("forced %d for another %v", i, left)
		}
		r.control.Renumber(uplink.None)
		if i, left := r.control.Forced(); i != uplink.None || left != 0 {
			t.Errorf("forced %d for another %v", i, left)
		}
	})
}

// The time goes on while no monitor runs: one that starts later obeys what is left.
func TestForceEndsForTheNextMonitorToo(t *testing.T) {
	inRig(t, func(r *rig) { r.control.Force(standby, 5*time.Second) }, func(r *rig) {
		r.skip()
		r.until(6 * time.Second)
		r.want("5s failover-forced none")
	})
}
