package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// TestMain lets this program be a reflex, as main does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == reflexCommand {
		os.Exit(reflexMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// standIn is a program in the place of imon that only makes a default route.
func standIn(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "imon")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\nip route replace default via 192.168.42.1 dev eth1 metric 201\nexec sleep 1000\n"), 0o755))
	return path
}

func TestBenchMeasuresInTheLab(t *testing.T) {
	rooted(t)
	raw := filepath.Join(t.TempDir(), "raw")
	var out, progress bytes.Buffer
	code := run(t.Context(), []string{"-imon", standIn(t), "-conf", "conf", "-rounds", "1", "-faults", "h", "-only", "kernel,reflex,shell 1",
		"-raw", raw}, &out, &progress)
	if code != 0 {
		t.Fatalf("code %d:\n%s%s", code, &out, &progress)
	}
	text, err := os.ReadFile(raw)
	must(t, err)
	rounds := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	if len(rounds) != 3 {
		t.Errorf("%d rounds of 3:\n%s", len(rounds), text)
	}
	for _, round := range rounds {
		if strings.Contains(round, ",true") {
			t.Errorf("a round that did not end: %s", round)
		}
	}
	none(t)
}

// A contender that does nothing about a fault is given up, and the table says so.
func TestWhatNeverHappensIsSaid(t *testing.T) {
	c := &cell{contender: contender{name: "imon 1 s"}, scenario: scenarios()[2], options: options{rounds: 10}}
	for range hopeless {
		if c.done() {
			t.Error("done too early")
		}
		c.samples = append(c.samples, sample{gap: limit, never: true})
	}
	if f := c.figures(); !c.done() || f.show(f.median) != ">30000" {
		t.Errorf("done %v, figures %+v", c.done(), f)
	}
	c.samples = append(c.samples, sample{gap: time.Second})
	if c.done() {
		t.Error("done although it works at times")
	}
}

// rooted fails or skips a test where no lab can be raised.
func rooted(t *testing.T) {
	t.Helper()
	must(t, lab.Start(t).Close())
}

// none fails when anything of this process's labs is left.
func none(t *testing.T) {
	t.Helper()
	for _, dir := range []string{os.TempDir(), "/run/netns"} {
		left, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf("imon-%d-*", os.Getpid())))
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestInterruptedBenchLeavesNothing(t *testing.T) {
	rooted(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	var out, progress bytes.Buffer
	code := run(ctx, []string{"-imon", standIn(t), "-conf", "conf", "-faults", "ac", "-only", "kernel,imon 1 "}, &out, &progress)
	if code != 130 || !strings.Contains(progress.String(), "interrupted") {
		t.Errorf("code %d: %s", code, &progress)
	}
	none(t)
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{nil, {"-imon"}, {"-imon", "x", "-rounds", "0"}, {"-imon", "x", "y"}, {"-nonsense"}} {
		if code := run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}); code != 2 {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}

func TestAbsentPeersAreNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	present, absent := contenders(options{dpinger: "dpinger"})
	if len(present) != 5 || len(absent) != 4 || !strings.Contains(absent[0], "keepalived") {
		t.Errorf("%d present, absent: %q", len(present), absent)
	}
	var complaint bytes.Buffer
	code := run(t.Context(), []string{"-imon", "x", "-all"}, &bytes.Buffer{}, &complaint)
	if code != 1 || !strings.Contains(complaint.String(), `dpinger: exec: "dpinger"`) {
		t.Errorf("-all: exit code %d: %s", code, &complaint)
	}
}

