package ping

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

const ms = time.Millisecond

// round is a result of so many requests with these answers.
func round(sent int, rtts ...time.Duration) probe.Result {
	return probe.Result{Sent: sent, RTTs: rtts}
}

// failed is a result of requests that did not leave.
func failed(err error) probe.Result { return probe.Result{Sent: 2, Err: err} }

var (
	answered = round(2, 2*ms, 4*ms)
	silent   = round(2)
	nameless = failed(fmt.Errorf("%w %q: no such host", probe.ErrResolve, "a.example"))
	routless = failed(probe.ErrNoRoute)
	strange  = failed(fmt.Errorf("cannot send: %w", errStrange))
	local    = failed(probe.ErrLocal)
)

type strangeError struct{}

func (strangeError) Error() string { return "message too long" }

var errStrange = strangeError{}

// describe puts an event into the words of the tables below.
func describe(e event.Event) string {
	if e.Kind == event.Message {
		return fmt.Sprintf("%d %s", e.Severity, e.Text)
	}
	return fmt.Sprintf("%s alive %v loss %.2f %s", e.Target, e.Round.Alive(), e.Round.Loss, e.Text)
}

// The rules, as rounds and what is told of each.
func TestStep(t *testing.T) {
	const (
		yes     = "a.example alive true loss 0.00 "
		no      = "a.example alive false loss 1.00 no answer"
		name    = `a.example alive false loss 1.00 cannot resolve "a.example": no such host`
		noWay   = "a.example alive false loss 1.00 no route"
		warning = `4 Ping target a.example: cannot resolve "a.example": no such host`
		cannot  = "3 Ping target a.example: cannot probe"
	)
	type round struct {
		in   probe.Result
		want []string
	}
	for title, rounds := range map[string][]round{
		"every round is told": {{answered, []string{yes}}, {silent, []string{no}}, {answered, []string{yes}}},
		"why requests did not leave is told once": {
			{nameless, []string{warning, name}}, {nameless, []string{name}}, {nameless, []string{name}},
		},
		"each reason is told once, also when they take turns": {
			{nameless, []string{warning, name}}, {routless, []string{"4 Ping target a.example: no route", noWay}},
			{nameless, []string{name}}, {routless, []string{noWay}},
		},
		"a round that leaves ends the episode, answered or not": {
			{nameless, []string{warning, name}}, {silent, []string{no}}, {nameless, []string{warning, name}},
			{answered, []string{yes}}, {nameless, []string{warning, name}},
		},
		"any other reason is told too": {
			{strange, []string{
				"4 Ping target a.example: cannot send: message too long",
				"a.example alive false loss 1.00 cannot send: message too long",
			}},
		},
		"a round that could not be made has no result and is told once": {
			{local, []string{cannot}}, {local, nil}, {answered, []string{yes}}, {local, []string{cannot}}, {local, nil},
		},
		"a round that could not be made ends no other trouble": {
			{nameless, []string{warning, name}}, {local, []string{cannot}}, {nameless, []string{name}}, {local, []string{cannot}},
		},
		"a request that did not leave does not matter when another is answered": {
			{probe.Result{Sent: 1, RTTs: []time.Duration{ms}, Err: probe.ErrNoRoute}, []string{yes}},
		},
	} {
		t.Run(title, func(t *testing.T) {
			var s state
			var events []event.Event
			for i, r := range rounds {
				s, events = step("a.example", s, r.in)
				var got []string
				for _, e := range events {
					got = append(got, describe(e))
				}
				if !slices.Equal(got, r.want) {
					t.Errorf("round %d: got %q, want %q", i+1, got, r.want)
				}
			}
		})
	}
}

func TestFiguresOfARound(t *testing.T) {
	_, events := step("192.0.2.1", state{}, round(4, 10*ms, 20*ms, 12*ms))
	want := event.Round{Sent: 4, Received: 3, Min: 10 * ms, Avg: 14 * ms, Max: 20 * ms, Jitter: 9 * ms, Loss: 0.25, RTTs: []time.Duration{10 * ms, 20 * ms, 12 * ms}}
	if len(events) != 1 || !reflect.DeepEqual(events[0].Round, want) || events[0].Kind != event.PingResult {
		t.Errorf("got %+v, want one result with %+v", events, want)
	}
}

// FuzzStep plays any sequence of rounds, one per byte: the low bits are the
// answers, the high bits why requests did not leave.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0x00, 0x03, 0x10, 0x10, 0x20, 0x40, 0x01})
	f.Fuzz(func(t *testing.T, sequence []byte) {
		var s state
		told := map[string]bool{} // since a round left
		for _, b := range sequence {
			in := round(5, []time.Duration{ms, 3 * ms, 2 * ms, 9 * ms, 5 * ms}[:min(int(b&7), 5)]...)
			in.Err = []error{nil, probe.ErrResolve, probe.ErrNoRoute, errStrange, probe.ErrLocal}[int(b>>4)%5]
			next, events := step("x", s, in)
			if again, _ := step("x", s, in); again != next {
				t.Fatalf("the same round gave %v, then %v", next, again)
			}
			if in.Alive() || in.Err == nil {
				clear(told)
			}
			check(t, in, events, told)
			s = next
		}
	})
}

// check tells what must hold after any round.
func check(t *testing.T, in probe.Result, events []event.Event, told map[string]bool) {
	results := 0
	for _, e := range events {
		switch r := e.Round; {
		case e.Kind == event.Message && told[e.Text]:
			t.Fatalf("%q told twice", e.Text)
		case e.Kind == event.Message:
			told[e.Text] = true
		case r.Loss < 0 || r.Loss > 1 || r.Min > r.Avg || r.Avg > r.Max || r.Alive() != in.Alive():
			t.Fatalf("%+v makes no sense for %+v", r, in)
		case !r.Alive() && (r.Loss != 1 || e.Text == ""):
			t.Fatalf("%+v: want loss 1 and a reason", e)
		default:
			results++
		}
	}
	if want := map[bool]int{true: 0, false: 1}[in.Unknown()]; results != want {
		t.Fatalf("%d results for %+v, want %d", results, in, want)
	}
	if !in.Unknown() {
		delete(told, "Ping target x: "+probe.ErrLocal.Error())
	}
}

// A target is degraded from a threshold on, over the window, and not any more below the
// recovery threshold; between is neither. With few probes nothing is said.
func TestDegraded(t *testing.T) {
	q := config.Quality{Window: 12 * time.Second, FailureLoss: 0.3, RecoveryLoss: 0.1}
	var s state
	var told []string
	for i := range 60 {
		r := round(2, 2*ms, 4*ms)
		switch {
		case i >= 6 && i < 12:
			r = silent
		case i >= 20 && i < 24:
			r = round(2, 2*ms)
		case i == 40:
			r = failed(probe.ErrLocal)
		}
		var events []event.Event
		s, events = assess("a", q, s, time.Duration(i)*time.Second, r)
		for _, e := range events {
			told = append(told, fmt.Sprintf("%ds %s %s %s", i, e.Kind, e.Target, e.Text))
		}
	}
	want := []string{"8s ping-degraded a loss 33 % over 12s", "33s ping-recovered a "}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	if _, events := assess("a", config.Quality{Window: time.Minute}, s, time.Hour, silent); events != nil {
		t.Errorf("without a threshold: %v", events)
	}
}
