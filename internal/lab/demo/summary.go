package main

import (
	"fmt"
	"text/tabwriter"
	"time"
)

// result is how one step went.
type result struct {
	title   string
	gap     time.Duration // longest gap of the LAN's stream
	lost    int           // its packets that were not answered
	route   string        // default route at the end
	took    time.Duration
	missing []string // what did not hold, in words
}

// summary prints the table of all results and reports whether every step held.
func (s *screen) summary(results []result) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.to, "\n%s\n", s.paint(bold, "What the LAN noticed"))
	table := tabwriter.NewWriter(s.to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tLAN GAP\tLOST\tDEFAULT ROUTE AFTER\tVERDICT")
	held := true
	for _, r := range results {
		verdict := "ok"
		if len(r.missing) > 0 {
			verdict, held = "NOT ok", false
		}
		fmt.Fprintf(table, "%s\t%d ms\t%d\t%s\t%s\n", r.title, r.gap.Milliseconds(), r.lost, r.route, verdict)
	}
	table.Flush()
	for _, r := range results {
		for _, m := range r.missing {
			fmt.Fprintf(s.to, "NOT ok: %s: %s\n", r.title, m)
		}
	}
	s.verdict(held, len(results))
	return held
}

func (s *screen) verdict(held bool, steps int) {
	text, colour := "something did not hold", red
	if held {
		text, colour = fmt.Sprintf("all %d steps held", steps), green
	}
	fmt.Fprintf(s.to, "\n%s, in %.0f s\n", s.paint(colour, text), time.Since(s.start).Seconds())
}
