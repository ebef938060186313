package config

import (
	"strings"
	"testing"
)

func TestUnknownKeys(t *testing.T) {
	for line, want := range map[string]string{
		`"pingcout": 1`:    `"pingcout" in [ping]: did you mean "pingcount"?`,
		`"PingCount": 1`:   `"PingCount" in [ping]: did you mean "pingcount"?`,
		`"intreval": []`:   `"intreval" in [ping]: did you mean "interval"?`,
		`"foo": {"a": {}}`: `"foo" in [ping]: unknown key, ignored`,
		`"": 1`:            `"" in [ping]: unknown key, ignored`,
		`"metric": 5`:      `"metric" in [ping]: it belongs to [failover], ignored`,
		`"addpin": "x y"`:  `"addpin" in [ping]: did you mean "addping"?`,
		`"metrc": 5`:       `"metrc" in [ping]: did you mean "metric", which belongs to [failover]?`,
		`"a\nb": null`:     `"a\nb" in [ping]: unknown key, ignored`,
	} {
		_, warnings := mustLoad(t, ping(line))
		wantWarnings(t, warnings, want+" "+at+":2)")
	}
}

func TestUnknownSections(t *testing.T) {
	for line, want := range map[string]string{
		`"pign": {}`:               `section "pign": did you mean "ping"?`,
		`"Ping": {"enable": true}`: `section "Ping": did you mean "ping"?`,
		`"foo": 7`:                 `section "foo": unknown section, ignored`,
		`"metric": 7`:              `"metric" outside of a section: it belongs to [failover], ignored`,
		`"monitorip": "x"`:         `"monitorip" outside of a section: it belongs to [updown] or [ping], ignored`,
	} {
		_, warnings := mustLoad(t, `{"ping": {"enable": true, "monitorip": "a"},`+"\n"+line+"}")
		wantWarnings(t, warnings, want+" "+at+":2)")
	}
}

func TestWarningsComeWithFaults(t *testing.T) {
	_, warnings, err := load(t, `{"ping": {"enabel": true}}`)
	wantFaults(t, err, "No monitors are enabled. See documentation "+at+")")
	wantWarnings(t, warnings, `"enabel" in [ping]: did you mean "enable"? `+at+`:1)`)
}

func TestWarningsAreSortedByLine(t *testing.T) {
	_, warnings := mustLoad(t, `{"ping": {
"enable": "TRUE",
"a": 1,
"monitorip": "x",
"monitorip": "y"},
"b": 1}`)
	wantWarnings(t, warnings,
		"Text 'TRUE' for enable is taken as true "+at+":2: ping.enable must be true or false without quotes)",
		`"a" in [ping]: unknown key, ignored `+at+`:3)`,
		`"monitorip" in [ping] stands there twice: line 4 is ignored, line 5 counts `+at+`:5)`,
		`section "b": unknown section, ignored `+at+`:6)`)
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "ab", 2}, {"ab", "", 2}, {"", "abc", 3},
		{"pingcount", "pingcount", 0},
		{"pingcout", "pingcount", 1}, {"pingcountt", "pingcount", 1}, {"pinkcount", "pingcount", 1},
		{"pnigcount", "pingcount", 1}, {"ab", "ba", 1},
		{"pnigconut", "pingcount", 2}, {"pingco", "pingcount", 3},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {strings.Repeat("x", 1000), "ping", 3},
	}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestNearestTakesTheBest(t *testing.T) {
	if got := nearest("pingwat", []string{"pingweight", "pingwalk", "pingwait", "pingwart"}); got != "pingwait" {
		t.Errorf("nearest = %q", got)
	}
}
