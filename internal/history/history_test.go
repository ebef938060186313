package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/ejgeiger/imon/internal/event"
)

const ms = time.Millisecond

// round is what the answers amount to.
func round(sent int, rtts ...time.Duration) event.Round {
	r := event.Round{Sent: sent, Received: len(rtts), RTTs: rtts, Loss: float64(sent-len(rtts)) / float64(sent)}
	if len(rtts) > 0 {
		r.Min, r.Max = slices.Min(rtts), slices.Max(rtts)
		for _, d := range rtts {
			r.Avg += d / time.Duration(len(rtts))
		}
	}
	return r
}

// pinged is a result of the ping monitor.
func pinged(target string, r event.Round) event.Event {
	return event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: target, Round: r}
}

// read is what s writes.
func read(t *testing.T, s *Store, q Query) Document {
	t.Helper()
	var text bytes.Buffer
	if err := s.Write(&text, q); err != nil {
		t.Fatal(err)
	}
	var d Document
	if err := json.Unmarshal(text.Bytes(), &d); err != nil {
		t.Fatalf("%v: %s", err, text.String())
	}
	return d
}

func TestShort(t *testing.T) {
	for _, d := range []time.Duration{0, 64, 1000, 50 * time.Microsecond, 131 * time.Microsecond, ms, 12345678, time.Second, 137 * time.Second} {
		got := shorten(d).duration()
		if off := math.Abs(float64(got - d)); off > max(64, 0.001*float64(d)) {
			t.Errorf("%v is kept as %v", d, got)
		}
	}
	if got := shorten(time.Hour).duration(); got < 137*time.Second || got > 138*time.Second {
		t.Errorf("an hour is kept as %v", got)
	}
	if shorten(-1) != 0 {
		t.Error("less than nothing is something")
	}
	for s := range short(1<<16 - 1) { // of those that shorten returns none is out of order or changed by being kept again
		if d := s.duration(); shorten(d) == s && shorten(d+d/500+64) < s {
			t.Fatalf("%d is out of order", s)
		}
	}
}

func TestHistogramIsWithinThreePerCent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h histogram
	var all []time.Duration
	for range 10000 {
		d := time.Duration(math.Exp(random.NormFloat64()) * float64(20*ms))
		h.add(d)
		all = append(all, d)
	}
	for _, p := range []float64{0.01, 0.5, 0.95, 1} {
		got, want := h.percentile(p), percentile(all, p)
		if off := math.Abs(float64(got-want)) / float64(want); off > 0.032 {
			t.Errorf("p%v: %v, want %v", 100*p, got, want)
		}
	}
	h = histogram{}
	if h.percentile(0.5) != 0 {
		t.Error("a percentile of nothing")
	}
	h.add(time.Hour) // fits
}

func TestPercentileByNearestRank(t *testing.T) {
	all := []time.Duration{50, 15, 35, 20, 40}
	for p, want := range map[float64]time.Duration{0.05: 15, 0.3: 20, 0.4: 20, 0.5: 35, 1: 50} {
		if got := percentile(all, p); got != want {
			t.Errorf("%v: %d, want %d", p, got, want)
		}
	}
}

// Rounds, the minute and the hour say the same in their ways; what was lost has no times.
func TestThreeResolutions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("main")
		for i := range 121 { // two minutes and one round
			r := round(2, 10*ms, 20*ms)
			if i >= 60 {
				r = round(2, 40*ms)
			}
			if i == 120 {
				r = round(2)
			}
			s.Publish(pinged("1.1.1.1", r))
			time.Sleep(time.Second)
		}
		d := read(t, s, Query{Resolution: Round})
		if len(d.Series) != 1 || d.Series[0].Target != "1.1.1.1" || len(d.Series[0].Age) != 121 || d.Instance != "main" || d.Span != 0 {
			t.Fatalf("%+v", d)
		}
		one := d.Series[0]
		if one.Age[120] != 1 || one.Loss[120] != 1 || one.Min[120] != -1 || one.P95[120] != -1 || one.Loss[119] != 0.5 || one.P50[0] < 9.99 || one.P50[0] > 10.01 || one.P95[0] < 19.98 {
			t.Errorf("rounds: %+v", one)
		}
		d = read(t, s, Query{})
		if d.Resolution != Minute || d.Span != 60 {
			t.Fatalf("%+v", d)
		}
		want := "[121.0 61.0 1.0] [120 120 2] [0.0 0.5 1.0] [10.0 40.0 -1] [15.0 40.0 -1] [20.0 40.0 -1]"
		one = d.Series[0]
		got := fmt.Sprintf("%.1f %d %.1f ", one.Age, one.Sent, one.Loss) + about(one.Min) + about(one.Avg) + about(one.Max)
		if got != want+" " {
			t.Errorf("minutes: %s\nwant %s", got, want)
		}
		one = read(t, s, Query{Resolution: Hour}).Series[0]
		if len(one.Age) != 1 || one.Sent[0] != 242 || one.P95[0] < 38 || one.P95[0] > 40.1 {
			t.Errorf("the hour: %+v", one)
		}
		if one = read(t, s, Query{Resolution: Round, Since: 10 * time.Second}).Series[0]; len(one.Age) != 10 {
			t.Errorf("the last ten seconds: %d rounds", len(one.Age))
		}
	})
}

