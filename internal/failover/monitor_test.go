package failover

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

func TestStartProbesBothAndActivatesOne(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.want("0s failover-initial Primary cable (eth1) 10.0.1.2 online",
			"0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-primary Primary cable (eth1) 10.0.1.2")
		if len(r.kernel.attempts()) != 1 || r.kernel.route() != primary {
			t.Errorf("SetDefault: %v", r.kernel.attempts())
		}
	})
}

func TestRestartAdoptsTheRoute(t *testing.T) {
	inRig(t, func(r *rig) { r.kernel.snapshot.Default = standby }, func(r *rig) {
		r.want("0s failover-initial Primary cable (eth1) 10.0.1.2 online",
			"0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestFault02LoopPutsRouteBackAfterShortFailure(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(14 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary], s.Default = down("interface is down"), uplink.None })
		r.want("14s failover-uplink-offline Primary cable (eth1) (interface is down)", "14s failover-standby Standby 'eth2' 10.0.2.2")
		r.prober.on(gateway2, silent)
		r.until(18 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = up(primary) })
		r.until(20 * time.Second)
		r.want("19.2s failover-uplink-online Primary cable (eth1) 10.0.1.2 after 5.2s",
			"19.2s failover-uplink-offline Standby 'eth2' (no answer)",
			"19.2s failover-primary Primary cable (eth1) 10.0.1.2")
		if r.kernel.route() != primary {
			t.Error("no route through the uplink that works")
		}
	})
}

func TestFault02LoopFindsRouteGoneWhenNobodySaysSo(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.kernel.quietly(func(s *uplink.Snapshot) { s.Default = uplink.None })
		r.until(10 * time.Second)
		r.want("10s message warning: Default route of Primary Network cable (eth1) had been removed; put back")
	})
}

func TestFault04LoopPutsRouteBackAtOnce(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Default = uplink.None })
		r.want("3s message warning: Default route of Primary Network cable (eth1) had been removed; put back")
		if r.kernel.route() != primary {
			t.Error("not put back")
		}
		r.kernel.change(func(*uplink.Snapshot) {}) // one's own change is told, too
		r.want()
	})
}

func TestFault05LoopAnnouncesNothingThatFailed(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.setErr = errors.New("network is unreachable") })
		r.prober.on(gateway1, silent)
		r.until(25 * time.Second)
		r.want("11.2s failover-uplink-offline Primary cable (eth1) (no answer)",
			"11.2s message error: Cannot activate Standby Network 'eth2': network is unreachable; will try again")
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.setErr = nil })
		r.until(32 * time.Second)
		r.want("31.2s failover-standby Standby 'eth2' 10.0.2.2")
		want := []string{"0s primary", "11.2s standby", "21.2s standby", "31.2s standby"}
		if diff := cmp.Diff(want, r.kernel.attempts()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFault07LoopFailsOverInTheRoundThatSeesIt(t *testing.T) {
	inRig(t, func(r *rig) { r.prober.on(gateway1, silent) }, func(r *rig) {
		r.until(5 * time.Second)
		r.skip()
		r.prober.on(gateway1, alive)
		r.until(15 * time.Second)
		r.want("10s failover-uplink-online Primary cable (eth1) 10.0.1.2 after 8.8s")
		r.prober.on(gateway2, silent)
		r.until(22 * time.Second)
		r.want("21.2s failover-uplink-offline Standby 'eth2' (no answer)", "21.2s failover-primary Primary cable (eth1) 10.0.1.2")
	})
}

func TestCableCutSwitchesAtOnce(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(4200 * time.Millisecond)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("no carrier") })
		r.want("4.2s failover-uplink-offline Primary cable (eth1) (no carrier)", "4.2s failover-standby Standby 'eth2' 10.0.2.2")
		if got := r.prober.times("eth2"); got != "0s 4.2s" {
			t.Errorf("standby probed at %s", got)
		}
		r.until(15 * time.Second)
		if got := r.prober.times("eth1"); got != "0s" {
			t.Errorf("primary without carrier probed at %s", got)
		}
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = up(primary) })
		r.want("15s failover-uplink-online Primary cable (eth1) 10.0.1.2 after 10.8s")
	})
}

