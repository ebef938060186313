package failover

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

// withPostPing sets a target to check on both uplinks.
func withPostPing(r *rig) {
	r.cfg.Uplinks[primary].PostTarget, r.cfg.Uplinks[standby].PostTarget = "one.example", "two.example"
}

const started = "0s failover-initial Primary cable (eth1) 10.0.1.2 online"

func TestPostPing(t *testing.T) {
	again := 0
	for _, c := range []struct {
		name   string
		answer func(context.Context, probe.Question) probe.Result
		want   string
		asked  string
	}{
		{"answers", alive, "0s failover-postping Primary cable (eth1) 10.0.1.2 online", "0s"},
		{"answers the second time", func(ctx context.Context, r probe.Question) probe.Result {
			if again++; again == 1 {
				return silent(ctx, r)
			}
			return alive(ctx, r)
		}, "1.2s failover-postping Primary cable (eth1) 10.0.1.2 online", "0s 1.2s"},
		{"does not answer", silent, "2.4s failover-postping Primary cable (eth1) 10.0.1.2 offline (no answer)", "0s 1.2s"},
		{"has no address", failing(fmt.Errorf("%w: no such host", probe.ErrResolve)),
			"0s failover-postping Primary cable (eth1) 10.0.1.2 offline (cannot resolve: no such host)", "0s 0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRig(t, func(r *rig) {
				withPostPing(r)
				r.prober.on("one.example", func(ctx context.Context, q probe.Question) probe.Result {
					if q.Path != (probe.Path{Source: address(primary), Interface: "eth1"}) {
						t.Errorf("path %+v", q.Path)
					}
					return c.answer(ctx, q)
				})
			}, func(r *rig) {
				r.until(5 * time.Second)
				r.want(started, "0s failover-initial Standby 'eth2' 10.0.2.2 online", "0s failover-primary Primary cable (eth1) 10.0.1.2", c.want)
				if got := r.prober.times("eth1"); got != "0s "+c.asked {
					t.Errorf("asked at %s", got)
				}
			})
		})
	}
}

func TestPostPingIsAbandonedByANewSwitch(t *testing.T) {
	for _, target := range []string{"two.example", ""} {
		t.Run(target, func(t *testing.T) {
			inRig(t, func(r *rig) {
				withPostPing(r)
				r.cfg.Uplinks[standby].PostTarget = target
				r.cfg.Interval = time.Second
				r.prober.on("one.example", silent)
			}, func(r *rig) {
				r.skip()
				r.prober.on(gateway1, failing(probe.ErrNoRoute))
				r.until(2900 * time.Millisecond)
				want := []string{"1s failover-uplink-offline Primary cable (eth1) (no route)", "1s failover-standby Standby 'eth2' 10.0.2.2"}
				if target != "" {
					want = append(want, "1s failover-postping Standby 'eth2' 10.0.2.2 online")
				}
				r.want(want...)
			})
		})
	}
}

func TestCancelDuringPostPing(t *testing.T) {
	inRig(t, func(r *rig) {
		withPostPing(r)
		r.prober.on("one.example", silent)
	}, func(r *rig) { r.until(100 * time.Millisecond) })
}

func TestPanicOfPostPingComesOutOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		withPostPing(r)
		r.prober.on("one.example", func(context.Context, probe.Question) probe.Result { panic("broken") })
		defer func() {
			if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "broken\n") {
				t.Errorf("panic %q", p)
			}
		}()
		_ = New(event.Failover, r.cfg, r.kernel, r.kernel.changes, r.prober, r.events).Run(t.Context())
	})
}
