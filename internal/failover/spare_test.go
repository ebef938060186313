package failover

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/uplink"
)

// The spare is the online uplink that is not active, and nobody while there is none.
func TestSpareFollowsTheUplinks(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.PreferPrimary = true }, func(r *rig) {
		r.until(time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary], s.Default = down("no carrier"), uplink.None })
		r.until(2 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = up(primary) })
		r.until(20 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[standby] = down("no carrier") })
		r.until(30 * time.Second)
		r.kernel.mu.Lock()
		defer r.kernel.mu.Unlock()
		want := []string{nameOf(uplink.None), nameOf(standby), nameOf(uplink.None), nameOf(standby), nameOf(uplink.None)}
		if !slices.Equal(r.kernel.spares, want) {
			t.Errorf("spares %v, want %v", r.kernel.spares, want)
		}
	})
}

// A standby that does not answer any more is no spare.
func TestSilentUplinkIsNoSpare(t *testing.T) {
	inRig(t, func(r *rig) {}, func(r *rig) {
		r.until(time.Second)
		r.prober.on("10.0.2.1", silent)
		r.until(30 * time.Second)
		r.kernel.mu.Lock()
		defer r.kernel.mu.Unlock()
		if got := r.kernel.spares[len(r.kernel.spares)-1]; got != nameOf(uplink.None) {
			t.Errorf("the spare is %s: %v", got, r.events.lines)
		}
	})
}

// That there may be no spare is said once, and harms nothing.
func TestNoSpareIsSaidOnce(t *testing.T) {
	inRig(t, func(r *rig) { r.kernel.spareErr = errors.New("no room") }, func(r *rig) {
		r.until(40 * time.Second)
		if n := strings.Count(strings.Join(r.events.lines, "\n"), "no room"); n != 1 {
			t.Errorf("said %d times: %q", n, r.events.lines)
		}
	})
}

// With several uplinks that are online, one that is not degraded is the better spare.
func TestCleanUplinkIsTheBetterSpare(t *testing.T) {
	s := state{active: 0, uplinks: make([]knowledge, 4)}
	for i := range s.uplinks {
		s.uplinks[i].verdict = online
	}
	for i, want := range []int{1, 2, 3, 1} {
		if got := s.spare(); got != want {
			t.Errorf("%d degraded: spare %d, want %d", i, got, want)
		}
		s.uplinks[min(i+1, 3)].degraded = true
	}
	if s.active = uplink.None; s.spare() != uplink.None {
		t.Error("a spare without an active uplink")
	}
}

// A dry run keeps no spare.
func TestDryRunKeepsNoSpare(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.DryRun = true }, func(r *rig) {
		r.until(10 * time.Second)
		r.kernel.mu.Lock()
		defer r.kernel.mu.Unlock()
		if len(r.kernel.spares) > 0 {
			t.Errorf("spares %v", r.kernel.spares)
		}
	})
}
