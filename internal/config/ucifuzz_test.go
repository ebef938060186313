package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func addUCI(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/uci/*.conf")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(readTestFile(f, file))
	}
	for _, text := range append(spoilers(), instance("option debug 1"), fromUCI+another) {
		f.Add([]byte(text))
	}
}

// Whatever the parser accepts survives being printed and read again; what it
// refuses has a place within the file.
func FuzzParseUCI(f *testing.F) {
	addUCI(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		sections, fault := parseUCI(data)
		lines := 1 + strings.Count(string(data), "\n")
		if fault != nil {
			if fault.line < 1 || fault.line > lines || fault.byte < 0 || fault.byte > len(data) || fault.why == "" {
				t.Errorf("fault %+v", fault)
			}
			return
		}
		for _, s := range sections {
			checkSection(t, s, lines)
		}
		again, fault := parseUCI([]byte(named(sections)))
		if fault != nil {
			t.Fatalf("%s: %+v", named(sections), fault)
		}
		if diff := cmp.Diff(sections, again, cmp.AllowUnexported(uciSection{}, uciOption{}), cmpopts.EquateEmpty(),
			cmpopts.IgnoreFields(uciSection{}, "line", "unnamed"), cmpopts.IgnoreFields(uciOption{}, "lines", "before")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}

func checkSection(t *testing.T, s uciSection, lines int) {
	t.Helper()
	if s.line < 1 || s.line > lines || !isUCIName(s.name) || s.kind == "" || !isTypeName(s.kind) {
		t.Errorf("section %+v", s)
	}
	for _, o := range s.options {
		if !isUCIName(o.name) || len(o.values) == 0 || len(o.values) != len(o.lines) || !o.list && (len(o.values) > 1 || o.values[0] == "") {
			t.Errorf("option %+v", o)
		}
		for _, line := range o.lines {
			if line < 1 || line > lines || o.before < 0 || o.before > line {
				t.Errorf("option %+v", o)
			}
		}
	}
}

// named prints sections under their names, made up or not, with types in quotes:
// uci prints some types in a way that it cannot read itself.
func named(sections []uciSection) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "config %s %s\n%s", quoted(s.kind), s.name, uciOptions(s))
	}
	return b.String()
}

func FuzzLoadUCI(f *testing.F) {
	addUCI(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, warnings, err := loadUCI(t, string(data))
		for _, w := range warnings {
			checkPlace(t, w.String(), w.Path, w.Line, data)
		}
		if err != nil {
			faults, ok := err.(Faults)
			if !ok || len(faults) == 0 || len(c.Enabled()) > 0 {
				t.Fatalf("%+v, error %T %v", c, err, err)
			}
			for _, f := range faults {
				checkPlace(t, f.Error(), UCIPath, f.Line, data)
			}
			return
		}
		checkConfig(t, c)
		checkRoundTrip(t, c)
	})
}

func checkPlace(t *testing.T, sentence, path string, line int, data []byte) {
	t.Helper()
	if path != UCIPath {
		t.Errorf("%q is about %s", sentence, path)
	}
	checkLine(t, sentence, testFile, line, data)
}