// Every configuration is complete once its words are replaced, and what only
// imon gets is JSON.
func TestConfigurations(t *testing.T) {
	r := &rig{lab: lab.Start(t), conf: "conf", dir: t.TempDir(), fault: "d"}
	files, err := os.ReadDir("conf")
	must(t, err)
	for _, file := range files {
		path, err := r.write(file.Name())
		must(t, err)
		text, err := os.ReadFile(path)
		must(t, err)
		for word := range strings.FieldsSeq(string(text)) {
			if strings.HasPrefix(word, "@") {
				t.Errorf("%s: %s is still there", file.Name(), word)
			}
		}
		if strings.HasSuffix(path, ".json") && !json.Valid(text) {
			t.Errorf("%s: not JSON", file.Name())
		}
	}
	settings := map[string]any{"fall": 1, "interval": 10}
	must(t, r.overlay(settings))
	if settings["fall"] != 2.0 || settings["interval"] != 10 {
		t.Errorf("with the settings of fault d: %v", settings)
	}
	r.fault = "a"
	must(t, r.overlay(nil))
}

func TestFigures(t *testing.T) {
	c := &cell{scenario: scenarios()[0]}
	for n := range 200 {
		c.samples = append(c.samples, sample{gap: time.Duration(199-n) * time.Millisecond, lost: n, back: n % 3})
	}
	f := c.figures()
	if f.median != 99*time.Millisecond || f.p99 != 197*time.Millisecond || f.max != 199*time.Millisecond || f.lost != 99 || f.worst != 199 || f.back != 2 {
		t.Errorf("figures: %+v", f)
	}
	if got := rank([]int{7}, 99); got != 7 {
		t.Errorf("rank of one: %d", got)
	}
	if f := (&cell{}).figures(); f.show(f.median) != "-" {
		t.Errorf("no rounds: %s", f.show(f.median))
	}
}

func TestAgainstTheBestPeer(t *testing.T) {
	of := func(name string, gap time.Duration, never bool) *cell {
		return &cell{contender: contender{name: name, floor: name == "reflex"}, scenario: scenarios()[0], samples: []sample{{gap: gap, never: never}}}
	}
	slow, fast, floor := of("shell", 2*time.Second, false), of("keepalived", 10*time.Millisecond, false), of("reflex", 0, false)
	best := bestPeer([]*cell{floor, slow, fast})
	if best != fast {
		t.Fatalf("best peer: %v", best)
	}
	for want, c := range map[string]*cell{
		"0.50 x (keepalived)":   of("imon 1 s", 5*time.Millisecond, false),
		"-10.0 ms (keepalived)": of("imon 1 s", 0, false),
		"only keepalived":       of("imon 1 s", limit, true),
		"":                      slow,
	} {
		if got := against(c, best); got != want {
			t.Errorf("against: %q, want %q", got, want)
		}
	}
	if got := against(fast, nil) + against(of("imon 1 s", 1, false), nil); got != "" {
		t.Errorf("without a peer: %q", got)
	}
}

func TestStepsThatDidNotHappenDoNotCount(t *testing.T) {
	c := &cell{samples: []sample{{steps: steps{moved: 3}}, {steps: steps{moved: math.NaN()}}, {steps: steps{moved: 1}}}}
	if got := c.step(func(s steps) float64 { return s.moved }); got != "1.0 (3.0)" {
		t.Errorf("step: %s", got)
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	for begin := time.Now(); time.Since(begin) < 50*time.Millisecond; {
	}
	if cpu(os.Getpid()) < 10*time.Millisecond || memory(os.Getpid(), "VmRSS") < 1000 {
		t.Errorf("cpu %v, RSS %d KiB", cpu(os.Getpid()), memory(os.Getpid(), "VmRSS"))
	}
	if u := (usage{cpu: time.Second, wall: time.Minute}); u.perHour() != 60 {
		t.Errorf("CPU s/h: %v", u.perHour())
	}
}

func TestScenariosHaveLettersInOrder(t *testing.T) {
	var letters []string
	for _, s := range scenarios() {
		letters = append(letters, s.letter)
	}
	if !slices.Equal(letters, strings.Split("abcdefgh", "")) {
		t.Errorf("letters: %q", letters)
	}
}
