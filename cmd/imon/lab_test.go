package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// patience is how long a test waits for what must happen; it is long enough
// for a busy machine and never waited for in full when all is well.
const patience = 15 * time.Second

// TestMain builds the program that the tests of this package run in labs.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "imon-test-")
	if err != nil {
		panic(err)
	}
	os.Chmod(dir, 0o755) // nobody may run it, too
	code := 1
	if err := compile(filepath.Join(dir, "imon"), "."); err == nil {
		os.Setenv("IMON_BINARY", filepath.Join(dir, "imon"))
		os.Setenv(socketVariable, "")    // a message bus of this machine is none of the tests' business
		os.Setenv(directoryVariable, "") // nor are its sockets
		os.Setenv(stateVariable, dir)
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func compile(path, pkg string) error {
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// bench is a lab with an imon in its router.
type bench struct {
	*lab.Lab
	*lab.Program
	t       *testing.T
	config  lab.Config
	started time.Time
}

// start raises a lab and runs imon on its configuration, changed by edit.
func start(t *testing.T, edit func(lab.Config), options ...lab.Option) *bench {
	t.Helper()
	b := raise(t, edit, options...)
	b.run()
	return b
}

// raise raises a lab without an imon.
func raise(t *testing.T, edit func(lab.Config), options ...lab.Option) *bench {
	t.Helper()
	l := lab.Start(t, options...)
	b := &bench{Lab: l, t: t, config: l.Config()}
	edit(b.config)
	t.Cleanup(func() {
		if t.Failed() && b.Program != nil {
			t.Logf("imon printed:\n%s", b.Text())
		}
	})
	return b
}

// run starts imon.
func (b *bench) run(args ...string) {
	b.t.Helper()
	b.started = time.Now()
	p, err := b.Imon(b.t.Context(), os.Getenv("IMON_BINARY"), b.config.JSON(), args...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Program = p
}

// see waits for a line after from and returns it.
func (b *bench) see(from time.Time, text string) lab.Line {
	b.t.Helper()
	return b.seeWithin(patience, from, text)
}

// seeWithin is see with another patience.
func (b *bench) seeWithin(d time.Duration, from time.Time, text string) lab.Line {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	line, err := b.Await(ctx, from, text)
	if err != nil {
		b.t.Fatal(err)
	}
	return line
}

// until waits for a condition.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// inject makes a fault happen and returns the moment before.
func (b *bench) inject(f lab.Fault) time.Time {
	b.t.Helper()
	at := time.Now()
	if err := f.Inject(); err != nil {
		b.t.Fatal(err)
	}
	return at
}

// restore undoes a fault and returns the moment before.
func (b *bench) restore(f lab.Fault) time.Time {
	b.t.Helper()
	at := time.Now()
	if err := f.Restore(); err != nil {
		b.t.Fatal(err)
	}
	return at
}

// via waits until the router has exactly one default route, by uplink i.
func (b *bench) via(i int) {
	b.t.Helper()
	b.until(fmt.Sprintf("one default route by uplink %d", i), func() bool {
		routes, err := b.Defaults()
		if err != nil {
			b.t.Fatal(err)
		}
		u := b.Uplink(i)
		return len(routes) == 1 && strings.Contains(routes[0], fmt.Sprintf("via %s dev %s", u.Gateway, u.Interface))
	})
}

// count is how many times imon printed text.
func (b *bench) count(text string) int { return strings.Count(b.Text(), text) }

// internetTargets makes both uplinks ask the same host on the internet.
func internetTargets(c lab.Config) {
	c.Set("failover", "primary-ping", "1.1.1.1").Set("failover", "standby-ping", "1.1.1.1")
}
