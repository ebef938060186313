package ddns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/uplink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// web is an Asker: says tells what a provider answers, "" for none.
type web struct {
	start time.Time
	took  time.Duration
	says  func(url string) string
	asked []string
	at    []time.Duration
}

func (w *web) Address(ctx context.Context, s Source, _ probe.Path) (netip.Addr, error) {
	url := s.Target
	w.asked, w.at = append(w.asked, url), append(w.at, time.Since(w.start))
	select {
	case <-ctx.Done():
		return netip.Addr{}, ctx.Err()
	case <-time.After(w.took):
	}
	if name := w.says(url); name != "" {
		return addresses[name], nil
	}
	return netip.Addr{}, timeout(host(url))
}

// machine is a Machine that shows always the same, or what sights says.
type machine struct {
	sights  func() []Sight
	changes chan struct{}
}

func (m machine) Watch(context.Context) <-chan struct{} { return m.changes }
func (m machine) Look() []Sight {
	if m.sights == nil {
		return []Sight{{}}
	}
	return m.sights()
}

// newMonitor is a monitor of providers that are asked every ten seconds.
func newMonitor(asker Asker, to event.Publisher, providers ...string) *Monitor {
	return newDebugMonitor(false, asker, to, providers...)
}

func newDebugMonitor(debug bool, asker Asker, to event.Publisher, providers ...string) *Monitor {
	cfg := config.DDNS{Rounds: config.Rounds{Interval: 10 * time.Second}, LookupInterval: 10 * time.Second, Providers: providers,
		Sources: []string{config.SourceInterface, config.SourceHTTP}}
	return New(event.DDNS, cfg, debug, Sources(cfg, nil), machine{}, asker, to)
}

// after makes the monitor begin with the source after the last one.
func (m *Monitor) after(last int) *Monitor {
	m.line(Sight{}).state = begin(m.rules, last)
	return m
}

// always makes every provider say the same.
func always(name string) func(string) string { return func(string) string { return name } }

// record is a Publisher that keeps what it gets.
type record struct{ events, results []event.Event }

func (r *record) Publish(e event.Event) {
	if e.Kind == event.DDNSResult {
		r.results = append(r.results, e)
		return
	}
	r.events = append(r.events, e)
}

func (r *record) want(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, e := range r.events {
		got = append(got, describeEvent(e))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// run lets a monitor of providers a, b, c and d, which begins with a, work for a
// while in a bubble of its own time.
func run(t *testing.T, long time.Duration, w *web) *record {
	t.Helper()
	out := &record{}
	m := newMonitor(w, out, "http://a/ip", "http://b/ip", "http://c/ip", "http://d/ip").after(3)
	w.start = time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := m.Run(ctx); err != nil {
		t.Errorf("Run returned %v", err)
	}
	return out
}

func TestPollsStayOnTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{took: 300 * time.Millisecond, says: always("X")}
		run(t, 35*time.Second, w).want(t, "update unknown to X by a")
		want := []time.Duration{0, 300 * time.Millisecond, 10 * time.Second, 20 * time.Second, 30 * time.Second}
		if !slices.Equal(w.at, want) {
			t.Errorf("asked at %v, want %v", w.at, want)
		}
	})
}

func TestFailedPollsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{says: always("")}
		run(t, 200*time.Second, w)
		want := []time.Duration{0, 20 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute}
		if got := slices.Compact(w.at); !slices.Equal(got, want) {
			t.Errorf("polled at %v, want %v", got, want)
		}
	})
}

func TestLongIntervalIsNeitherDoubledNorShortened(t *testing.T) {
	r := rulesFor("a")
	r.interval = time.Hour
	s, _ := step(r, begin(r, 0), input{tick: true})
	for range 3 {
		if s, _ = step(r, s, input{answered: true, err: timeout("a")}); s.due-s.begun != time.Hour {
			t.Errorf("next poll after %v, want 1h", s.due-s.begun)
		}
		s, _ = step(r, s, input{tick: true, now: s.due})
	}
}

func TestPollThatIsCancelledSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{took: time.Hour, says: always("X")}
		run(t, time.Minute, w).want(t)
		if len(w.asked) != 1 {
			t.Errorf("asked %q although the first poll did not end", w.asked)
		}
	})
}

func TestEventsCarryMonitorAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{took: time.Second, says: always("X")}
		e := run(t, 5*time.Second, w).events[0]
		if e.Monitor != event.DDNS || !e.Time.Equal(w.start.Add(2*time.Second)) {
			t.Errorf("got %+v", e)
		}
	})
}

func TestDebugWalksThroughFakeAddressesAndAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, w := &record{}, &web{says: always("X")}
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		if err := newDebugMonitor(true, w, out, "http://a/ip").Run(ctx); err != nil {
			t.Error(err)
		}
		var got []string
		for _, e := range out.events {
			got = append(got, e.Address.String())
		}
		want := []string{"192.168.14.1", "172.16.12.2", "10.1.10.3", "192.168.14.4", "192.168.14.1"}
		if !slices.Equal(got, want) || len(w.asked) > 0 {
			t.Errorf("got %q, want %q, asked %q", got, want, w.asked)
		}
		if out.events[0].OldAddress.IsValid() || out.events[1].OldAddress != out.events[0].Address {
			t.Errorf("wrong old addresses: %+v", out.events)
		}
	})
}

func TestNewStartsAnywhere(t *testing.T) {
	first := map[int]bool{}
	for range 200 {
		m := newMonitor(nil, nil, "a", "b", "c")
		first[m.line(Sight{}).next(m.rules, 0)] = true
	}
	if len(first) != 3 {
		t.Errorf("200 monitors of three providers began with %v only", first)
	}
}

func TestNoProviderAtAllIsAFailedPoll(t *testing.T) {
	r := rulesFor()
	_, out := step(r, begin(r, 0), input{tick: true})
	if out.ask != nobody || len(out.events) != 1 || out.events[0].Kind != event.DDNSNoUpdate {
		t.Errorf("got %+v", out)
	}
}

func TestHost(t *testing.T) {
	for url, want := range map[string]string{
		"http://icanhazip.com/":          "icanhazip.com",
		"https://ipinfo.io/ip":           "ipinfo.io",
		"http://203.0.113.80:8080/plain": "203.0.113.80:8080",
		"ident.me/":                      "ident.me/",
		"http://%zz/":                    "http://%zz/",
	} {
		if got := host(url); got != want {
			t.Errorf("host(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestResultOfEachPollAndCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, w := &record{}, &web{start: time.Now()}
		w.says = func(string) string {
			if time.Since(w.start) > 5*time.Second {
				return ""
			}
			return "X"
		}
		m := newMonitor(w, out, "http://a/ip")
		time.AfterFunc(time.Second, m.Check)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := m.Run(ctx); err != nil || len(out.results) != 4 {
			t.Fatalf("results %+v (%v), want those of 0, 1 (a check), 10 (a look) and 11 s", out.results, err)
		}
		if e := out.results[1]; !e.Online || e.Address != addresses["X"] || e.Source != "a" || e.Monitor != event.DDNS {
			t.Errorf("settled: %+v", e)
		}
		if e := out.results[3]; e.Online || e.Address.IsValid() || e.Text == "" {
			t.Errorf("failed: %+v", e)
		}
	})
}

// newDefault is a monitor as a file that says nothing wants it, with two questions by
// DNS and two web servers.
func newDefault(asker Asker, to event.Publisher, m Machine) *Monitor {
	cfg := config.DDNS{Rounds: config.Rounds{Interval: 10 * time.Second}, Providers: []string{"https://c/", "https://d/"},
		Sources: []string{config.SourceInterface, config.SourceDNS, config.SourceHTTP}}
	return New(event.DDNS, cfg, false, Sources(cfg, []string{"dns-a", "dns-b"}), m, asker, to)
}

// day counts the questions of a day by DNS and by HTTP.
func day(t *testing.T, says func(string) string, m Machine) (dns, http int) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{start: time.Now(), took: 20 * time.Millisecond, says: says}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if err := newDefault(w, &record{}, m).Run(ctx); err != nil {
			t.Error(err)
		}
		for _, target := range w.asked {
			if strings.HasPrefix(target, "http") {
				http++
			} else {
				dns++
			}
		}
	})
	return dns, http
}