func TestSyncFailureIsSaidOnceAndNothingStops(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.syncErr = errors.New("no buffer space available") })
		var saved uplink.Snapshot
		r.kernel.quietly(func(s *uplink.Snapshot) { saved, *s = *s, uplink.Snapshot{Default: uplink.None} })
		r.until(25 * time.Second)
		r.prober.on(gateway1, silent)
		r.until(32 * time.Second)
		r.want("10s message error: Cannot keep the routes of the uplinks in order: no buffer space available; will try again",
			"31.2s failover-uplink-offline Primary cable (eth1) (no answer)", "31.2s failover-standby Standby 'eth2' 10.0.2.2")
		saved.Default = standby
		r.kernel.quietly(func(s *uplink.Snapshot) { *s, r.kernel.syncErr = saved, nil })
		r.until(41 * time.Second)
		r.kernel.quietly(func(*uplink.Snapshot) { r.kernel.syncErr = errors.New("again") })
		r.until(50 * time.Second)
		r.want("50s message error: Cannot keep the routes of the uplinks in order: again; will try again")
	})
}

func TestSyncFailureWithSnapshotIsUsed(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.kernel.change(func(s *uplink.Snapshot) {
			s.Uplinks[primary].Reason, r.kernel.syncErr = "its probes cannot be routed", errors.New("cannot add rule")
		})
		r.want("0s message error: Cannot keep the routes of the uplinks in order: cannot add rule; will try again",
			"0s failover-uplink-offline Primary cable (eth1) (its probes cannot be routed)", "0s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestStartWithoutKernelDoesNotBlockForEver(t *testing.T) {
	saved := uplink.Snapshot{}
	inRig(t, func(r *rig) {
		saved = r.kernel.snapshot
		saved.Default = standby
		r.kernel.snapshot, r.kernel.syncErr = uplink.Snapshot{Default: uplink.None}, errors.New("no memory")
	}, func(r *rig) {
		r.until(15 * time.Second)
		r.want("0s message error: Cannot keep the routes of the uplinks in order: no memory; will try again")
		if asked := r.prober.times(""); asked != "" {
			t.Errorf("asked without a path at %s", asked)
		}
		r.kernel.quietly(func(s *uplink.Snapshot) { *s, r.kernel.syncErr = saved, nil })
		r.until(20 * time.Second)
		r.want("20s failover-initial Primary cable (eth1) 10.0.1.2 online", "20s failover-initial Standby 'eth2' 10.0.2.2 online",
			"20s failover-standby Standby 'eth2' 10.0.2.2")
	})
}

func TestKernelThatNeverAnswersIsNoUplink(t *testing.T) {
	inRig(t, func(r *rig) {
		r.kernel.snapshot, r.kernel.syncErr = uplink.Snapshot{Default: uplink.None}, errors.New("no memory")
	}, func(r *rig) {
		r.until(45 * time.Second)
		const why = "the kernel does not say how it is"
		r.want("0s message error: Cannot keep the routes of the uplinks in order: no memory; will try again",
			"20s message error: Cannot tell whether Primary Network cable (eth1) is online: "+why+"; it counts as offline until that is known",
			"20s message error: Cannot tell whether Standby Network 'eth2' is online: "+why+"; it counts as offline until that is known",
			"20s failover-initial Primary cable (eth1) offline ("+why+")", "20s failover-initial Standby 'eth2' offline ("+why+")",
			"20s failover-bothdown Primary cable (eth1) and Standby 'eth2'")
	})
}

func TestRunWaitsForItsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var ended atomic.Int32
		slow := func(ctx context.Context, _ probe.Question) probe.Result {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			ended.Add(1)
			return probe.Result{}
		}
		r.prober.on(gateway1, slow)
		r.prober.on(gateway2, slow)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := New(event.Failover, r.cfg, r.kernel, nil, r.prober, r.events).Run(ctx); err != nil || ended.Load() != 2 {
			t.Errorf("Run returned %v after %d of 2 probes", err, ended.Load())
		}
		r.want()
	})
}

func TestForeignRouteIsSaidAtEachChange(t *testing.T) {
	inRig(t, func(r *rig) { r.prober.on("x", silent) }, func(r *rig) {
		r.skip()
		for _, foreign := range [][]string{{"b", "a"}, {"a", "b"}, {}, {"a", "b"}, {"default via 192.0.2.1 dev wlan0"}} {
			r.kernel.change(func(s *uplink.Snapshot) { s.Foreign = foreign })
			synctest.Wait()
		}
		r.want("0s message warning: Another default route wins over imon's: a, b; traffic does not follow failover",
			"0s message notice: No other default route wins over imon's any more",
			"0s message warning: Another default route wins over imon's: a, b; traffic does not follow failover",
			"0s message warning: Another default route wins over imon's: default via 192.0.2.1 dev wlan0; traffic does not follow failover")
	})
}

func TestClosedChangesDoNotSpin(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		close(r.kernel.changes)
		r.until(35 * time.Second)
		if r.kernel.counted() > 10 {
			t.Errorf("%d syncs", r.kernel.counted())
		}
	})
}

func TestPanicOfProberComesOutOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.prober.on(gateway1, func(context.Context, probe.Question) probe.Result { panic("broken") })
		r.prober.on(gateway2, silent)
		m := New(event.Failover, r.cfg, r.kernel, r.kernel.changes, r.prober, r.events)
		defer func() {
			if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "broken\n") {
				t.Errorf("panic %q", p)
			}
			r.prober.on(gateway1, alive)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if err := m.Run(ctx); err != nil {
				t.Error(err)
			}
			r.want("1.2s failover-initial Primary cable (eth1) 10.0.1.2 online",
				"1.2s failover-initial Standby 'eth2' offline (no answer)", "1.2s failover-primary Primary cable (eth1) 10.0.1.2")
		}()
		_ = m.Run(t.Context())
	})
}

func TestCancelDuringARound(t *testing.T) {
	inRig(t, func(r *rig) { r.prober.on(gateway1, silent) }, func(r *rig) {
		r.until(500 * time.Millisecond)
		r.want()
	})
}

func TestRenumberedUplinkIsProbedFromItsNewAddress(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		r.skip()
		r.until(3 * time.Second)
		renumbered := netip.MustParseAddr("10.0.1.99")
		r.prober.on(gateway2, silent)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary].Address, s.Default = renumbered, uplink.None })
		r.until(9 * time.Second)
		r.want("3s message warning: Default route of Primary Network cable (eth1) had been removed; put back",
			"4.2s failover-uplink-offline Standby 'eth2' (no answer)")
		r.prober.on(gateway1, func(ctx context.Context, q probe.Question) probe.Result {
			if q.Path.Source != renumbered {
				t.Errorf("probed from %v", q.Path.Source)
			}
			return alive(ctx, q)
		})
		r.until(15 * time.Second)
		r.want()
	})
}

// A check that this machine could not make says nothing about the target.
func TestPostpingThatCouldNotBeMadeIsNoVerdict(t *testing.T) {
	inRig(t, func(r *rig) {
		r.cfg.Uplinks[primary].PostTarget = "192.0.2.9"
		r.prober.on("192.0.2.9", func(context.Context, probe.Question) probe.Result {
			return probe.Result{Sent: 1, Err: fmt.Errorf("%w: too many open files", probe.ErrLocal)}
		})
	}, func(r *rig) {
		r.want("0s failover-initial Primary cable (eth1) 10.0.1.2 online",
			"0s failover-initial Standby 'eth2' 10.0.2.2 online",
			"0s failover-primary Primary cable (eth1) 10.0.1.2",
			"0s message error: Ping Target 192.0.2.9 not checked after failover: cannot probe: too many open files")
	})
}

// A storm of kernel changes costs a bounded number of Syncs a second, and the
// last change is acted on.
func TestStormOfChangesIsBounded(t *testing.T) {
	inRig(t, nil, func(r *rig) {
		before := r.kernel.counted()
		for range 3000 { // one each millisecond
			select {
			case r.kernel.changes <- struct{}{}: // as package uplink does: never blocking
			default:
			}
			time.Sleep(time.Millisecond)
		}
		if n := r.kernel.counted() - before; n > 4*stormy {
			t.Errorf("%d syncs in 3 s", n)
		}
		r.skip()
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = down("no carrier") })
		time.Sleep(time.Second)
		synctest.Wait()
		if got := r.events.lines[r.seen:]; len(got) == 0 || !strings.Contains(got[0], "failover-uplink-offline Primary") {
			t.Errorf("after the storm: %q", got)
		}
	})
}

// The flows of the uplink that is left begin anew; what is put back only is no
// switch. That it cannot be done is said once.
func TestFlowsOfTheFormerUplinkAreForgotten(t *testing.T) {
	before := func(r *rig) { r.kernel.forgetErr, r.cfg.PreferPrimary = errors.New("no conntrack"), true }
	inRig(t, before, func(r *rig) {
		r.kernel.change(func(s *uplink.Snapshot) { s.Default = uplink.None }) // put back
		r.until(time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary], s.Default = down("no carrier"), uplink.None })
		r.until(2 * time.Second)
		r.kernel.change(func(s *uplink.Snapshot) { s.Uplinks[primary] = up(primary) })
		r.until(20 * time.Second)
		r.kernel.mu.Lock()
		defer r.kernel.mu.Unlock()
		want := []string{"0s 10.0.2.2", "1s 10.0.1.2", "2s 10.0.2.2"}
		if !slices.Equal(r.kernel.forgotten, want) {
			t.Errorf("forgotten %v, want %v", r.kernel.forgotten, want)
		}
		if n := strings.Count(strings.Join(r.events.lines, "\n"), "no conntrack"); n != 1 {
			t.Errorf("said %d times: %q", n, r.events.lines)
		}
	})
}
