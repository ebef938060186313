package failover

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

func TestRoundsStandOnAGrid(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(context.Context, probe.Question) probe.Result
		want   string
	}{
		{"quick", alive, "0s 1s 2s 3s 4s"},
		{"slow", func(ctx context.Context, r probe.Question) probe.Result {
			time.Sleep(400 * time.Millisecond)
			return alive(ctx, r)
		}, "0s 1s 2s 3s 4s"},
		{"too slow for each", silent, "0s 1s 2s 3s 4s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRig(t, func(r *rig) {
				r.cfg.Interval = time.Second
				r.prober.on(gateway1, c.answer)
			}, func(r *rig) {
				r.until(4500 * time.Millisecond)
				for _, device := range []string{"eth1", "eth2"} {
					if got := r.prober.times(device); got != c.want {
						t.Errorf("%s probed at %s, want %s", device, got, c.want)
					}
				}
			})
		})
	}
}

func TestRequestIsBoundToItsUplink(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Interval, r.cfg.Count, r.cfg.Wait = 300*time.Millisecond, 3, 500*time.Millisecond
		r.cfg.Uplinks[standby].Targets = []string{"one.example"}
		r.kernel.snapshot.Uplinks[primary] = down("no carrier")
	}, func(r *rig) {
		want := probe.Question{
			Target: "one.example", Count: 3, Wait: 500 * time.Millisecond, Spacing: 50 * time.Millisecond, Name: "example.com",
			Path: probe.Path{Source: address(standby), Interface: "eth2"},
		}
		if got := r.prober.latest(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		r.want("0s failover-initial Primary cable (eth1) offline (no carrier)",
			"0s failover-initial Standby 'eth2' 10.0.2.2 online", "0s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

// The answer about the uplink that changed does not count, that about the other
// one does, and the next round begins at once.
func TestChangeDuringARound(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.prober.on(gateway1, func(ctx context.Context, _ probe.Question) probe.Result {
			<-ctx.Done()
			return probe.Result{Sent: 2} // a verdict, but on the past
		})
		r.prober.on(gateway2, func(ctx context.Context, q probe.Question) probe.Result {
			time.Sleep(800 * time.Millisecond)
			return alive(ctx, q)
		})
		r.until(10500 * time.Millisecond)
		r.prober.on(gateway1, alive)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary].Index = 9 })
		r.until(19 * time.Second)
		r.want()
		if got := r.prober.times("eth1"); got != "0s 10s 10.5s" {
			t.Errorf("probed at %s", got)
		}
	})
}

func TestUplinkThatGoesDuringARoundIsOffline(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.prober.on(gateway1, silent)
		r.prober.on(gateway2, silent)
		r.until(10500 * time.Millisecond)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("interface does not exist") })
		r.prober.on(gateway2, alive)
		r.until(19 * time.Second)
		r.want("10.5s failover-uplink-offline Primary cable (eth1) (interface does not exist)", "10.5s failover-standby Standby 'eth2' 10.0.2.2",
			"11.2s failover-uplink-offline Standby 'eth2' (no answer)", "11.2s failover-bothdown Primary cable (eth1) 10.0.1.2 and Standby 'eth2' 10.0.2.2",
			"11.2s failover-uplink-online Standby 'eth2' 10.0.2.2 after 0s", "11.2s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestNameThatDoesNotResolve(t *testing.T) {
	lost := failing(fmt.Errorf("%w %q: no answer from the name server", probe.ErrResolve, "one.example"))
	inRig(t, func(r *rig) {
		r.cfg.Uplinks[primary].Targets = []string{"one.example"}
		r.prober.on("one.example", lost)
	}, func(r *rig) {
		r.until(25 * time.Second)
		r.want("0s message warning: cannot resolve 'one.example': probing gateway 10.0.1.1 of Primary Network instead",
			"0s failover-initial Primary cable (eth1) 10.0.1.2 online", "0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-primary Primary cable (eth1) 10.0.1.2")
		r.prober.on("one.example", alive)
		r.until(35 * time.Second)
		r.prober.on("one.example", lost)
		r.until(45 * time.Second)
		r.want("40s message warning: cannot resolve 'one.example': probing gateway 10.0.1.1 of Primary Network instead")
		r.prober.on(gateway1, silent)
		r.until(55 * time.Second)
		r.want("51.2s failover-uplink-offline Primary cable (eth1) (no answer)", "51.2s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestUnknownChangesNothing(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.prober.on(gateway1, failing(fmt.Errorf("%w: too many open files", probe.ErrLocal)))
		r.until(65 * time.Second)
		r.want("30s message error: Cannot tell whether Primary Network cable (eth1) is online: cannot probe: too many open files; it counts as online until that is known")
	})
}

func TestNoRouteIsOffline(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.prober.on(gateway1, failing(probe.ErrNoRoute))
		r.until(12 * time.Second)
		r.want("10s failover-uplink-offline Primary cable (eth1) (no route)", "10s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

// While the kernel does not comply it is asked in every round.
func TestKernelInTroubleIsAskedInEveryRound(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Interval = time.Second
		r.kernel.syncErr = errors.New("cannot add rule")
	}, func(r *rig) {
		before := r.kernel.counted()
		r.until(5500 * time.Millisecond)
		if got := r.kernel.counted() - before; got != 5 {
			t.Errorf("%d syncs in 5 rounds", got)
		}
	})
}

// What an attempt that failed did to the routes is looked at before the next
// round ends, though nobody tells of it.
func TestKernelIsReadAfterAFailedAttempt(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Interval = time.Second
		r.prober.on(gateway1, failing(probe.ErrNoRoute))
	}, func(r *rig) {
		r.skip()
		r.kernel.quietly(func(s *uplink.Snapshot) { s.Default, r.kernel.setErr = uplink.None, errors.New("refused") })
		r.prober.on(gateway2, failing(probe.ErrNoRoute))
		r.prober.on(gateway1, alive)
		r.until(1500 * time.Millisecond)
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.setErr = nil })
		r.prober.on(gateway2, alive)
		before := r.kernel.counted()
		r.until(2500 * time.Millisecond)
		if r.kernel.counted() != before+1 {
			t.Errorf("%d syncs after a failed attempt", r.kernel.counted()-before)
		}
	})
}

// At small intervals the kernel is asked for its state every ten seconds, not
// in every round.
func TestQuietKernelIsNotAskedInEveryRound(t *testing.T) {
	inRig(t, func(r *rig) { r.cfg.Interval = time.Second }, func(r *rig) {
		r.until(59 * time.Second)
		if r.kernel.counted() < 5 || r.kernel.counted() > 7 {
			t.Errorf("%d syncs in a minute", r.kernel.counted())
		}
	})
}
