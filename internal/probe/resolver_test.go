package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world is a fake name service with a fake clock around it.
type world struct {
	mu    sync.Mutex
	asked []question
	knows map[question]string // an address; "" is a failure, "silent" no answer at all
	takes time.Duration
}

func (w *world) ask(ctx context.Context, name string, path Path) ([]netip.Addr, error) {
	w.mu.Lock()
	w.asked = append(w.asked, question{name, path})
	known, takes := w.knows[question{name, path}], w.takes
	w.mu.Unlock()
	if known == "silent" {
		<-ctx.Done()
		return nil, fmt.Errorf("%w %q: no answer", ErrResolve, name)
	}
	time.Sleep(takes)
	if known == "" {
		return nil, fmt.Errorf("%w %q: no such host", ErrResolve, name)
	}
	return []netip.Addr{addr(known)}, nil
}

func (w *world) learn(name string, path Path, answer string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.knows[question{name, path}] = answer
}

func (w *world) times() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// inWorld runs f with a resolver that asks a world.
func inWorld(t *testing.T, f func(t *testing.T, w *world, r *Resolver)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{knows: make(map[question]string)}
		f(t, w, newResolver(w.ask))
		time.Sleep(lookupTime) // a look-up goes on, for others, until then
	})
}

// want looks name up and compares the address ("" for ErrResolve) and the time.
func want(t *testing.T, r *Resolver, name string, path Path, address string, took time.Duration) {
	t.Helper()
	start := time.Now()
	got, err := r.Lookup(t.Context(), name, path)
	if time.Since(start) != took {
		t.Errorf("%s took %v, want %v", name, time.Since(start), took)
	}
	switch {
	case address == "" && !errors.Is(err, ErrResolve):
		t.Errorf("%s: %v, %v; want ErrResolve", name, got, err)
	case address != "" && (err != nil || got.String() != address):
		t.Errorf("%s: %v, %v; want %s", name, got, err, address)
	}
}

func TestLookupOfAnAddressAsksNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		for in, out := range map[string]string{
			"192.0.2.1": "192.0.2.1", "::1": "::1", "fe80::1%eth0": "fe80::1%eth0", "::ffff:192.0.2.1": "192.0.2.1",
		} {
			want(t, r, in, Path{}, out, 0)
		}
		if w.times() != 0 {
			t.Errorf("asked %v", w.asked)
		}
	})
}

func TestLookupRemembersFor60Seconds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.takes = 30 * time.Millisecond
		w.learn("a.example", Path{}, "192.0.2.1")
		want(t, r, "a.example", Path{}, "192.0.2.1", 30*time.Millisecond)
		w.learn("a.example", Path{}, "192.0.2.2")
		time.Sleep(59 * time.Second)
		want(t, r, "A.Example", Path{}, "192.0.2.1", 0)
		time.Sleep(time.Second)
		want(t, r, "a.example", Path{}, "192.0.2.2", 30*time.Millisecond)
		if w.times() != 2 {
			t.Errorf("asked %d times", w.times())
		}
	})
}

func TestLookupKeepsTheLastKnownAddress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.learn("a.example", Path{}, "192.0.2.1")
		want(t, r, "a.example", Path{}, "192.0.2.1", 0)
		time.Sleep(time.Minute)
		w.learn("a.example", Path{}, "")
		want(t, r, "a.example", Path{}, "192.0.2.1", 0)
		time.Sleep(failureLife)
		w.learn("a.example", Path{}, "silent")
		want(t, r, "a.example", Path{}, "192.0.2.1", refreshWait)
		time.Sleep(lookupTime + failureLife)
		w.learn("a.example", Path{}, "192.0.2.9")
		want(t, r, "a.example", Path{}, "192.0.2.9", 0)
	})
}

func TestLookupOfAFailingNameAsksSeldom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		for range 100 { // 10 s of rounds
			want(t, r, "b.example", Path{}, "", 0)
			time.Sleep(100 * time.Millisecond)
		}
		if w.times() != 2 {
			t.Errorf("asked %d times in 10s", w.times())
		}
	})
}

func TestFault08SilentNameServerHoldsUpOneRoundOnly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.learn("c.example", Path{}, "silent")
		want(t, r, "c.example", Path{}, "", lookupTime)
		want(t, r, "c.example", Path{}, "", 0)
		time.Sleep(failureLife)
		want(t, r, "c.example", Path{}, "", refreshWait)
	})
}

