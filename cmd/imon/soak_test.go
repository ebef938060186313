package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// For how long TestSoak goes on, with which interval of the monitors, and in which directory it
// leaves soak.csv and soak.svg. "make soak" has 220 minutes at 0.05 s, in which each monitor has as
// many rounds as in a month at the default interval of 10 s.
const (
	soakVariable      = "IMON_SOAK"
	soakPaceVariable  = "IMON_SOAK_INTERVAL"
	soakFilesVariable = "IMON_SOAK_FILES"
)

// period is the time in an environment variable.
func period(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("%s=%s: want a time, such as 90m", name, text)
	}
	return d
}

// TestSoak has imon undergo faults at random for as long as is wanted, and looks at it all
// the time: nothing of what it uses may become more.
func TestSoak(t *testing.T) {
	long := period(t, soakVariable, 12*time.Second)
	d := openTrial(t, uint64(setting(t, seedVariable, 1)), period(t, soakPaceVariable, 50*time.Millisecond))
	var all []trouble
	for _, kind := range []string{"lines", "process", "routing", "services"} {
		all = append(all, slices.DeleteFunc(troubles()[kind], func(x trouble) bool { return strings.Contains(x.touches, anotherImon) })...)
	}
	w := &watcher{trial: d, begun: time.Now(), spent: d.ticks(), every: max(long/400, 200*time.Millisecond), first: d.rounds()}
	r := &record{name: "faults at random"}
	for time.Since(w.begun) < long {
		w.look()
		d.note(r, all[d.rng.IntN(len(all))])
	}
	w.look()
	t.Logf("\n%s%s", records([]*record{r}), w)
	w.leave(t)
	for i, m := range measures() {
		if before, after, flat := w.flat(i); !flat {
			t.Errorf("%s: %.0f at first, %.0f in the end", m.name, before, after)
		}
	}
}

// measure is something that imon uses.
type measure struct {
	name  string
	slack float64 // by how much it may be more in the end than at first
	of    func(*trial, status.Document) int
}

// measures are all of them. Kept outages are bounded by their number and not by time, and in a
// minute there may be fewer than that. CPU is since the sample before.
func measures() []measure {
	return []measure{
		{"RSS, kB", 1536, func(d *trial, _ status.Document) int { return kilobytes(d.t, d.proc("status"), "VmRSS:") }},
		{"anonymous memory, kB", 768, func(d *trial, _ status.Document) int { return kilobytes(d.t, d.proc("status"), "RssAnon:") }},
		{"open files", 6, func(d *trial, _ status.Document) int { return len(entries(d.t, d.proc("fd"))) }},
		{"threads", 12, func(d *trial, _ status.Document) int { return len(entries(d.t, d.proc("task"))) }},
		{"goroutines", 12, func(_ *trial, s status.Document) int { return int(s.Goroutines) }},
		{"routing rules", 0, func(d *trial, _ status.Document) int { return d.lines("rule") }},
		{"routes", 0, func(d *trial, _ status.Document) int { return d.lines("route", "show", "table", "all", "proto", "105") }},
		{"tracked flows", 2000, func(d *trial, _ status.Document) int {
			return d.number(d.Router.Command(d.t.Context(), "cat", "/proc/sys/net/netfilter/nf_conntrack_count").Output())
		}},
		{"kept files, kB", 512, func(d *trial, _ status.Document) int { return d.kept() / 1024 }},
		{"CPU, % of one processor", 30, nil},
	}
}

// watcher looks at imon every so often.
type watcher struct {
	*trial
	begun   time.Time
	every   time.Duration
	first   map[string]int64 // rounds of each monitor
	samples []sample
	spent   int           // ticks at the last sample
	spentAt time.Duration // when that was
}

// sample is what there was of each measure at one moment.
type sample struct {
	at     time.Duration
	values []float64
}

