// Command demo shows imon at work: it raises a lab of network namespaces, runs
// imon with all four monitors in the lab's router, walks through the faults
// that a router meets, and says what the LAN noticed of each.
//
// It needs root, ends by itself in less than two minutes, and its exit status
// is 0 when everything held.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// longest is the time after which the demo gives up.
const longest = 115 * time.Second

func main() { os.Exit(run()) }

func run() int {
	imon := flag.String("imon", "", "the imon `program` to show")
	action := flag.String("action", "", "the action `script`")
	config := flag.String("config", "", "the instance `file`; the name of its action script is replaced")
	flag.Parse()
	if *imon == "" || *action == "" || *config == "" {
		flag.Usage()
		return 2
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	ctx, cancel := context.WithTimeout(stop, longest)
	defer cancel()
	held, err := show(ctx, newScreen(os.Stdout, isTerminal(os.Stdout)), *imon, *action, *config)
	switch {
	case stop.Err() != nil:
		fmt.Fprintln(os.Stderr, "? demo interrupted; everything is cleaned up")
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "? demo:", err)
		return 1
	case !held:
		return 1
	}
	return 0
}

// show raises the lab, plays every step and prints the summary. It reports
// whether everything held.
func show(ctx context.Context, out *screen, imon, action, config string) (held bool, err error) {
	for _, path := range []*string{&imon, &action} {
		if *path, err = program(*path); err != nil {
			return false, err
		}
	}
	text, err := instance(config, action)
	if err != nil {
		return false, err
	}
	l, err := lab.New(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if e := l.Close(); err == nil {
			err = e
		}
	}()
	p, err := begin(ctx, l, out, imon, text)
	if err != nil {
		return false, err
	}
	results := p.play(ctx, walk(l, p))
	if errors.Is(ctx.Err(), context.Canceled) {
		return false, ctx.Err()
	}
	return out.summary(results), ctx.Err()
}

// program is the absolute path of an executable file.
func program(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("cannot run %q: it is not an executable file", path)
	}
	return absolute, nil
}
