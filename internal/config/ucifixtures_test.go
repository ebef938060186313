package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What uci accepts has the same sections, options and values in the same order;
// what it refuses is refused at the same line and byte.
func TestUCIFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/uci/*.conf")
	if err != nil || len(files) != 26 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sections, fault := parseUCI(readTestFile(t, file))
			stem := strings.TrimSuffix(file, ".conf")
			for kind, got := range map[string]string{
				".show":   uciShow(sections, false),
				".showX":  uciShow(sections, true),
				".export": uciExport(sections),
			} {
				want, place := uciAnswer(t, string(readTestFile(t, stem+kind)))
				if place != "" || fault != nil {
					got = placeOf(fault)
					want = place
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-uci +imon):\n%s", kind, diff)
				}
			}
		})
	}
}

func placeOf(f *uciFault) string {
	if f == nil {
		return "accepted"
	}
	return fmt.Sprintf("line %d, byte %d", f.line, f.byte)
}

// uciAnswer takes an answer of uci apart: what it printed, or where it stopped.
func uciAnswer(t *testing.T, answer string) (text, place string) {
	t.Helper()
	text, ok := strings.CutSuffix(answer, "rc=0\n")
	if ok {
		return text, ""
	}
	place = regexp.MustCompile(`line \d+, byte \d+`).FindString(text)
	if place == "" || !strings.HasSuffix(text, "rc=1\n") {
		t.Fatalf("an answer that is neither: %q", answer)
	}
	return "", place
}

func readTestFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