// about is a column to a tenth.
func about(column Column) string {
	text := "["
	for i, m := range column {
		if i > 0 {
			text += " "
		}
		if m < 0 {
			text += "-1"
		} else {
			text += fmt.Sprintf("%.1f", m)
		}
	}
	return text + "] "
}

// An uplink is one series, whoever is asked; a monitor's history can be had alone; what is
// no result of anybody's answers is none.
func TestWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("main")
		uplink := event.Uplink{Role: "Standby", Name: "lte", Interface: "wwan0"}
		s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Target: "1.1.1.1", Uplink: uplink, Round: round(1, ms)})
		s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Target: "8.8.8.8", Uplink: uplink, Round: round(1)})
		s.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: uplink, Text: "no carrier"})
		s.Publish(event.Event{Kind: event.UpdownResult, Monitor: event.Updown, Target: "example.org", Round: round(1, ms)})
		s.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Target: "example.org"})
		s.Publish(pinged("a", round(1, ms)))
		var names []string
		for _, one := range read(t, s, Query{Resolution: Round}).Series {
			names = append(names, fmt.Sprint(one.Monitor, " ", one.Target, " ", one.Uplink, one.Name, one.Interface, len(one.Age)))
		}
		if want := []string{"failover 8.8.8.8 standbyltewwan02", "ping a 1", "updown example.org 1"}; !slices.Equal(names, want) {
			t.Errorf("%q, want %q", names, want)
		}
		if d := read(t, s, Query{Monitor: event.Ping}); len(d.Series) != 1 {
			t.Errorf("%+v", d)
		}
		if d := read(t, s, Query{Monitor: "moon"}); len(d.Series) != 0 || d.Instance != "main" {
			t.Errorf("%+v", d)
		}
		if err := s.Write(&bytes.Buffer{}, Query{Resolution: "day"}); !errors.Is(err, ErrResolution) {
			t.Errorf("a day: %v", err)
		}
		if err := s.Write(full{}, Query{}); err == nil {
			t.Error("a writer that fails is passed over")
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

// More targets than there is room for do not push the others out, and one that nobody
// asks any more makes room.
func TestNoMoreThanMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("main")
		count := func() int { return len(read(t, s, Query{}).Series) }
		for i := range Most + 4 {
			s.Publish(pinged(fmt.Sprint(i), round(1, ms)))
		}
		time.Sleep(forgotten)
		s.Publish(pinged("0", round(1, ms)))
		if count() != Most {
			t.Errorf("%d series", count())
		}
		time.Sleep(time.Second)
		s.Publish(pinged("new", round(1, ms)))
		if count() != 2 {
			t.Errorf("%d series, want the one that is asked and the new one", count())
		}
	})
}

// A simulated month is kept within the memory that the package's comment states, and a
// day as well.
func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("main")
		if n := unsafe.Sizeof(entry{}); n != 20 {
			t.Errorf("an entry has %d bytes", n)
		}
		before := heap()
		rtts := []time.Duration{10 * ms}
		r := round(1, rtts...)
		for range 40 * 24 * 60 { // forty days of a round every minute
			for _, target := range []string{"a", "b"} {
				s.Publish(pinged(target, r))
			}
			time.Sleep(time.Minute)
		}
		took := (heap() - before) / 2
		t.Logf("%d bytes a series", took)
		if took > 66e3 {
			t.Errorf("a series takes %d bytes", took)
		}
		for resolution, want := range map[string]int{Round: rounds, Minute: minutes + 1, Hour: hours + 1} {
			one := read(t, s, Query{Resolution: resolution}).Series[0]
			if n := len(one.Age); n != want {
				t.Errorf("%d entries of a %s, want %d", n, resolution, want)
			}
			for i := range one.Age[1:] {
				if one.Age[i] <= one.Age[i+1] {
					t.Fatalf("%s: entry %d is not older than the next: %v, %v", resolution, i, one.Age[i], one.Age[i+1])
				}
			}
		}
		runtime.KeepAlive(s)
	})
}

// heap is what lives.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkWrite is the largest document of one series.
func BenchmarkWrite(b *testing.B) {
	s := New("main")
	one := newSeries(key{monitor: event.Ping, target: "a"})
	for i := range minutes {
		one.add(time.Duration(i)*time.Minute, round(1, 10*ms))
	}
	s.series = append(s.series, one)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Write(&bytes.Buffer{}, Query{}); err != nil {
			b.Fatal(err)
		}
	}
}
