package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// patience is how long a step waits for what must happen.
const patience = 12 * time.Second

// player runs imon and the steps, and keeps what conditions look at.
type player struct {
	out    *screen
	imon   *lab.Program
	stream *lab.Stream
	routes *lab.DefaultWatch

	mu    sync.Mutex
	pings int    // ping results so far
	ping  string // alive:True or alive:False, as last shown
}

// begin starts everything that prints lines.
func begin(ctx context.Context, l *lab.Lab, out *screen, imon string, config []byte) (*player, error) {
	p := &player{out: out}
	var err error
	if p.routes, err = l.WatchDefaults(p.showRoute); err != nil {
		return nil, err
	}
	if p.stream, err = l.Stream(every); err != nil {
		return nil, err
	}
	w := &watcher{out: out, stream: p.stream}
	go w.watch(ctx)
	out.say(time.Now(), tagDemo, bold, "LAN - router (imon) - net42 on eth1, net62 on eth2 - internet; lines of ping-result are shown when they change")
	p.imon, err = l.ImonTelling(ctx, p.showLine, imon, config, "--instance", "demo")
	return p, err
}

// showRoute shows the default route whenever it changes.
func (p *player) showRoute(m lab.Moment) {
	p.out.say(m.At, tagRoute, yellow, strings.Join(describe(m.Routes), " and "))
}

// describe is the routes in words.
func describe(routes []string) []string {
	if len(routes) == 0 {
		return []string{"no default route"}
	}
	return routes
}

// showLine shows a line of imon's output: its log, or what an action printed.
func (p *player) showLine(line lab.Line) {
	switch {
	case strings.Contains(line.Text, "] ping-result: "):
		if p.changed(line.Text) {
			p.out.say(line.At, tagAction, magenta, line.Text)
		}
	case strings.HasPrefix(line.Text, "imon action "):
		p.out.say(line.At, tagAction, magenta, line.Text)
	default:
		p.out.say(line.At, tagImon, cyan, line.Text)
	}
}

// changed counts a ping result and reports whether its verdict is another one
// than before.
func (p *player) changed(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pings++
	i := strings.Index(text, "alive:")
	alive := strings.Fields(text[max(i, 0):])[0]
	changed := alive != p.ping
	p.ping = alive
	return changed
}

func (p *player) rounds() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pings
}

// play runs the steps in order and returns how each went.
func (p *player) play(ctx context.Context, steps []step) []result {
	var results []result
	fault := ""
	for i, s := range steps {
		if ctx.Err() != nil {
			break
		}
		undo, isUndo := strings.CutPrefix(s.title, "  ")
		if isUndo {
			p.out.headline(i+1, fault+": "+undo)
		} else {
			fault = s.title
			p.out.headline(i+1, fault)
		}
		r := p.try(ctx, s)
		if errors.Is(ctx.Err(), context.Canceled) {
			break // interrupted: nothing can be said of this step
		}
		p.conclude(r)
		results = append(results, r)
		if p.imon.Ended() {
			break // after a step that did not want it, nothing can hold
		}
	}
	return results
}

// conclude says how a step went.
func (p *player) conclude(r result) {
	for _, m := range r.missing {
		p.out.say(time.Now(), tagDemo, red, "NOT ok: "+m)
	}
	if len(r.missing) == 0 {
		p.out.say(time.Now(), tagDemo, green, fmt.Sprintf("ok: the LAN lost %d packets, longest gap %d ms; default route by %s",
			r.lost, r.gap.Milliseconds(), r.route))
	}
}

// try runs one step: it does what the step says, then waits until all that the
// step expects has happened, or until patience ends.
func (p *player) try(ctx context.Context, s step) result {
	start, rounds := time.Now(), p.rounds()
	r := result{title: s.title}
	if err := s.do(); err != nil {
		r.missing = []string{err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	open := s.conditions(p, start, rounds)
	for len(open) > 0 && ctx.Err() == nil && (s.last || !p.imon.Ended()) {
		open = slices.DeleteFunc(open, func(c condition) bool { return c.holds() })
		pause(ctx, every)
	}
	if p.imon.Ended() && !s.last {
		r.missing = append(r.missing, "imon has ended")
	}
	for _, c := range open {
		r.missing = append(r.missing, "never: "+c.what)
	}
	return p.measure(r, s, start)
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// measure completes a result with what the LAN saw since start.
func (p *player) measure(r result, s step, start time.Time) result {
	report := p.stream.Since(start)
	r.gap, r.lost = report.Longest().For, report.Lost
	r.took = time.Since(start)
	r.route = short(p.present())
	if s.gap > 0 && r.gap > s.gap {
		r.missing = append(r.missing, fmt.Sprintf("the LAN had no internet for %d ms, more than %d ms",
			r.gap.Milliseconds(), s.gap.Milliseconds()))
	}
	return r
}

// present is the default routes now.
func (p *player) present() []string {
	moments := p.routes.Moments()
	return moments[len(moments)-1].Routes
}

// short is the devices of routes.
func short(routes []string) string {
	var devices []string
	for _, route := range routes {
		words := strings.Fields(route)
		if i := slices.Index(words, "dev"); i >= 0 && i+1 < len(words) {
			devices = append(devices, words[i+1])
		}
	}
	if len(devices) == 0 {
		return "none"
	}
	return strings.Join(devices, " and ")
}
