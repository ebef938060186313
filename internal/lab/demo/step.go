package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// step is one thing that is done to the lab, and what must follow.
type step struct {
	title string // begins with two blanks when the step undoes the one before
	do    func() error
	lines []string      // that imon must print
	route string        // devices of the default routes in the end, as short prints them
	calm  int           // so many rounds of pings must pass before the step may end, at least one
	dark  bool          // the LAN must have lost the internet; else it must have it in the end
	last  bool          // imon ends in it
	lossy bool          // single packets may be lost in the end
	also  []condition   // what else must hold once
	gap   time.Duration // the longest gap that the LAN may see; 0 for any
}

// condition is something that a step waits for.
type condition struct {
	what  string
	holds func() bool
}

// conditions are all that step s waits for.
func (s step) conditions(p *player, start time.Time, rounds int) []condition {
	all := append([]condition{
		{"default route by " + s.route, func() bool { return short(p.present()) == s.route }},
		s.view(p, start),
	}, s.also...)
	if calm := max(s.calm, 1); !s.last {
		all = append(all, condition{fmt.Sprintf("%d rounds of pings", calm), func() bool { return p.rounds() >= rounds+calm }})
	}
	for _, text := range s.lines {
		all = append(all, condition{fmt.Sprintf("line %q", text), func() bool { return printed(p, start, text) }})
	}
	return all
}

// view is the condition on what the LAN sees.
func (s step) view(p *player, start time.Time) condition {
	switch {
	case s.dark:
		return condition{"the LAN without internet", func() bool { return !p.stream.Up() }}
	case s.lossy:
		return condition{"the LAN with internet", p.stream.Up}
	}
	return condition{"the LAN with internet, steadily", func() bool {
		now := time.Now()
		report := p.stream.Since(now.Add(-steady))
		return now.Sub(start) > steady && p.stream.Up() && report.Sent > 0 && report.Lost == 0
	}}
}

// printed reports whether imon has printed a line with text since start.
func printed(p *player, start time.Time, text string) bool {
	for _, line := range p.imon.Lines() {
		if line.At.After(start) && strings.Contains(line.Text, text) {
			return true
		}
	}
	return false
}

// ended reports whether imon has ended well within two seconds.
func ended(p *player) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	code, err := p.imon.Wait(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("imon ended with exit status %d", code)
	}
	return err
}
