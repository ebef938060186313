package metrics

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promtool runs Prometheus's own checker, and returns all that it prints.
func promtool(t *testing.T, input string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
			t.Skip("no promtool")
		}
		t.Fatal("the test needs promtool (Debian package prometheus); set IMON_SKIP_ROOT_TESTS=1 to skip such tests")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// written is what a configuration with everything writes when all of it has happened.
func written(t *testing.T) string {
	var text string
	in(t, func(r *rig) { r.happen(); text = r.text() })
	return text
}

// families are the metrics that imon writes, with their types.
func families(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(written(t), -1) {
		all[m[1]] = m[2]
	}
	if len(all) < 20 {
		t.Fatalf("only %d metrics", len(all))
	}
	return all
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The program that Prometheus has for it finds nothing to complain of.
func TestPromtoolTakesTheMetrics(t *testing.T) {
	if out := promtool(t, written(t), "check", "metrics"); out != "" {
		t.Error(out)
	}
}

func TestPromtoolTakesTheRules(t *testing.T) {
	if out := promtool(t, "", "check", "rules", "../../docs/alerts.yaml"); !strings.Contains(out, "SUCCESS: 14 rules found") {
		t.Error(out)
	}
	promtool(t, "", "test", "rules", "testdata/alerts.yaml")
}

// docs/metrics.md has every metric with its type, and no other.
func TestTableHasEveryMetric(t *testing.T) {
	rows := make(map[string]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (gauge|counter|histogram) \\|").FindAllStringSubmatch(document(t, "metrics.md"), -1) {
		rows[m[1]] = m[2]
	}
	if want := families(t); !maps.Equal(rows, want) {
		t.Errorf("the table has %v, imon %v", rows, want)
	}
}

// The dashboard, the rules and the examples name no metric and no label that there is not.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	known := families(t)
	for name, kind := range maps.Clone(known) {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if kind == "histogram" {
				known[name+part] = "part"
			}
		}
	}
	named := regexp.MustCompile(`\b(?:imon|process|go)_[a-z_]+\b`)
	for _, file := range []string{"metrics.md", "alerts.yaml", "grafana-dashboard.json"} {
		names := named.FindAllString(document(t, file), -1)
		for _, name := range names {
			if known[name] == "" {
				t.Errorf("%s names %s, which is no metric", file, name)
			}
		}
		if len(names) < 15 {
			t.Errorf("%s names only %d metrics", file, len(names))
		}
	}
}

// dashboard is what a test wants to know of a dashboard of Grafana.
type dashboard struct {
	Title         string
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type string }
	}
	Panels []struct {
		ID         int
		Type       string
		Title      string
		Datasource struct{ Type, UID string }
		GridPos    struct{ X, Y, W, H int }
		Targets    []struct{ Expr, RefID string }
	}
}

// The dashboard is one that Grafana can import: any data source, panels with numbers of their
// own that lie beside each other, and variables that exist.
func TestDashboard(t *testing.T) {
	var d dashboard
	decoder := json.NewDecoder(bytes.NewReader([]byte(document(t, "grafana-dashboard.json"))))
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if d.Title != "imon" || d.SchemaVersion < 30 || !slices.Equal(variables, []string{"datasource", "job", "instance"}) || d.Templating.List[0].Type != "datasource" {
		t.Errorf("%s, version %d, variables %v", d.Title, d.SchemaVersion, variables)
	}
	taken, numbers := make(map[[2]int]string), make(map[int]bool)
	for _, p := range d.Panels {
		if numbers[p.ID] || p.Datasource.UID != "${datasource}" || p.Datasource.Type != "prometheus" || p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d: %+v", p.ID, p)
		}
		numbers[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" || at[0] >= 24 {
					t.Fatalf("%s lies on %s, or outside", p.Title, taken[at])
				}
				taken[at] = p.Title
			}
		}
	}
	if len(d.Panels) < 10 {
		t.Errorf("only %d panels", len(d.Panels))
	}
}
