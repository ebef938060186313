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
func TestClaimsOfSecurityAreTested(t *testing.T) {
	names, text := tests(t), page(t, "docs/security.md")
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		if !names[m[1]] {
			t.Errorf("docs/security.md names %s, which is no test", m[1])
		}
	}
	backed := false
	for line := range strings.Lines(text) {
		switch {
		case !strings.HasPrefix(line, "|"):
			backed = false
		case strings.Contains(line, "shown by |"):
			backed = true
		case backed && !strings.HasPrefix(line, "|--") && !named.MatchString(line):
			t.Errorf("no test for: %.80s", line)
		}
	}
	if n := len(named.FindAllString(text, -1)); n < 50 {
		t.Errorf("only %d tests are named", n)
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

// So is every row of the table in docs/reliability.md of what is shown elsewhere; the faults
// in the lab are held against those that are tried where they are tried.
func TestClaimsOfReliabilityAreTested(t *testing.T) {
	names, text := tests(t), page(t, "docs/reliability.md")
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	found := named.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		if !names[m[1]] {
			t.Errorf("docs/reliability.md names %s, which is no test", m[1])
		}
	}
	_, table, _ := strings.Cut(text, "| shown by |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !named.MatchString(line) {
			t.Errorf("no test for: %.80s", line)
		}
	}
	if len(found) < 60 {
		t.Errorf("only %d tests are named", len(found))
	}
}
