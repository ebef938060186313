package ping

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network is a Pinger that gives the answers in turn, the last one for ever.
type network struct {
	took    time.Duration
	answers []probe.Result
	asked   []probe.EchoRequest
}

func (n *network) Ping(ctx context.Context, r probe.EchoRequest) probe.Result {
	n.asked = append(n.asked, r)
	select {
	case <-ctx.Done():
		return failed(ctx.Err())
	case <-time.After(n.took):
		return n.answers[min(len(n.asked), len(n.answers))-1]
	}
}

// record is a Publisher that keeps what it gets.
type record struct{ events []event.Event }

func (r *record) Publish(e event.Event) { r.events = append(r.events, e) }

// run lets a monitor work for a while in a bubble of its own time.
func run(t *testing.T, long time.Duration, net *network, rounds config.Rounds) *record {
	t.Helper()
	out := &record{}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := New(config.Ping{Rounds: rounds, Target: "a.example"}, net, out).Run(ctx); err != nil {
		t.Errorf("Run returned %v", err)
	}
	return out
}

func every(interval time.Duration) config.Rounds {
	return config.Rounds{Enable: true, Interval: interval, Count: 2, Wait: time.Second}
}

func TestRoundsStayOnTheGrid(t *testing.T) {
	for _, c := range []struct {
		took   time.Duration
		rounds int
	}{{0, 6}, {300 * ms, 6}, {time.Second, 5}, {1200 * ms, 3}, {time.Hour, 0}} {
		synctest.Test(t, func(t *testing.T) {
			out := run(t, 5500*ms, &network{took: c.took, answers: []probe.Result{answered}}, every(time.Second))
			if len(out.events) != c.rounds {
				t.Errorf("%d rounds of %v were told in 5.5s, want %d", len(out.events), c.took, c.rounds)
			}
		})
	}
}

func TestEventsCarryMonitorAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := run(t, 3*time.Second, &network{took: time.Second, answers: []probe.Result{answered}}, every(10*time.Second))
		e := out.events[0]
		if e.Monitor != event.Ping || e.Target != "a.example" || !e.Time.Equal(start.Add(time.Second)) {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRunGoesOnWithWhatItKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &record{}
		m := New(config.Ping{Rounds: every(time.Second), Target: "a.example"}, &network{answers: []probe.Result{local}}, out)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 1500*ms)
			if err := m.Run(ctx); err != nil {
				t.Error(err)
			}
			cancel()
		}
		if len(out.events) != 1 {
			t.Errorf("got %+v, want one line for the whole episode", out.events)
		}
	})
}

// A host name that does not resolve killed the monitor's thread.
func TestFault08NameThatDoesNotResolveIsAResultAndNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := run(t, 3500*ms, &network{answers: []probe.Result{answered, nameless, nameless, answered}}, every(time.Second))
		want := []string{
			"a.example alive true loss 0.00 ",
			`4 Ping target a.example: cannot resolve "a.example": no such host`,
			`a.example alive false loss 1.00 cannot resolve "a.example": no such host`,
			`a.example alive false loss 1.00 cannot resolve "a.example": no such host`,
			"a.example alive true loss 0.00 ",
		}
		if len(out.events) != len(want) {
			t.Fatalf("got %+v", out.events)
		}
		for i, e := range out.events {
			if got := describe(e); got != want[i] {
				t.Errorf("event %d: got %q, want %q", i+1, got, want[i])
			}
		}
	})
}

// No route to the host was reported as 0 % loss.
func TestFault12NoRouteIsAllLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := run(t, 500*ms, &network{answers: []probe.Result{routless}}, every(time.Second))
		e := out.events[len(out.events)-1]
		if e.Kind != event.PingResult || e.Round.Alive() || e.Round.Loss != 1 || e.Text != "no route" {
			t.Errorf("got %+v, want loss 1 and the reason", e)
		}
	})
}

// A wait of 0.5 s became 0.
func TestFault12WaitIsPassedOnAsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &network{answers: []probe.Result{answered}}
		run(t, 100*ms, net, config.Rounds{Interval: 500 * ms, Count: 5, Wait: 500 * ms})
		want := probe.EchoRequest{Target: "a.example", Count: 5, Spacing: 50 * ms, Wait: 500 * ms}
		if net.asked[0] != want {
			t.Errorf("asked %+v, want %+v", net.asked[0], want)
		}
	})
}

func TestCheckStartsARoundNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, out := &network{answers: []probe.Result{answered}}, &record{}
		m := New(config.Ping{Rounds: every(10 * time.Second), Target: "a.example"}, net, out)
		time.AfterFunc(time.Second, m.Check)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := m.Run(ctx); err != nil || len(out.events) != 3 {
			t.Errorf("%d rounds (%v), want those at 0, 1 and 10 s", len(out.events), err)
		}
	})
}

// Several targets are asked at the same time, each in every round, and each has troubles and a
// quality of its own.
func TestSeveralTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &record{}
		cfg := config.Ping{Rounds: every(time.Second), Target: "a", Further: []string{"b", "c"}, Quality: config.Quality{Window: time.Minute, FailureLoss: 0.5}}
		net := &several{answers: map[string]probe.Result{"a": answered, "b": silent, "c": nameless}}
		ctx, cancel := context.WithTimeout(t.Context(), 9700*ms)
		defer cancel()
		if err := New(cfg, net, out).Run(ctx); err != nil {
			t.Error(err)
		}
		var order string
		for _, e := range out.events {
			switch e.Kind {
			case event.PingResult:
				order += e.Target
			default:
				order += "[" + string(e.Kind) + " " + e.Target + "]"
			}
		}
		if want := "ab[message ]cabcabcabcab[ping-degraded b]c[ping-degraded c]abcabcabcabcabc"; order != want {
			t.Errorf("%s, want %s", order, want)
		}
	})
}

// several answers each target in its way, after half a second.
type several struct{ answers map[string]probe.Result }

func (s *several) Ping(ctx context.Context, r probe.EchoRequest) probe.Result {
	select {
	case <-ctx.Done():
		return failed(ctx.Err())
	case <-time.After(500 * ms):
		return s.answers[r.Target]
	}
}

// A fault in the question to one target ends the round in Run's own goroutine.
func TestPanicOfOneTarget(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it is lost")
		}
	}()
	_ = New(config.Ping{Rounds: every(time.Second), Target: "a", Further: []string{"b"}}, bomb{}, &record{}).Run(t.Context())
}

type bomb struct{}

func (bomb) Ping(_ context.Context, r probe.EchoRequest) probe.Result {
	if r.Target == "b" {
		panic("boom")
	}
	return answered
}
