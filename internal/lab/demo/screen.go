package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Tags of lines: who says it.
const (
	tagImon   = "imon"   // imon's log
	tagAction = "action" // what the action script prints
	tagRoute  = "route"  // the router's default route
	tagLAN    = "lan"    // what the LAN host sees of the internet
	tagDemo   = "demo"   // the demo itself
)

// Colours, as SGR parameters (ECMA-48 section 8.3.117).
const (
	bold    = "1"
	red     = "1;31"
	green   = "1;32"
	yellow  = "33"
	magenta = "35"
	cyan    = "36"
)

// screen prints lines as they happen, each with the time since the start.
type screen struct {
	mu     sync.Mutex
	to     io.Writer
	colour bool
	start  time.Time
}

func newScreen(to io.Writer, colour bool) *screen {
	return &screen{to: to, colour: colour, start: time.Now()}
}

// isTerminal reports whether f is a terminal that wants colours (no-color.org).
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

// say prints one line; at is when it happened.
func (s *screen) say(at time.Time, tag, colour, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.to, "%8.3f  %s\n", at.Sub(s.start).Seconds(), s.paint(colour, fmt.Sprintf("%-6s  %s", tag, text)))
}

// headline announces a step.
func (s *screen) headline(number int, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.to, "\n%8.3f  %s\n", time.Since(s.start).Seconds(), s.paint(bold, fmt.Sprintf("=== %d. %s", number, title)))
}

func (s *screen) paint(colour, text string) string {
	if !s.colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
