package updown

import (
	"reflect"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// FuzzStep plays any sequence of rounds, one per byte, one second apart, and
// checks what must hold in all of them.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0})
	f.Add([]byte{1, 2, 1, 0, 5, 2})
	f.Add([]byte{4, 5, 3, 5, 0, 2, 5, 2, 1, 2})
	rounds := []observation{
		{echo: yes}, {echo: no, asked: true, dns: errTimeout}, {echo: no, asked: true},
		{echo: nameless}, {echo: no}, {echo: forbidden},
	}
	f.Fuzz(func(t *testing.T, sequence []byte) {
		var s state
		var w witness
		for i, b := range sequence {
			in := rounds[int(b)%len(rounds)]
			in.now = time.Duration(i) * time.Second
			next, out := step(settings(), s, in)
			if again, same := step(settings(), s, in); again != next || !reflect.DeepEqual(out, same) {
				t.Fatalf("round %d: the same input gave %+v, then %+v", i, out, same)
			}
			w.check(t, in, out)
			s = next
		}
	})
}

// witness is the log as a reader understands it.
type witness struct {
	known, online, seen bool // a verdict was told; the last one; it was online once
	since               time.Duration
	refuted             bool
}

func (w *witness) check(t *testing.T, in observation, out outcome) {
	transition := false
	if in.echo.Alive() {
		w.refuted = false
	}
	for _, e := range out.events {
		switch e.Kind {
		case event.UpdownRefuted:
			if w.refuted || !in.refuted() {
				t.Fatalf("refuted twice in an episode, or without a DNS answer: %+v", in)
			}
			w.refuted = true
		case event.UpdownInitial:
			if w.seen || (w.known && !e.Online) {
				t.Fatalf("a second initial verdict: %+v", e)
			}
			transition = e.Online
			w.known, w.online, w.seen = true, e.Online, e.Online
		case event.UpdownOnline:
			if w.online || !w.seen || e.Outage != in.now-w.since {
				t.Fatalf("online %+v after %+v", e, *w)
			}
			w.online, transition = true, true
		case event.UpdownOffline:
			if !w.online || e.Text == "" {
				t.Fatalf("offline %+v after %+v", e, *w)
			}
			w.online, w.refuted, transition, w.since = false, false, true, in.now
		}
	}
	w.after(t, in, out, transition)
}

// after checks what must hold whatever was told.
func (w *witness) after(t *testing.T, in observation, out outcome, transition bool) {
	if out.secondaries != transition {
		t.Fatalf("secondaries %v at transition %v", out.secondaries, transition)
	}
	if !in.echo.Unknown() && w.online != (in.echo.Alive() || in.refuted()) {
		t.Fatalf("the log says online %v after %+v", w.online, in)
	}
	if want := map[bool]time.Duration{true: time.Second, false: 10 * time.Second}[w.known && !w.online]; out.wait != want {
		t.Fatalf("next round after %v, want %v", out.wait, want)
	}
}
