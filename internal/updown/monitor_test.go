package updown

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

// run lets a monitor work for a while in a bubble of its own time.
func run(t *testing.T, long time.Duration, setup func(*config.Updown, *network, *server)) (*record, *network, *server) {
	t.Helper()
	cfg, net, dns, out := settings(), &network{answers: always(yes)}, &server{err: errTimeout}, &record{start: time.Now()}
	setup(&cfg, net, dns)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := New(cfg, net, dns, out).Run(ctx); err != nil {
		t.Errorf("Run returned %v", err)
	}
	return out, net, dns
}

func TestRoundsStayOnTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, net, _ := run(t, 61*time.Second, func(_ *config.Updown, n *network, _ *server) {
			n.took = 300 * time.Millisecond
			n.answers = between(20*time.Second, 42*time.Second, no, yes)
		})
		// At 0, 10, 20 (lost), each second to 42 (back), then every 10 s again.
		if got := len(net.asked); got != 3+22+1 {
			t.Errorf("%d rounds in 61s, want 26", got)
		}
		out.want(t, "300ms initial online", "20.3s offline (no answer; query timed out)", "42.3s online after 22s")
	})
}

func TestShortIntervalIsKeptWhileOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, net, _ := run(t, 1900*time.Millisecond, func(c *config.Updown, n *network, _ *server) {
			c.Interval, n.answers = 500*time.Millisecond, always(no)
		})
		if got := len(net.asked); got != 4 {
			t.Errorf("%d rounds in 1.9s at 0.5s, want 4", got)
		}
	})
}

func TestRoundsNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, net, _ := run(t, 59*time.Second, func(_ *config.Updown, n *network, _ *server) { n.took = 12 * time.Second })
		if got := len(net.asked); got != 3 {
			t.Errorf("%d rounds of 12s started in 59s, want 3 (at 0, 20 and 40s)", got)
		}
	})
}

func TestDNSServerIsAskedOnlyAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, dns := run(t, 35*time.Second, func(_ *config.Updown, n *network, d *server) {
			d.err, n.answers = nil, between(10*time.Second, 20*time.Second, no, yes)
		})
		if want := []string{"www.example at 192.0.2.53"}; !slices.Equal(dns.asked, want) {
			t.Errorf("asked %q, want %q", dns.asked, want)
		}
	})
}

func TestDNSServerIsLeftAlone(t *testing.T) {
	for name, setup := range map[string]func(*config.Updown, *network, *server){
		"without a name":                 func(c *config.Updown, n *network, _ *server) { c.DNSName, n.answers = "", always(no) },
		"when a round could not be made": func(_ *config.Updown, n *network, _ *server) { n.answers = always(forbidden) },
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, _, dns := run(t, 5*time.Second, setup); len(dns.asked) > 0 {
				t.Errorf("%s: asked %q", name, dns.asked)
			}
		})
	}
}

func TestSecondariesFollowTheTransitionInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, net, _ := run(t, 15*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.Secondaries = []string{"a.example", "b.example"}
			n.took = 2 * time.Second
			n.answers = func(target string) probe.Result {
				return map[string]probe.Result{"192.0.2.1": yes, "a.example": yes, "b.example": no}[target]
			}
		})
		out.want(t, "2s initial online", "4s secondary online", "4s secondary offline (no answer)")
		if out.events[1].Target != "a.example" || out.events[2].Target != "b.example" {
			t.Errorf("secondaries are not in the configured order: %v", out.events)
		}
		if len(net.asked) != 4 {
			t.Errorf("%d rounds, want those of the target at 0 and 10s and one for each secondary", len(net.asked))
		}
	})
}

func TestSecondariesDelayTheTargetByOneRoundAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, _ := run(t, 30*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.Secondaries, n.took = []string{"a", "b", "c", "d", "e"}, 1100*time.Millisecond
			n.answers = between(10*time.Second, 12*time.Second, no, yes)
		})
		// Silent in the round at 10 s; the round of the secondaries ends at 12.2 s; next point of the grid: 13 s.
		if last := out.at[len(out.at)-6]; out.events[len(out.at)-6].Kind != event.UpdownOnline || last != 14100*time.Millisecond {
			t.Errorf("got %q", out.lines())
		}
	})
}

func TestSecondaryThatCouldNotBeAskedIsNotCalledOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, _ := run(t, 5*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.Secondaries = []string{"a.example"}
			n.answers = func(target string) probe.Result {
				return map[string]probe.Result{"192.0.2.1": yes, "a.example": forbidden}[target]
			}
		})
		last := out.events[len(out.events)-1]
		if last.Kind != event.Message || last.Severity != event.Error || last.Text != "Secondary IP a.example not checked: cannot probe" {
			t.Errorf("got %+v", last)
		}
	})
}

func TestEventsCarryMonitorAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, _ := run(t, time.Second, func(*config.Updown, *network, *server) {})
		if e := out.events[0]; e.Monitor != event.Updown || !e.Time.Equal(out.start) || e.Target != "192.0.2.1" {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRoundThatIsCancelledSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, _ := run(t, 15*time.Second, func(_ *config.Updown, n *network, _ *server) { n.took = time.Hour })
		out.want(t)
		out, _, _ = run(t, 3*time.Second, func(c *config.Updown, n *network, _ *server) {
			c.Secondaries, n.took = []string{"a.example"}, 2*time.Second
		})
		out.want(t, "2s initial online")
	})
}

func TestPanicInASecondaryReachesTheCallerOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, out := settings(), &record{start: time.Now()}
		cfg.Secondaries = []string{"a.example"}
		net := &network{answers: func(target string) probe.Result {
			if target == "a.example" {
				panic("out of cheese")
			}
			return yes
		}}
		m := New(cfg, net, &server{}, out)
		if text := caught(func() { _ = m.Run(t.Context()) }); !strings.Contains(text, "out of cheese") || !strings.Contains(text, "monitor_test.go") {
			t.Errorf("caught %q, want the panic with its stack", text)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := m.Run(ctx); err != nil {
			t.Error(err)
		}
		out.want(t, "0s initial online") // not told again by the second Run
	})
}

func caught(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return ""
}

func TestCheckAndTheResultOfEachRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, out := &network{answers: between(20*time.Second, 30*time.Second, no, yes)}, &record{start: time.Now()}
		m := New(settings(), net, &server{err: errTimeout}, out)
		time.AfterFunc(12*time.Second, m.Check)
		ctx, cancel := context.WithTimeout(t.Context(), 20500*time.Millisecond)
		defer cancel()
		if err := m.Run(ctx); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if len(out.results) != 4 { // at 0, 10, 12, 20
			t.Fatalf("%d results, want 4", len(out.results))
		}
		if e := out.results[2]; !e.Online || e.Round.Received != 2 || e.Round.Avg != time.Millisecond || e.Target != "192.0.2.1" || e.Text != "" {
			t.Errorf("answered: %+v", e)
		}
		if e := out.results[3]; e.Online || e.Round.Sent != 2 || e.Round.Loss != 1 || e.Text != "no answer" || e.Monitor != event.Updown || e.Time.IsZero() {
			t.Errorf("silent: %+v", e)
		}
	})
}