// look takes a sample if it is time for one.
func (w *watcher) look() {
	at := time.Since(w.begun)
	if n := len(w.samples); n > 0 && at-w.samples[n-1].at < w.every {
		return
	}
	document, err := socket.NewClient(w.socket()).Status(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	s := sample{at: at}
	for _, m := range measures() {
		if m.of != nil {
			s.values = append(s.values, float64(m.of(w.trial, document)))
		}
	}
	ticks := w.ticks()
	s.values = append(s.values, float64(ticks-w.spent)/max(at-w.spentAt, time.Second).Seconds())
	w.spent, w.spentAt = ticks, at
	w.samples = append(w.samples, s)
	if len(w.samples)%20 == 0 {
		w.leave(w.t)
	}
}

// flat compares the median of the second fifth of a measure with that of the last one.
func (w *watcher) flat(i int) (before, after float64, flat bool) {
	middle := func(from, to int) float64 {
		var all []float64
		for _, s := range w.samples[from:to] {
			all = append(all, s.values[i])
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	n := len(w.samples)
	if n < 5 {
		return 0, 0, true
	}
	before, after = middle(n/5, 2*n/5), middle(4*n/5, n)
	return before, after, after <= before+measures()[i].slack
}

// String is a table of the first and the second half of the time, and how many rounds there were.
func (w *watcher) String() string {
	var b strings.Builder
	for i, m := range measures() {
		before, after, _ := w.flat(i)
		fmt.Fprintf(&b, "%-28s %8.0f %8.0f\n", m.name, before, after)
	}
	rounds := w.rounds()
	for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
		fmt.Fprintf(&b, "rounds of %-8s %9d\n", monitor, rounds[monitor]-w.first[monitor])
	}
	return b.String()
}

// leave writes the samples as a table and as a picture, if somebody wants them.
func (w *watcher) leave(t *testing.T) {
	directory := os.Getenv(soakFilesVariable)
	if directory == "" {
		return
	}
	var csv strings.Builder
	csv.WriteString("seconds")
	for _, m := range measures() {
		csv.WriteString("," + strings.ReplaceAll(m.name, ",", ""))
	}
	for _, s := range w.samples {
		fmt.Fprintf(&csv, "\n%.1f", s.at.Seconds())
		for _, v := range s.values {
			fmt.Fprintf(&csv, ",%.0f", v)
		}
	}
	for name, text := range map[string]string{"soak.csv": csv.String() + "\n", "soak.svg": w.picture()} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// picture is a graph of each measure over time, one below the other (SVG 1.1). It is written
// here because a module for graphs would bring a dozen others for these lines.
func (w *watcher) picture() string {
	const left, width, height, gap = 250, 700, 44, 20
	all := measures()
	end := max(w.samples[len(w.samples)-1].at, time.Second)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n", left+width+90, len(all)*(height+gap)+gap+20)
	for i, m := range all {
		top := i*(height+gap) + gap
		most := 1.0
		for _, s := range w.samples {
			most = max(most, s.values[i])
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" fill="gray">%.0f</text>`+"\n",
			left-10, top+height/2, m.name, left+width+8, top+10, most)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#f4f6f8"/><polyline fill="none" stroke="#1668b0" points="`, left, top, width, height)
		for _, s := range w.samples {
			fmt.Fprintf(&b, "%.1f,%.1f ", left+width*s.at.Seconds()/end.Seconds(), float64(top+height)-height*s.values[i]/most)
		}
		b.WriteString(`"/>` + "\n")
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">0</text><text x="%d" y="%d" text-anchor="end">%s</text>`+"\n</svg>\n",
		left, len(all)*(height+gap)+gap+8, left+width, len(all)*(height+gap)+gap+8, end.Round(time.Second))
	return b.String()
}

// proc is a file of the process in /proc.
func (d *counter) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", d.Pid(), name) }

// lines is how many lines ip(8) prints in the router.
func (d *trial) lines(args ...string) int {
	d.t.Helper()
	text, err := d.Router.Run(args...)
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.Count(text, "\n")
}

func (d *trial) number(text []byte, err error) int {
	d.t.Helper()
	n, failed := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || failed != nil {
		d.t.Fatalf("%q: %v", text, err)
	}
	return n
}

// kept is the size of what imon keeps, in bytes.
func (d *trial) kept() (size int) {
	files, err := os.ReadDir(d.state)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, file := range files {
		if f, err := file.Info(); err == nil { // it may be gone again
			size += int(f.Size())
		}
	}
	return size
}

// ticks is the processor time of the process, in hundredths of a second (proc_pid_stat(5)).
func (d *counter) ticks() int {
	d.t.Helper()
	_, rest, _ := strings.Cut(content(d.proc("stat")), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	kernel, failed := strconv.Atoi(fields[12])
	if err != nil || failed != nil {
		d.t.Fatalf("%q", rest)
	}
	return user + kernel
}

// reloaded is a configuration that changes the ping monitor, read by the running imon.
func (d *trial) reloaded() lab.Fault {
	set := func(pings int) func() error {
		return func() error {
			d.config.Set("ping", "pingcount", pings)
			d.rewrite(d.config.JSON())
			return nil
		}
	}
	return d.withCut("configuration reloaded (SIGHUP)", set(2), set(1))
}