// While nothing happens, name servers get a question a minute, or web servers one each
// five minutes where nobody answers by DNS, and nobody any from a machine that has the
// address itself.
func TestQuestionsOfADay(t *testing.T) {
	if dns, http := day(t, always("X"), machine{}); dns < 1430 || dns > 1440 || http != 2 {
		t.Errorf("%d by DNS, %d by HTTP; want 1440 and the two that confirm the first answer", dns, http)
	}
	blocked := func(target string) string {
		if strings.HasPrefix(target, "http") {
			return "X"
		}
		return ""
	}
	if dns, http := day(t, blocked, machine{}); dns > 2*288 || http > 290 {
		t.Errorf("%d by DNS, %d by HTTP; want 576 and 289 at most", dns, http)
	}
	if dns, http := day(t, always(""), machine{}); dns > 3*1450 || http > 3*300 {
		t.Errorf("%d by DNS, %d by HTTP in a day without answers", dns, http)
	}
	own := machine{sights: func() []Sight { return []Sight{{Way: uplink.Way{Own: netip.MustParseAddr("9.9.9.9"), Device: "eth1"}}} }}
	if dns, http := day(t, always("Y"), own); dns+http != 0 {
		t.Errorf("%d by DNS, %d by HTTP although the machine has the address itself", dns, http)
	}
}

// Routes that flap do not make a flood: ten polls at once, then one each ten seconds.
func TestEventsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, turn := machine{changes: make(chan struct{})}, 0
		m.sights = func() []Sight {
			turn++
			return []Sight{{Way: uplink.Way{Source: addresses["X"].Next(), Device: fmt.Sprint("eth", turn)}}}
		}
		w := &web{start: time.Now(), says: always("X")}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() {
			for range 590 {
				time.Sleep(100 * time.Millisecond)
				select {
				case m.changes <- struct{}{}:
				case <-ctx.Done():
				}
			}
		}()
		if err := newDefault(w, &record{}, m).Run(ctx); err != nil {
			t.Error(err)
		}
		if n := len(w.asked); n < 11 || n > 17 {
			t.Errorf("%d questions in a minute of flapping routes, want some 15", n)
		}
	})
}

// A wish while a poll is under way gets that one, unless the way has changed.
func TestWishDuringAPoll(t *testing.T) {
	r := rulesFor("a", "b")
	s, _ := step(r, begin(r, 0), input{now: 1, tick: true})
	if _, out := step(r, s, input{now: 2, nudge: true}); out.cancel || out.ask != nobody {
		t.Errorf("the same way: %+v", out)
	}
	if _, out := step(r, s, input{now: 2, nudge: true, way: uplink.Way{Device: "eth2"}}); !out.cancel || out.ask == nobody {
		t.Errorf("another way: %+v", out)
	}
}

// After routes that flapped, a change that no route shows is found out when it is in any case, and
// the next one that a route shows at once: what flapped has cost what it got, and no more.
func TestFlappingDoesNotPutPollsOff(t *testing.T) {
	r := rulesFor("a", "b", "c")
	s, now, polls := begin(r, 0), time.Duration(1), 0
	look := func(way string) {
		var out outcome
		s, out = step(r, s, input{now: now, way: uplink.Way{Device: way}})
		for begun := out.ask != nobody; out.ask != nobody; begun = false {
			if begun {
				polls++
			}
			s, out = step(r, s, input{now: now, answered: true, address: addresses["X"]})
		}
	}
	for i := range 40 { // in 20 s
		look(fmt.Sprint("eth", i%2))
		now += 500 * time.Millisecond
	}
	if polls < 10 || polls > 13 {
		t.Errorf("%d polls while it flaps, want ten at once and then one each 10 s", polls)
	}
	polls = 0
	for end := now + r.lookup; now <= end; now += 100 * time.Millisecond {
		look("eth1")
	}
	if polls == 0 {
		t.Errorf("nobody was asked for %v after it", r.lookup)
	}
	now += 2 * burst * earn
	look("eth1")
	polls = 0
	look("eth0")
	if polls != 1 {
		t.Error("a change long after it is not found out at once")
	}
}
