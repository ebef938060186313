package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

const (
	every    = 5 * time.Millisecond   // between two packets of the LAN's stream
	visible  = 20 * time.Millisecond  // a shorter gap is only counted
	steady   = 250 * time.Millisecond // without a loss: the LAN has its internet
	lookback = 2 * time.Second
)

// watcher says what the LAN host sees of the internet.
type watcher struct {
	out    *screen
	stream *lab.Stream
	up     bool
	told   time.Time // the end of the last gap that was told
}

// watch looks until ctx ends.
func (w *watcher) watch(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.look(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

func (w *watcher) look(now time.Time) {
	up := w.stream.Up()
	if !up && w.up {
		w.out.say(now, tagLAN, red, "internet: DOWN")
	}
	if up && w.told.IsZero() {
		w.out.say(now, tagLAN, green, "internet: up")
		w.told = now
	}
	w.up = up
	if up {
		w.tell(now)
	}
}

// tell tells of gaps that have ended.
func (w *watcher) tell(now time.Time) {
	from := w.told
	if w.told.Before(now.Add(-lookback)) && len(w.stream.Since(w.told).Gaps) == 0 {
		w.told = now.Add(-steady)
	}
	for _, g := range w.stream.Since(from).Gaps {
		end := g.From.Add(g.For)
		if g.Open || !end.After(w.told) {
			continue
		}
		w.told = end
		if g.For >= visible {
			w.out.say(now, tagLAN, green, fmt.Sprintf("internet: back after %d ms, %d packets lost", g.For.Milliseconds(), g.Lost))
		}
	}
}
