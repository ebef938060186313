package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// table is everything that was measured.
type table struct {
	options    options
	contenders []contender
	absent     []string
	cells      []*cell
	noise      string
	took       time.Duration
}

// figures are the figures of one cell.
type figures struct {
	rounds           int
	median, p99, max time.Duration
	lost, worst      int // packets: the median, the most
	back             int // the most packets lost while the fault was undone
	limit            time.Duration
}

// figures are the cell's; a round that never ended counts as longer than all others.
func (c *cell) figures() figures {
	f := figures{rounds: len(c.samples)}
	if f.rounds == 0 {
		return f
	}
	var gaps []time.Duration
	var lost []int
	for _, s := range c.samples {
		gap := s.gap
		if s.never {
			gap = never
		}
		gaps, lost = append(gaps, gap), append(lost, s.lost)
		f.back = max(f.back, s.back)
	}
	slices.Sort(gaps)
	slices.Sort(lost)
	f.median, f.p99, f.max = rank(gaps, 50), rank(gaps, 99), rank(gaps, 100)
	f.lost, f.worst = rank(lost, 50), rank(lost, 100)
	f.limit = c.patience()
	return f
}

// never is longer than everything that is measured.
const never = time.Duration(1<<63 - 1)

// patience is how long a round waits for what has to happen.
func (c *cell) patience() time.Duration {
	switch {
	case c.scenario.lossy:
		return window
	case c.scenario.letter == "e":
		return back
	}
	return limit
}

// rank is the value that so many per cent of the sorted values do not exceed
// (nearest rank).
func rank[T any](sorted []T, percent int) T {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// show is a gap in milliseconds.
func (f figures) show(d time.Duration) string {
	switch {
	case f.rounds == 0:
		return "-"
	case d == never:
		return ">" + strconv.FormatInt(f.limit.Milliseconds(), 10)
	}
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64)
}

func (t *table) print(to io.Writer) {
	fmt.Fprintf(to, "\nGaps of a UDP stream with a packet each %v, in ms; %s\nWaiting for the kernel's rtnl lock meanwhile: %s\n",
		t.options.every, machine(t.took), t.noise)
	for _, s := range scenarios() {
		t.printFault(to, s)
	}
	t.printSteps(to)
	t.printSummary(to)
	for _, a := range t.absent {
		fmt.Fprintf(to, "absent: %s\n", a)
	}
}

// machine says on what all this was measured.
func machine(took time.Duration) string {
	load, _ := os.ReadFile("/proc/loadavg")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("Linux %s, load %s after %v", strings.TrimSpace(string(kernel)),
		strings.Join(strings.Fields(string(load))[:3], " "), took.Round(time.Second))
}

// of are the cells with a fault.
func (t *table) of(s scenario) []*cell {
	var row []*cell
	for _, c := range t.cells {
		if c.scenario.letter == s.letter {
			row = append(row, c)
		}
	}
	return row
}

func (t *table) printFault(to io.Writer, s scenario) {
	row := t.of(s)
	if len(row) == 0 {
		return
	}
	fmt.Fprintf(to, "\n(%s) %s", s.letter, s.name)
	if s.goal != "" {
		fmt.Fprintf(to, "   [imon's target: %s]", s.goal)
	}
	fmt.Fprintln(to)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "| program\t| median\t| p99\t| max\t| lost\t| most\t| on return\t| rounds\t| against the best peer\t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	best := bestPeer(row)
	for _, c := range row {
		f := c.figures()
		fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %s\t| %d\t| %d\t| %d\t| %d\t| %s\t|\n", c.contender.name, f.show(f.median), f.show(f.p99),
			f.show(f.max), f.lost, f.worst, f.back, f.rounds, against(c, best))
	}
	w.Flush()
}

// bestPeer is the peer with the shortest median, or nil.
func bestPeer(row []*cell) *cell {
	var best *cell
	for _, c := range row {
		peer := !c.contender.floor && !c.contender.isImon() && len(c.samples) > 0
		if peer && (best == nil || c.figures().median < best.figures().median) {
			best = c
		}
	}
	return best
}

