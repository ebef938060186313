package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tests are the names of all tests and fuzz targets of the module.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, top := range []string{"cmd", "internal", "openwrt", "rpi", "scripts"} {
		err := filepath.WalkDir("../../"+top, func(path string, d os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			s, err := parse("../..", path)
			if err != nil {
				return err
			}
			for _, d := range s.file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					names[f.Name.Name] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every claim of docs/security.md is backed by a test, and the test exists.
func TestClaimsOfSecurityAreTested(t *testing.T) { backed(t, "docs/security.md", 50) }

// So is every claim of docs/reliability.md; the faults in the lab are held against those that
// are tried where they are tried.
func TestClaimsOfReliabilityAreTested(t *testing.T) { backed(t, "docs/reliability.md", 60) }

// backed checks that every test that a page names exists, that there are as many, and that
// each row of its tables whose last column is "shown by" has one.
func backed(t *testing.T, path string, least int) {
	t.Helper()
	names, text := tests(t), page(t, path)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	found := named.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		if !names[m[1]] {
			t.Errorf("%s names %s, which is no test", path, m[1])
		}
	}
	inside := false
	for line := range strings.Lines(text) {
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case strings.Contains(line, "shown by |"):
			inside = true
		case inside && !strings.HasPrefix(line, "|--") && !named.MatchString(line):
			t.Errorf("%s: no test for: %.80s", path, line)
		}
	}
	if len(found) < least {
		t.Errorf("%s: only %d tests are named", path, len(found))
	}
}

// The table of modules that were looked up is that of go.mod.
func TestModulesOfSecurityAreThoseOfGoMod(t *testing.T) {
	text := page(t, "docs/security.md")
	required := regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`).FindAllStringSubmatch(page(t, "go.mod"), -1)
	for _, m := range required {
		if row := "| " + m[1] + " | " + m[2] + " |"; !strings.Contains(text, row) {
			t.Errorf("docs/security.md has no row %q: look for advisories (make vulncheck) and say when", row)
		}
	}
	if rows := regexp.MustCompile(`(?m)^\| \S+ \| v\d\S+ \|`).FindAllString(text, -1); len(rows) != len(required) || len(rows) < 10 {
		t.Errorf("%d rows, %d modules", len(rows), len(required))
	}
}
