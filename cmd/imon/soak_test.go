package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
)

// flapsVariable says how many flaps the soak has; "make soak" has 1,000.
const flapsVariable = "IMON_FLAPS"

// TestSoak lets uplinks come and go in every way that the lab knows. The LAN must
// come back each time, and nothing may pile up: no rule, route, tracked flow, file, thread,
// goroutine or memory.
func TestSoak(t *testing.T) {
	flaps := 40
	if text := os.Getenv(flapsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 10 {
			t.Fatalf("%s=%s: want a number from 10 on", flapsVariable, text)
		}
		flaps = n
	}
	d := openCounter(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "interval", 0.2).Set("failover", "pingwait", 0.2)
	})
	call, err := d.Stream(20 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Stop()
	d.launch()
	d.via(0)
	rng := rand.New(rand.NewPCG(1, 1))
	var samples []footing
	for n := range flaps {
		if n%(flaps/10) == 0 {
			samples = append(samples, d.footing(n))
		}
		d.flap(rng)
	}
	samples = append(samples, d.footing(flaps))
	t.Log("\n" + footings(samples))
	for _, s := range samples[2:] {
		if why := s.grown(samples[1]); why != "" {
			t.Errorf("after %d flaps: %s", s.flaps, why)
		}
	}
}

// manyFlows is more than there can be at rest: the call, and pings that wait.
const manyFlows = 200

// flap is one fault at random, and its end.
func (d *counter) flap(rng *rand.Rand) {
	d.t.Helper()
	faults := []lab.Fault{
		d.CutISP(0), d.CutRouter(0), d.GatewayDead(0), d.Blackhole(0), d.Removed(0), // the active one
		d.Bounce(0), d.DefaultDeleted(), d.Renumber(0), d.CutISP(1), d.CutRouter(1),
	}
	n := rng.IntN(len(faults))
	d.inject(faults[n])
	if n < 5 {
		d.via(1)
	}
	d.restore(faults[n])
	d.via(0)
}

// footing is how much there is of what might pile up.
type footing struct {
	flaps, rules, routes, flows, files, threads, goroutines, anonymous int
}

// footing waits until the program rests, and looks at it.
func (d *counter) footing(flaps int) footing {
	d.t.Helper()
	lines := func(args ...string) int {
		text, err := d.Router.Run(args...)
		if err != nil {
			d.t.Fatal(err)
		}
		return strings.Count(text, "\n")
	}
	f := footing{flaps: flaps}
	d.until("two private tables, their rules and a spare", func() bool {
		f.rules, f.routes = lines("rule"), lines("route", "show", "table", "all", "proto", "105")
		return f.rules == 3+4 && f.routes == 4
	})
	document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
	if err != nil {
		d.t.Fatal(err)
	}
	f.goroutines = int(document.Goroutines)
	tracked, err := d.Router.Command(d.t.Context(), "cat", "/proc/sys/net/netfilter/nf_conntrack_count").Output()
	if err != nil {
		d.t.Fatal(err)
	}
	f.flows, _ = strconv.Atoi(strings.TrimSpace(string(tracked)))
	proc := fmt.Sprintf("/proc/%d/", d.Pid())
	f.files = len(entries(d.t, proc+"fd"))
	f.threads = len(entries(d.t, proc+"task"))
	f.anonymous = kilobytes(d.t, proc+"status", "RssAnon:")
	return f
}

func entries(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + "/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: nothing there (%v)", path, err)
	}
	return found
}

// kilobytes is the first number behind a word in a file.
func kilobytes(t *testing.T, path, word string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), word)
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// grown says what of f is more than it was at first. Rounds that run at the moment
// have files and goroutines, and on a busy machine the Go runtime has a thread for each of
// those that are in the kernel at one time, which it keeps.
func (f footing) grown(first footing) string {
	switch {
	case f.flows > manyFlows:
		return fmt.Sprintf("%d tracked flows", f.flows)
	case f.files > first.files+6:
		return fmt.Sprintf("%d open files, %d at first", f.files, first.files)
	case f.goroutines > first.goroutines+12:
		return fmt.Sprintf("%d goroutines, %d at first", f.goroutines, first.goroutines)
	case f.threads > first.threads+12:
		return fmt.Sprintf("%d threads, %d at first", f.threads, first.threads)
	case f.anonymous > first.anonymous*3/2+1024:
		return fmt.Sprintf("%d kB of anonymous memory, %d at first", f.anonymous, first.anonymous)
	}
	return ""
}

func footings(all []footing) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "flaps\trules\troutes\tflows\tfiles\tthreads\tgoroutines\tRssAnon kB\t")
	for _, f := range all {
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", f.flaps, f.rules, f.routes, f.flows, f.files, f.threads, f.goroutines, f.anonymous)
	}
	w.Flush()
	return b.String()
}
