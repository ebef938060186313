package ddns

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// FuzzStep plays any sequence of replies and checks what must hold in all of
// them. The first byte says how many providers there are; of each other one the
// low bits are the reply and the high bits how long it took.
func FuzzStep(f *testing.F) {
	f.Add([]byte{4, 1, 1, 1, 2, 2, 1})
	f.Add([]byte{3, 0, 0, 0, 0, 0, 0, 0xf1, 1, 1})
	f.Add([]byte{1, 1, 2, 0, 1, 3})
	f.Add([]byte{5, 1, 0, 0, 0, 0, 2, 3, 0, 1})
	f.Add([]byte{2, 1, 2, 0x71, 1, 0, 1})
	f.Fuzz(func(t *testing.T, replies []byte) {
		if len(replies) == 0 {
			return
		}
		r := rulesFor([]string{"a", "dns-b", "c", "dns-d", "command-e"}[:replies[0]%6]...)
		w := witness{t: t, rules: r, last: nobody}
		s, in := begin(r, 0), input{tick: true}
		for _, b := range replies[1:] {
			next, out := step(r, s, in)
			pure(t, r, s, in, next, out)
			w.check(s, next, in, out)
			s = next
			in = w.reply(in.now, s, out, b)
		}
	})
}

// pure checks that step changes nothing but what it returns: the same input
// gives the same again, and another one leaves no trace.
func pure(t *testing.T, r rules, s state, in input, next state, out outcome) {
	before, after := fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", next)
	other := input{now: in.now + time.Second, answered: true, address: addresses["Y"]}
	if in.address == other.address {
		other.err = timeout("b")
	}
	again, same := step(r, s, in)
	if !reflect.DeepEqual(again, next) || !reflect.DeepEqual(same, out) {
		t.Fatalf("the same input gave %+v, then %+v", out, same)
	}
	if len(s.bench) > 0 {
		step(r, s, other)
	}
	if fmt.Sprintf("%+v", s) != before || fmt.Sprintf("%+v", next) != after {
		t.Fatalf("a step changed %s to %+v, or %s to %+v", before, s, after, next)
	}
}

// witness is the network as one who sees all requests and events knows it.
type witness struct {
	t        *testing.T
	rules    rules
	votes    map[netip.Addr]int // of the present poll
	asked    map[int]bool       // in the present poll
	last     int
	known    netip.Addr
	troubled bool // an outage was told
}

// reply is what the byte makes of a question or, when there is none, a look.
func (w *witness) reply(now time.Duration, s state, out outcome, b byte) input {
	if out.ask == nobody {
		in := input{now: max(now, min(s.due, now+time.Hour)), tick: true, nudge: b%16 == 15}
		if b%32 == 14 {
			in.way.Own = netip.MustParseAddr("9.9.9.9")
		}
		return in
	}
	in := input{now: now + time.Duration(b>>4)*30*time.Second, answered: true, err: timeout("a")}
	if name := []string{"", "X", "Y", "Z"}[b%4]; name != "" {
		in.address, in.err = addresses[name], nil
	}
	return in
}

func (w *witness) check(s, next state, in input, out outcome) {
	if !in.answered && out.ask == nobody {
		w.quiet(in, out)
		return
	}
	switch {
	case in.tick:
		w.votes, w.asked = map[netip.Addr]int{}, map[int]bool{}
	case in.err == nil:
		w.votes[in.address]++
	}
	if out.ask != nobody {
		w.request(s, next, in.now, out)
		return
	}
	for _, e := range out.events {
		w.event(e)
	}
	wait := next.due - next.begun
	if next.doubted.IsValid() {
		if wait != soonest || len(out.events) > 0 || next.asking || next.doubted == s.known {
			w.t.Fatalf("a doubt of %s after %v: %+v", next.doubted, wait, out)
		}
		return
	}
	if wait == w.rules.lookup && w.troubled { // settled
		w.t.Fatal("the end of an outage was not told")
	}
	if len(out.events) > 1 || wait < w.rules.lookup || wait > slowest || !out.done || next.asking {
		w.t.Fatalf("a poll ended with %+v", out)
	}
}

// quiet is a look that asks nobody.
func (w *witness) quiet(in input, out outcome) {
	if in.way.Own.IsValid() { // its word counts alone
		w.votes = map[netip.Addr]int{in.way.Own: 2}
	}
	for _, e := range out.events {
		w.event(e)
	}
	if len(out.events) > 1 {
		w.t.Fatalf("a look ended with %+v", out)
	}
}

// request is a provider that is asked.
func (w *witness) request(s, next state, now time.Duration, out outcome) {
	others := false // somebody else of the kind could have been asked
	for p, b := range s.bench {
		same := w.rules.sources[p].kind() == w.rules.sources[out.ask].kind()
		others = others || (p != w.last && same && !w.asked[p] && b.free(now))
	}
	if w.asked[out.ask] || (out.ask == w.last && others) || len(w.asked) > 8 || len(out.events) > 0 {
		w.t.Fatalf("asked %d after %d and %v in this poll", out.ask, w.last, w.asked)
	}
	w.last, w.asked[out.ask] = out.ask, true
}

// event is what the log and the action get.
func (w *witness) event(e event.Event) {
	switch e.Kind {
	case event.DDNSUpdate:
		if e.Address == w.known || e.OldAddress != w.known || w.votes[e.Address] < min(2, len(w.rules.sources)) {
			w.t.Fatalf("%+v with known %v and votes %v", e, w.known, w.votes)
		}
		w.known, w.troubled = e.Address, false
	case event.DDNSNoUpdate:
		if w.troubled {
			w.t.Fatalf("an outage was told twice, or without need: %+v", e)
		}
		w.troubled = true
	case event.Message:
		if !w.troubled || e.Severity != event.Info {
			w.t.Fatalf("%q without an outage", e.Text)
		}
		w.troubled = false
	}
}
