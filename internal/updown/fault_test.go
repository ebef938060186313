package updown

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// A host name that does not resolve killed the monitor's thread.
func TestFault08NameThatDoesNotResolveIsAnOutageAndNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, net, _ := run(t, 30*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.DNSServer = ""
			n.answers = between(10*time.Second, 15*time.Second, nameless, yes)
		})
		out.want(t, "0s initial online", "10s offline (cannot resolve)", "15s online after 5s")
		if len(net.asked) != 8 {
			t.Errorf("%d rounds, want 8: at 0, 10 to 15 and 25s", len(net.asked))
		}
	})
}

// Durations were by wall clock: an NTP step gave negative or 50-year outages.
func TestFault11WallClockJumpDoesNotTouchTheOutage(t *testing.T) {
	for _, jump := range []time.Duration{50 * 365 * 24 * time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			out := &record{start: time.Now()}
			net := &network{answers: between(10*time.Second, 20*time.Second, no, yes)}
			m := New(settings(), net, &server{err: errTimeout}, out)
			m.wall = func() time.Time {
				now := time.Now().Round(0) // without the monotonic reading
				if time.Since(out.start) > 15*time.Second {
					return now.Add(jump)
				}
				return now
			}
			go func() { _ = m.Run(t.Context()) }()
			time.Sleep(25 * time.Second)
			synctest.Wait()
			out.want(t, "0s initial online", "10s offline (no answer; query timed out)", "20s online after 10s")
			if got := out.events[2].Time.Sub(out.events[1].Time); got != jump+10*time.Second {
				t.Errorf("the wall clock moved by %v between the events: the test did not make it jump", got)
			}
		})
	}
}

// One secondary that does not resolve lost all the others.
func TestFault12SecondaryThatDoesNotResolveLosesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, _ := run(t, 5*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.Secondaries = []string{"a.example", "typo.example", "b.example"}
			n.answers = func(target string) probe.Result {
				return map[string]probe.Result{"192.0.2.1": yes, "a.example": yes, "typo.example": nameless, "b.example": yes}[target]
			}
		})
		out.want(t, "0s initial online", "0s secondary online", "0s secondary offline (cannot resolve)", "0s secondary online")
		if out.events[2].Target != "typo.example" {
			t.Errorf("%+v: want typo.example", out.events[2])
		}
	})
}

// A wait of 0.5 s became 0.
func TestFault12WaitIsPassedOnAsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, net, _ := run(t, 5*time.Second, func(c *config.Updown, _ *network, _ *server) {
			c.Wait, c.Count, c.Secondaries = 500*time.Millisecond, 3, []string{"a.example"}
		})
		for _, target := range []string{"192.0.2.1", "a.example"} {
			want := probe.EchoRequest{Target: target, Count: 3, Spacing: 200 * time.Millisecond, Wait: 500 * time.Millisecond}
			if net.asked[0] != want {
				t.Errorf("asked %+v, want %+v", net.asked[0], want)
			}
			net.asked = net.asked[1:]
		}
	})
}
