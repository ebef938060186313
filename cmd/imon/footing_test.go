package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/socket"
)

// manyFlows is more than there can be at rest: the call, and pings that wait.
const manyFlows = 200

// footing is how much there is of what might pile up.
type footing struct {
	rules, routes, flows, files, threads, goroutines, anonymous int
}

// footing waits until the program rests, and looks at it.
func (d *counter) footing() footing {
	d.t.Helper()
	lines := func(args ...string) int {
		text, err := d.Router.Run(args...)
		if err != nil {
			d.t.Fatal(err)
		}
		return strings.Count(text, "\n")
	}
	f := footing{}
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
