package metrics

import (
	"io"
	"testing"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

// BenchmarkWrite is one scrape of a configuration with everything.
func BenchmarkWrite(b *testing.B) {
	state, counts := status.New("main"), New()
	state.Configure(everything())
	counts.Configure(everything())
	d, _ := state.Document("")
	b.ReportAllocs()
	for b.Loop() {
		if err := counts.Write(io.Discard, d, Process{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublish is what counting adds to each round.
func BenchmarkPublish(b *testing.B) {
	counts := New()
	counts.Configure(everything())
	e := event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: "a", Round: event.Round{Sent: 2, Received: 1}}
	b.ReportAllocs()
	for b.Loop() {
		counts.Publish(e)
	}
}
