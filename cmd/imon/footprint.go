package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// What imon asks of the Go runtime; docs/size.md has the measurements. On a router
// memory decides, and imon keeps a third of a megabyte of data and makes 50 KB of
// garbage in a second.
const (
	gcPercent   = 20       // collect when garbage is a fifth of the rest, GOGC
	memoryLimit = 16 << 20 // bytes; above it, which nothing normal is, collect more often, GOMEMLIMIT
	processors  = 1        // threads that run Go code at a time, each with caches of its own, GOMAXPROCS

	// tidyEvery is how often what the collector has freed goes back to the kernel.
	// Go itself keeps a tenth more than its heap had at the last collection, and
	// that grows: 0.8 MB of 3.6 MB.
	tidyEvery = 5 * time.Second
)

// economize makes the Go runtime small. What the environment says about a setting
// wins: getenv is os.Getenv. Profiling of memory needs no setting, because nothing
// in imon can read a profile and so the linker leaves it out (a test tells).
//
// Where the kernel makes huge pages of all memory, as Debian's does, Go's heap begins
// with one or two of 2 MB. No new ones (PR_SET_THP_DISABLE, prctl(2); action scripts
// inherit it), and [tidier], which splits those, bring that down to what is used. An
// old kernel that knows no such thing has no such pages.
func economize(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(processors)
	}
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
}

// tidier is the job that gives memory back to the kernel.
type tidier struct{}

// Run collects garbage and returns free pages every five seconds until ctx ends.
func (tidier) Run(ctx context.Context) error {
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			debug.FreeOSMemory()
		}
	}
}
