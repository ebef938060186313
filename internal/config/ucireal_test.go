package config

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realUCI is the program uci, as IMON_UCI names it or as PATH has it.
func realUCI(t *testing.T) (program string, found bool) {
	t.Helper()
	program = os.Getenv("IMON_UCI")
	if program == "" {
		program, _ = exec.LookPath("uci")
	}
	if program == "" {
		t.Log("no program uci, by IMON_UCI or in PATH: only what is recorded in testdata was compared")
	}
	return program, program != ""
}

// uciRun asks the program about a file and returns what it prints, or where it
// stops.
type uciRun struct {
	program, dir string
}

func newUCIRun(t *testing.T, program string) uciRun {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"etc", "delta"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return uciRun{program, dir}
}

func (r uciRun) write(t *testing.T, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "etc", "imon"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r uciRun) ask(t *testing.T, args ...string) (text, place string) {
	t.Helper()
	args = append([]string{"-c", filepath.Join(r.dir, "etc"), "-t", filepath.Join(r.dir, "delta")}, args...)
	cmd := exec.Command(r.program, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	answer := out.String() + complaint.String() + fmt.Sprintf("rc=%d\n", cmd.ProcessState.ExitCode())
	return uciAnswer(t, answer)
}

// compare compares what imon makes of a file with what uci makes of it.
func (r uciRun) compare(t *testing.T, data []byte) (accepted bool) {
	t.Helper()
	r.write(t, data)
	sections, fault := parseUCI(data)
	for _, args := range [][]string{{"export", "imon"}, {"-X", "show", "imon"}} {
		text, place := r.ask(t, args...)
		got := uciExport(sections)
		if args[0] == "-X" {
			got = uciShow(sections, true)
		}
		switch {
		case (place == "") != (fault == nil):
			t.Fatalf("%q: uci %q, imon %q", data, place, placeOf(fault))
		case fault != nil && !bytes.Contains(data, []byte{0}) && place != uciPlace(fault, data):
			t.Fatalf("%q: uci %q, imon %q (%s)", data, place, uciPlace(fault, data), fault.why)
		case fault == nil && text != got:
			t.Fatalf("%q: %v\nuci  %q\nimon %q", data, args, text, got)
		}
		if fault != nil {
			return false
		}
	}
	return true
}

// uciPlace is where uci says a fault to be: it does not count a last line that
// has no newline, and it loses count of lines with zero bytes.
func uciPlace(f *uciFault, data []byte) string {
	as := *f
	if f.line == 1+bytes.Count(data, []byte("\n")) {
		as.line--
	}
	return placeOf(&as)
}

// Thousands of files, half of them nearly right, mean the same to uci and imon.
func TestUCIAgainstTheRealOne(t *testing.T) {
	program, found := realUCI(t)
	if !found {
		return
	}
	run := newUCIRun(t, program)
	files, _ := filepath.Glob("testdata/uci/*.conf")
	for _, file := range files {
		run.compare(t, readTestFile(t, file))
	}
	n := 3000
	if testing.Short() {
		n = 300
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	accepted := 0
	for range n {
		if run.compare(t, []byte(randomUCI(rng))) {
			accepted++
		}
	}
	t.Logf("%d files, %d of them accepted by both", n, accepted)
	if accepted < n/5 || accepted > n*4/5 {
		t.Errorf("%d of %d files are accepted: that tells little", accepted, n)
	}
}

// randomUCI is a file of a few lines that look like UCI, some of them spoilt.
func randomUCI(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(7) {
		b.WriteString(randomLine(rng, b.Len() == 0))
	}
	text := b.String()
	if rng.IntN(5) == 0 {
		for range rng.IntN(20) {
			text += pick(rng, spoilers())
		}
	}
	for range rng.IntN(4) / 2 { // half of the files are as they were
		at := rng.IntN(len(text))
		text = text[:at] + pick(rng, spoilers()) + text[at+rng.IntN(2):]
	}
	return text
}

func randomLine(rng *rand.Rand, first bool) string {
	keyword := pick(rng, []string{"config", "option", "option", "option", "list", "list", "c", "o", "l", "#", "package", ""})
	if first {
		keyword = pick(rng, []string{"config", "c", "config", "package imon\nconfig"})
	}
	words := []string{"\t", keyword, " "}
	if keyword == "#" || keyword == "" {
		return keyword + pick(rng, []string{"", " ", " a ' \""}) + "\n"
	}
	words = append(words, randomName(rng))
	if rng.IntN(8) > 0 && keyword != "package" {
		words = append(words, " ")
		if strings.HasSuffix(keyword, "config") || keyword == "c" {
			words = append(words, randomName(rng))
		} else {
			words = append(words, randomValue(rng))
		}
	}
	return strings.Join(append(words, pick(rng, []string{"", "", "", " ", ";", "; option z 1", " # x", "\r"})), "") + "\n"
}

func randomName(rng *rand.Rand) string {
	name := pick(rng, []string{"a", "b", "d", "e", "main", "cfg0197fc", "_1", "a_long_name_that_is_longer_than_32_bytes"})
	return pick(rng, []string{name, name, "'" + name + "'", `"` + name + `"`, `\` + name})
}

func randomValue(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(3) {
		text := pick(rng, []string{"", "1", "x y", "ü", "\xff", "#", ";", "a;b", `\`, "\t", "line\nline", strings.Repeat("v", rng.IntN(200))})
		switch rng.IntN(4) {
		case 0:
			b.WriteString("'" + text + "'")
		case 1:
			b.WriteString(`"` + strings.ReplaceAll(text, `\`, `\\`) + `"`)
		case 2:
			b.WriteString(strings.NewReplacer(" ", `\ `, "#", `\#`, ";", `\;`, `\`, `\\`).Replace(text))
		default:
			b.WriteString(strings.Trim(text, "# ;\t"))
		}
	}
	return b.String()
}

// spoilers are what makes a file hard to read, or wrong.
func spoilers() []string {
	return []string{"'", `"`, `\`, "#", ";", " ", "\n", "\r", "\t", "\v", "\f", "\x00", "\x01", "\x7f", "\xa0", "-", ".", "@",
		"\\\n", "\\\r\n", "\r\n", ";;", "; ", "''", `""`, "config", "option a", "config b", "list", "c", "p", "package", " x",
		strings.Repeat("\x00", 40), strings.Repeat("w", 70)}
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }
