package main

import (
	"context"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// settings reads what the Go runtime is set to, and puts back was.
func runtimeSettings(was [3]int) [3]int {
	return [3]int{debug.SetGCPercent(was[0]), int(debug.SetMemoryLimit(int64(was[1]))), runtime.GOMAXPROCS(was[2])}
}

func TestEconomize(t *testing.T) {
	own := [3]int{gcPercent, memoryLimit, processors}
	was := [3]int{150, 1 << 30, 3}
	for variable, at := range map[string]int{"": -1, "GOGC": 0, "GOMEMLIMIT": 1, "GOMAXPROCS": 2} {
		before := runtimeSettings(was)
		economize(func(name string) string { return map[string]string{variable: "set by the user"}[name] })
		got := runtimeSettings(before)
		want := own
		if at >= 0 {
			want[at] = was[at]
		}
		if got != want {
			t.Errorf("with %q set: %v, want %v", variable, got, want)
		}
	}
}

func TestTidierEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*tidyEvery+time.Second)
		defer cancel()
		var before, after debug.GCStats
		debug.ReadGCStats(&before)
		if err := (tidier{}).Run(ctx); err != nil {
			t.Error(err)
		}
		debug.ReadGCStats(&after)
		if n := after.NumGC - before.NumGC; n < 3 {
			t.Errorf("%d collections in three turns", n)
		}
	})
}

// What the linker can reach decides about memory, too: with runtime.MemProfile in
// the program the runtime keeps profiles of allocations (1.4 MB), and with
// reflection by a method's name every method of every type stays (2.7 MB of file).
func TestLinkerDropsWhatIsNotUsed(t *testing.T) {
	cmd := exec.Command("go", "build", "-ldflags=-dumpdep", "-o", t.TempDir()+"/imon", ".")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	graph := string(out)
	if err != nil || !strings.Contains(graph, "main.main -> main.run\n") {
		t.Fatalf("no graph of the linker: %v", err)
	}
	for _, bad := range []string{"<ReflectMethod>", " -> runtime.MemProfile\n", " -> runtime.memProfileInternal\n"} {
		if i := strings.Index(graph, bad); i >= 0 {
			from := strings.LastIndexByte(graph[:i], '\n') + 1
			t.Errorf("%s", graph[from:i+len(bad)])
		}
	}
}