// against is how imon's median compares with the best peer's.
func against(c, best *cell) string {
	if !c.contender.isImon() || best == nil || len(c.samples) == 0 {
		return ""
	}
	ours, theirs := c.figures().median, best.figures().median
	switch {
	case ours == never && theirs == never:
		return "neither"
	case ours == never || theirs == never:
		return map[bool]string{true: "only " + best.contender.name, false: "only imon"}[ours == never]
	case ours < time.Millisecond || theirs < time.Millisecond:
		return fmt.Sprintf("%+.1f ms (%s)", float64((ours-theirs).Microseconds())/1000, best.contender.name)
	}
	return fmt.Sprintf("%.2f x (%s)", float64(ours)/float64(theirs), best.contender.name)
}

// printSteps prints where the time of the short gaps went.
func (t *table) printSteps(to io.Writer) {
	for _, s := range scenarios() {
		if !s.link || len(t.of(s)) == 0 {
			continue
		}
		fmt.Fprintf(to, "\n(%s) after the kernel's word that the link is gone, ms, median (max)\n", s.letter)
		w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "| program\t| first lost packet\t| route replaced\t| flow removed\t| answered again\t|")
		fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|")
		for _, c := range t.of(s) {
			fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %s\t| %s\t|\n", c.contender.name, c.step(func(s steps) float64 { return s.lost }),
				c.step(func(s steps) float64 { return s.moved }), c.step(func(s steps) float64 { return s.freed }),
				c.step(func(s steps) float64 { return s.answered }))
		}
		w.Flush()
	}
}

// step is one of the steps over all rounds in which it happened.
func (c *cell) step(which func(steps) float64) string {
	var all []float64
	for _, s := range c.samples {
		if v := which(s.steps); !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	return fmt.Sprintf("%.1f (%.1f)", rank(all, 50), rank(all, 100))
}

// printSummary prints medians of all faults side by side, with CPU and memory.
func (t *table) printSummary(to io.Writer) {
	fmt.Fprintf(to, "\nMedians in ms; CPU and memory of all processes of a program while all this happened\n")
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	head, rule := "| program", "|---"
	for _, s := range scenarios() {
		if containsLetter(t.options.faults, s.letter) {
			head, rule = head+"\t| ("+s.letter+")", rule+"\t|---"
		}
	}
	fmt.Fprintln(w, head+"\t| CPU s/h\t| RSS MiB\t| anonymous\t|\n"+rule+"\t|---\t|---\t|---\t|")
	for _, c := range t.contenders {
		fmt.Fprintln(w, t.summary(c))
	}
	w.Flush()
	for _, c := range t.contenders {
		fmt.Fprintf(to, "%s: %s\n", c.name, c.note)
	}
}

func (t *table) summary(who contender) string {
	line, all := "| "+who.name, usage{}
	for _, c := range t.cells {
		if c.contender.name == who.name {
			f := c.figures()
			line += "\t| " + f.show(f.median)
			all = all.with(c.usage)
		}
	}
	return line + fmt.Sprintf("\t| %.1f\t| %.1f\t| %.1f\t|", all.perHour(), float64(all.rss)/1024, float64(all.anon)/1024)
}

// writeRaw writes every round.
func (t *table) writeRaw(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	w.Write([]string{"fault", "program", "round", "gap_ms", "lost", "lost_on_return", "changes_of_way", "never",
		"first_lost_ms", "route_ms", "flow_ms", "answered_ms"})
	for _, c := range t.cells {
		for i, s := range c.samples {
			w.Write([]string{c.scenario.letter, c.contender.name, strconv.Itoa(i + 1),
				ms(float64(s.gap.Microseconds()) / 1000), strconv.Itoa(s.lost), strconv.Itoa(s.back),
				strconv.Itoa(s.ways), strconv.FormatBool(s.never), ms(s.steps.lost), ms(s.steps.moved), ms(s.steps.freed), ms(s.steps.answered)})
		}
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}

func ms(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }

func containsLetter(letters, letter string) bool { return strings.Contains(letters, letter) }