func TestLookupIsShared(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.takes = time.Second
		w.learn("a.example", Path{}, "192.0.2.1")
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { want(t, r, "a.example", Path{}, "192.0.2.1", time.Second) })
		}
		wg.Wait()
		if w.times() != 1 {
			t.Errorf("asked %d times", w.times())
		}
	})
}

func TestLookupByPathWhenTheSystemFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		one, two := Path{addr("192.0.2.7"), "wan1"}, Path{addr("198.51.100.7"), "wan2"}
		w.learn("a.example", two, "192.0.2.1")
		want(t, r, "a.example", one, "", 0)
		want(t, r, "a.example", two, "192.0.2.1", 0) // the failure of one is not that of two
		want(t, r, "a.example", Path{}, "", 0)
		expected := []question{{"a.example", Path{}}, {"a.example", one}, {"a.example", two}}
		if !slices.Equal(w.asked, expected) {
			t.Errorf("asked %v, want %v", w.asked, expected)
		}
		w.learn("a.example", Path{}, "192.0.2.3")
		time.Sleep(failureLife)
		want(t, r, "a.example", one, "192.0.2.3", 0)
		if w.times() != 4 {
			t.Errorf("asked by a path although the system answered: %v", w.asked)
		}
	})
}

func TestLookupEndsWithItsContext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.learn("c.example", Path{}, "silent")
		ctx, cancel := context.WithTimeout(t.Context(), 70*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := r.Lookup(ctx, "c.example", Path{addr("192.0.2.7"), "wan1"})
		if took := time.Since(start); took != 70*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("took %v: %v", took, err)
		}
	})
}

func TestLookupForgetsTheOldestName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		for i := range 3 * maxNames {
			name := fmt.Sprintf("n%d.example", i)
			w.learn(name, Path{}, "192.0.2.1")
			want(t, r, name, Path{}, "192.0.2.1", 0)
			want(t, r, "n0.example", Path{}, "192.0.2.1", 0)
			time.Sleep(time.Millisecond)
		}
		if len(r.names) != maxNames || w.times() != 3*maxNames {
			t.Errorf("%d names, asked %d times", len(r.names), w.times())
		}
	})
}

func TestFirst(t *testing.T) {
	four, six := addr("192.0.2.1"), addr("2001:db8::1")
	for _, test := range []struct {
		from   []netip.Addr
		family Family
		want   netip.Addr
	}{
		{[]netip.Addr{six, four}, Any, four},
		{[]netip.Addr{six, four}, IPv6, six},
		{[]netip.Addr{six, four}, IPv4, four},
		{[]netip.Addr{six}, Any, six},
		{[]netip.Addr{six}, IPv4, netip.Addr{}},
	} {
		if got, ok := first(test.from, test.family); got != test.want || ok != test.want.IsValid() {
			t.Errorf("%v of %v: %v", test.family, test.from, got)
		}
	}
}

// The first uplink cannot resolve, the second one can: the first one's target is
// known all the same, or its dead provider would never be noticed.
func TestLookupTakesWhatAnotherPathFound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		one, two := Path{Source: addr("192.0.2.1")}, Path{Source: addr("198.51.100.1")}
		w.learn("a.example", two, "203.0.113.7")
		want(t, r, "a.example", one, "", 0)
		want(t, r, "a.example", two, "203.0.113.7", 0)
		want(t, r, "a.example", one, "203.0.113.7", 0)
		want(t, r, "b.example", one, "", 0)
	})
}

func TestLookupFromAPathKeepsToItsFamily(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world, r *Resolver) {
		w.learn("six.example", Path{}, "2001:db8::7")
		want(t, r, "six.example", Path{}, "2001:db8::7", 0)
		want(t, r, "six.example", Path{Source: addr("192.0.2.1")}, "", 0)
		want(t, r, "six.example", Path{Source: addr("2001:db8::1")}, "2001:db8::7", 0)
	})
}

func TestPanicOfALookupIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResolver(func(context.Context, string, Path) ([]netip.Addr, error) { panic("no luck") })
		_, err := r.Lookup(t.Context(), "a.example", Path{})
		if want := `cannot resolve "a.example": panic: no luck`; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		synctest.Wait()
	})
}
