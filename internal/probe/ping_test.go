package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func newPinger() *Pinger { return NewPinger(NewResolver()) }

// echo is a request whose parts do not matter to the test.
func echo(target string) EchoRequest {
	return EchoRequest{Target: target, Count: 3, Spacing: 10 * time.Millisecond, Wait: 300 * time.Millisecond}
}

func TestPingLoopback(t *testing.T) {
	needRoot(t)
	for _, target := range []string{"127.0.0.1", "127.0.0.77", "::1", "::ffff:127.0.0.1", "localhost"} {
		slow := within(t, 250*time.Millisecond)
		r := newPinger().Ping(t.Context(), echo(target))
		slow()
		if r.Err != nil || r.Sent != 3 || len(r.RTTs) != 3 || !r.Address.IsLoopback() {
			t.Errorf("%s: %+v", target, r)
		}
		if s := r.Stats(); s.Min <= 0 || s.Max > 100*time.Millisecond || s.Loss != 0 {
			t.Errorf("%s: %+v", target, s)
		}
	}
}

func TestPingEndsWithTheLastAnswer(t *testing.T) {
	needRoot(t)
	r := echo("127.0.0.1")
	r.Count, r.Wait = 1, 10*time.Second
	unhurried(t, 200*time.Millisecond, func() {
		for range 10 { // each of them would wait up to 0.1 s for pro-bing's end
			if got := newPinger().Ping(t.Context(), r); !got.Alive() {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestPingLinkLocal(t *testing.T) {
	for i := range 2 { // the second time the same name is another interface
		t.Run(fmt.Sprintf("interface %d", i+1), func(t *testing.T) {
			newPeer(t, "zone0", "fe80::1/64", "fe80::2/64")
			eventually(t, "three answers", func() bool { // IPv6 gets ready later than the link
				r := newPinger().Ping(t.Context(), echo("fe80::2%zone0"))
				return len(r.RTTs) == 3 && r.Address.Zone() == "zone0"
			})
		})
	}
	r := newPinger().Ping(t.Context(), echo("fe80::2%none0"))
	if !errors.Is(r.Err, ErrNoRoute) {
		t.Errorf("with a zone that does not exist: %+v", r)
	}
}

func TestPingLimits(t *testing.T) {
	wild := EchoRequest{Count: -1, Spacing: -1, Wait: 0}.bounded()
	if wild.Count != 1 || wild.Spacing != MinSpacing || wild.Wait != MinSpacing {
		t.Errorf("too small: %+v", wild)
	}
	wild = EchoRequest{Count: 1 << 30, Spacing: 1 << 62, Wait: 1 << 62}.bounded()
	if wild.Count != MaxCount || wild.longest() <= 0 {
		t.Errorf("too large: %+v, longest %v", wild, wild.longest())
	}
}

func TestPingTimes(t *testing.T) {
	newPeer(t, "times0", "10.99.1.1/24", "10.99.1.2/24").silent()
	tests := []struct {
		count               int
		spacing, wait, want time.Duration
	}{
		{1, 0, 100 * time.Millisecond, 100 * time.Millisecond},
		{3, 20 * time.Millisecond, 100 * time.Millisecond, 140 * time.Millisecond},
		{5, time.Microsecond, 60 * time.Millisecond, 100 * time.Millisecond}, // spacing is at least 10 ms
	}
	for _, test := range tests {
		var r Result
		took := unhurried(t, test.want+90*time.Millisecond, func() {
			r = newPinger().Ping(t.Context(), EchoRequest{
				Target: "10.99.1.2", Count: test.count, Spacing: test.spacing, Wait: test.wait,
			})
		})
		if took < test.want {
			t.Errorf("%+v: took only %v", test, took)
		}
		if r.Alive() || r.Err != nil || r.Sent != test.count || r.Stats().Loss != 1 || r.Reason() != "no answer" {
			t.Errorf("%+v: %+v", test, r)
		}
	}
}

func TestPingCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan time.Time, 1)
	newPeer(t, "cancel0", "10.99.1.1/24", "10.99.1.2/24").respond(func(int) reply {
		asked <- time.Now()
		cancel()
		return reply{}
	})
	r := newPinger().Ping(ctx, EchoRequest{Target: "10.99.1.2", Count: 2, Spacing: time.Hour, Wait: time.Hour})
	if took := time.Since(<-asked); took > 80*time.Millisecond {
		t.Errorf("returned %v after the cancel", took)
	}
	if !r.Unknown() || !errors.Is(r.Err, context.Canceled) {
		t.Errorf("%+v", r)
	}
	r = newPinger().Ping(ctx, echo("does-not-matter.example"))
	if !r.Unknown() || r.Address.IsValid() {
		t.Errorf("with an ended context: %+v", r)
	}
}

// TestPingCounts has the other side lose, double and delay answers.
func TestPingCounts(t *testing.T) {
	var mu sync.Mutex
	how := func(int) reply { return reply{times: 1} }
	newPeer(t, "count0", "10.99.1.1/24", "10.99.1.2/24").respond(func(seq int) reply {
		mu.Lock()
		defer mu.Unlock()
		return how(seq)
	})
	late := make(chan struct{})
	defer close(late)
	tests := []struct {
		name string
		how  func(seq int) reply
		want int
	}{
		{"all", func(int) reply { return reply{times: 1} }, 4},
		{"second lost", func(seq int) reply {
			if seq == 1 {
				return reply{}
			}
			return reply{times: 2} // a double must not stand in for the lost one
		}, 3},
		{"doubled", func(int) reply { return reply{times: 3} }, 4},
		{"last one late", func(seq int) reply {
			if seq == 3 {
				<-late
			}
			return reply{times: 1}
		}, 3},
	}
	for _, test := range tests {
		mu.Lock()
		how = test.how
		mu.Unlock()
		r := newPinger().Ping(t.Context(), EchoRequest{Target: "10.99.1.2", Count: 4, Wait: 100 * time.Millisecond})
		if len(r.RTTs) != test.want || r.Sent != 4 || r.Err != nil {
			t.Errorf("%s: %+v, want %d answers", test.name, r, test.want)
		}
	}
}

func TestPingInParallel(t *testing.T) {
	needRoot(t)
	p := newPinger()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			r := p.Ping(t.Context(), EchoRequest{Target: fmt.Sprintf("127.0.1.%d", i+1), Count: 5, Wait: time.Second})
			if len(r.RTTs) != 5 {
				t.Errorf("%+v", r)
			}
		})
	}
	wg.Wait()
}

func TestFault12WaitOf500MillisecondsIsHonoured(t *testing.T) {
	newPeer(t, "wait0", "10.99.1.1/24", "10.99.1.2/24").silent()
	start := time.Now()
	r := newPinger().Ping(t.Context(), EchoRequest{Target: "10.99.1.2", Count: 1, Wait: 500 * time.Millisecond})
	if took := time.Since(start); took < 500*time.Millisecond || took > 800*time.Millisecond || r.Alive() {
		t.Errorf("took %v: %+v", took, r)
	}
}

func TestFault12NoRouteReportsLossOne(t *testing.T) {
	needRoot(t)
	for _, target := range []string{"198.51.100.1", "2001:db8::1"} {
		slow := within(t, 100*time.Millisecond)
		r := newPinger().Ping(t.Context(), echo(target))
		slow()
		if s := r.Stats(); s.Loss != 1 || r.Alive() || r.Unknown() || !errors.Is(r.Err, ErrNoRoute) {
			t.Errorf("%s: %+v, %+v", target, r, s)
		}
		if want := "no route to " + target + ": network is unreachable"; r.Reason() != want {
			t.Errorf("%s: %q, want %q", target, r.Reason(), want)
		}
	}
}

func TestFault08NameThatDoesNotResolveIsAValueInTime(t *testing.T) {
	serveDNS(t, "127.0.0.1:53", nxdomain)
	p := newPinger()
	slow := within(t, 2500*time.Millisecond)
	r := p.Ping(t.Context(), echo("nobody.example"))
	slow()
	if !errors.Is(r.Err, ErrResolve) || r.Address.IsValid() || r.Stats().Loss != 1 || r.Sent != 3 {
		t.Errorf("%+v", r)
	}
	if want := `cannot resolve "nobody.example": no such host`; r.Reason() != want {
		t.Errorf("%q, want %q", r.Reason(), want)
	}
	for _, name := range []string{"", "-", "a b; reboot", strings.Repeat("x", 300)} {
		if r := p.Ping(t.Context(), echo(name)); !errors.Is(r.Err, ErrResolve) {
			t.Errorf("%q: %+v", name, r)
		}
	}
}
