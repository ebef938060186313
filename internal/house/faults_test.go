package house

import (
	"regexp"
	"strings"
	"testing"
)

// Every test that docs/faults.md names exists, and every row of its table of what
// is shown elsewhere names one.
func TestClaimsOfFaultsAreTested(t *testing.T) {
	names, text := tests(t), page(t, "docs/faults.md")
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	found := named.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		if !names[m[1]] {
			t.Errorf("docs/faults.md names %s, which is no test", m[1])
		}
	}
	_, table, _ := strings.Cut(text, "| shown by |\n")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !named.MatchString(line) {
			t.Errorf("no test for: %.80s", line)
		}
	}
	if len(found) < 30 {
		t.Errorf("only %d tests are named", len(found))
	}
}
