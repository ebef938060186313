package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// badCase is a configuration of testdata/bad with what imon says of it.
type badCase struct {
	title, text string
	uci         bool
	want        string // "? " and a fault, "% " and a warning, one per line
}

// badCases reads the files of testdata/bad; its README explains them.
func badCases(t testing.TB) (all []badCase) {
	t.Helper()
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad configurations: %v", err)
	}
	for _, file := range files {
		for _, text := range strings.Split("\n"+string(readTestFile(t, file)), "\n== ")[1:] {
			title, rest, _ := strings.Cut(text, "\n")
			text, want, ok := strings.Cut(rest, "\n--\n")
			if !ok {
				t.Fatalf("%s: %q has no line of two hyphens", file, title)
			}
			uci := strings.HasPrefix(filepath.Base(file), "uci-")
			all = append(all, badCase{title, spellOut(text), uci, strings.TrimSpace(want)})
		}
	}
	return all
}

// spellOut replaces <<TEXT>> by the bytes that TEXT stands for in a Go literal, and
// <<5 x TEXT>> by five of them, in which @ is 1 to 5.
func spellOut(text string) string {
	return regexp.MustCompile(`<<(?:(\d+) x )?(.*?)>>`).ReplaceAllStringFunc(text, func(s string) string {
		times, unit, repeated := strings.Cut(strings.Trim(s, "<>"), " x ")
		if !repeated {
			times, unit = "1", times
		}
		unit, err := strconv.Unquote(`"` + strings.ReplaceAll(unit, `"`, `\"`) + `"`)
		n, wrong := strconv.Atoi(times)
		if err != nil || wrong != nil {
			panic("testdata/bad: " + s)
		}
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(unit, "@", strconv.Itoa(i+1)))
		}
		return b.String()
	})
}

// said is what imon check prints of a configuration, on standard error.
func (c badCase) said(t testing.TB) string {
	fs, lines := disk(t, c.text), []string(nil)
	if c.uci {
		fs = router(t, c.text)
	}
	writeFile(t, fs, "/etc/imon.key", "secret\n")
	writeFile(t, fs, "/usr/local/bin/open", "#!/bin/sh\n")
	if err := fs.Chmod("/usr/local/bin/open", 0o777); err != nil {
		t.Fatal(err)
	}
	_, warnings, err := Load(fs, "main", "")
	if err != nil {
		for _, f := range err.(Faults) {
			lines = append(lines, "? "+f.Error())
		}
	}
	for _, w := range warnings {
		lines = append(lines, "% "+w.String())
	}
	return strings.Join(lines, "\n")
}

func TestBadConfigurations(t *testing.T) {
	cases := badCases(t)
	seen := make(map[string]string)
	for _, c := range cases {
		key := fmt.Sprint(c.uci, c.text)
		if twin, twice := seen[key]; twice {
			t.Errorf("%q and %q are the same file", twin, c.title)
		}
		seen[key] = c.title
		t.Run(c.title, func(t *testing.T) {
			got := c.said(t)
			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for line := range strings.Lines(got) {
				checkSentence(t, strings.TrimSuffix(line, "\n"))
			}
		})
	}
	t.Logf("%d configurations", len(cases))
	if len(cases) < 200 {
		t.Errorf("%d configurations, want at least 200", len(cases))
	}
}

// checkSentence checks that a message is one sentence of bearable length that says where.
func checkSentence(t *testing.T, s string) {
	t.Helper()
	if !strings.Contains(s, testFile) && !strings.Contains(s, UCIPath) {
		t.Errorf("no file is named in %q", s)
	}
	if strings.ContainsFunc(s, unicode.IsControl) || len(s) > 500 || s == "" {
		t.Errorf("a message of %d bytes: %q", len(s), s)
	}
}

// A file that a person may open says what it is for.
func TestBadFilesExplainThemselves(t *testing.T) {
	files, _ := filepath.Glob("testdata/bad/*.txt")
	for _, file := range append(files, "testdata/bad/README") {
		if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s does not begin with what it is about: %v", file, err)
		}
	}
}

// The real uci refuses the same of these files, in the same place, and makes of the
// others what imon makes of them.
func TestBadConfigurationsAgainstTheRealUCI(t *testing.T) {
	program, found := realUCI(t)
	if !found {
		return
	}
	run := newUCIRun(t, program)
	for _, c := range badCases(t) {
		if c.uci && len(c.text) <= maxFile && len(walkUCI([]byte(c.text)).spans) < maxUCICommands { // imon's own limits
			t.Run(c.title, func(t *testing.T) { run.compare(t, []byte(c.text)) })
		}
	}
}

// Who can change the configuration can have imon run anything.
func TestConfigurationThatEverybodyCanChange(t *testing.T) {
	fs := disk(t, ping(`"interval": 5`))
	for mode, want := range map[os.FileMode][]string{
		0o644: nil, 0o664: nil,
		0o666: {"Configuration file '" + testFile + "' can be changed by everybody (" + testFile + ": mode should be 0644, or 0600)"},
	} {
		if err := fs.Chmod(testFile, mode); err != nil {
			t.Fatal(err)
		}
		_, warnings, err := Load(fs, "main", "")
		wantFaults(t, err)
		wantWarnings(t, warnings, want...)
	}
}
