package status

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// fill lets n transitions happen, a second apart.
func fill(s *Store, n int) {
	for i := range n {
		s.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Text: fmt.Sprint(s.ring.last + 1)})
		s.Publish(event.Event{Kind: event.PingResult, Monitor: event.Ping})
		s.Publish(event.Event{Kind: event.Message, Text: fmt.Sprint(i)})
		time.Sleep(time.Second)
	}
}

func TestRecent(t *testing.T) {
	for _, c := range []struct {
		happened    int
		since       int64
		limit       int
		first, last int64 // 0 for none
	}{
		{0, 0, 0, 0, 0},
		{5, 0, 0, 1, 5},
		{5, 3, 0, 4, 5},
		{5, 5, 0, 0, 0},
		{5, 99, 0, 0, 0},
		{5, -1, 0, 1, 5},
		{5, 0, 2, 4, 5},
		{5, 4, 2, 5, 5},
		{200, 0, 0, 1, 200},
		{201, 0, 0, 2, 201},
		{1234, 0, 0, 1035, 1234},
		{1234, 1000, 1000, 1035, 1234},
		{1234, 1230, 3, 1232, 1234},
	} {
		t.Run(fmt.Sprintf("%d/%d/%d", c.happened, c.since, c.limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New("main")
				fill(s, c.happened)
				got := s.Recent(c.since, c.limit)
				if c.first == 0 && len(got) != 0 || c.first != 0 && int64(len(got)) != c.last-c.first+1 {
					t.Fatalf("%d transitions: %v", len(got), got)
				}
				for i, e := range got {
					n := c.first + int64(i)
					age := time.Duration(int64(c.happened)-n+1) * time.Second
					if e.Sequence != n || e.Event.Text != fmt.Sprint(n) || e.Age != age {
						t.Fatalf("the %d. is %+v, want number %d of age %v", i, e, n, age)
					}
				}
			})
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := New("main")
	for range 10 * Transitions {
		s.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown})
	}
	if n := cap(s.ring.entries); n > 2*Transitions {
		t.Errorf("room for %d transitions is kept", n)
	}
}

func BenchmarkPublishResult(b *testing.B) {
	s := New("main")
	s.Configure(everything())
	e := event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: primary()}
	b.ReportAllocs()
	for b.Loop() {
		s.Publish(e)
	}
}
