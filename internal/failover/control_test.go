package failover

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
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
		r.control.Force(standby)
		r.want("3s failover-forced Standby 'eth2' 10.0.2.2", "3s failover-standby Standby 'eth2' 10.0.2.2")
		r.until(30 * time.Second)
		r.want()
		r.control.Force(uplink.None)
		r.want("30s failover-forced none") // prefer-primary is off: it stays
		if r.kernel.route() != standby || r.control.Forced() != uplink.None {
			t.Errorf("route %d, forced %d", r.kernel.route(), r.control.Forced())
		}
	})
}

// A wish outlives the monitor that it was told to.
func TestForceIsObeyedFromTheStart(t *testing.T) {
	inRig(t, func(r *rig) { r.control.Force(standby) }, func(r *rig) {
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
		if c := last[primary]; c.Online || c.Target != "" || c.Round != (event.Round{}) || c.Text != "no carrier" {
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
