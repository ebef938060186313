package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lines are all log lines of the listing of a file.
func lines(c Config) []string {
	var all []string
	for _, s := range c.Listing() {
		all = append(all, s.Lines()...)
	}
	return all
}

func TestListingOfTheSample(t *testing.T) {
	sample, err := os.ReadFile("testdata/annotated.json")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := mustLoad(t, string(sample))
	want, err := os.ReadFile("testdata/annotated.listing")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), append(lines(c), "")); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestListingOfDefaults(t *testing.T) {
	want := []string{
		"** [ping] ** ",
		"    enable            False",
		"    interval          10",
		"    pingcount         2",
		"    pingwait          1",
		"    monitorip         ",
	}
	got := lines(Defaults())
	if diff := cmp.Diff(want, got[len(got)-len(want):]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[0] != "** [global] ** " {
		t.Errorf("first line %q", got[0])
	}
}

func TestListingShowsTheFileAsPythonDid(t *testing.T) {
	tests := []struct{ key, value, want string }{
		{"interval", `10`, "10"},
		{"interval", `10.0`, "10.0"},
		{"interval", `1e1`, "10.0"},
		{"interval", `2.50`, "2.5"},
		{"interval", `"7"`, "7"},
		{"interval", `0.00001`, "1e-05"},
		{"interval", `0.0001`, "0.0001"},
		{"interval", `null`, "10"},
		{"pingcount", `2.0`, "2"},
		{"pingcount", `"3"`, "3"},
		{"pingwait", `1.0`, "1"},
		{"pingwait", `0.5`, "0.5"},
		{"pingwait", `"2"`, "2"},
		{"debug", `true`, "True"},
		{"debug", `false`, "False"},
		{"debug", `"TRUE"`, "TRUE"},
		{"note", `"a  b "`, "a  b "},
		{"note", `12`, "12"},
		{"note", `-5.0`, "-5.0"},
		{"note", `0.0`, "0.0"},
		{"note", `1e16`, "1e+16"},
		{"addping", `"192.0.2.1, a.b,"`, "192.0.2.1, a.b,"},
		{"addping", `["192.0.2.1","a.b"]`, "192.0.2.1,a.b"},
		{"addping", `"a,\tb"`, `a,\tb`},
		{"providers", `"a.example/ip"`, "http://a.example/ip"},
		{"providers", `""`, defaultProviders},
		{"primary-gw", `"192.0.2.1"`, "192.0.2.1"},
		{"metric", `300.0`, "300.0"},
		{"action-timeout", `0.5`, "0.5"},
	}
	sections := map[string]string{"debug": "global", "note": "global", "action-timeout": "global", "addping": "updown",
		"providers": "ddns", "primary-gw": "failover", "metric": "failover"}
	for _, tt := range tests {
		section := sections[tt.key]
		if section == "" {
			section = "updown"
		}
		c, _ := mustLoad(t, `{"`+section+`": {"`+tt.key+`": `+tt.value+`}`+off)
		if got := listed(c, section, tt.key); got != tt.want {
			t.Errorf("%s %s is listed as %q, want %q", tt.key, tt.value, got, tt.want)
		}
	}
}

// listed is the value that the listing has for a key.
func listed(c Config, section, key string) string {
	for _, s := range c.Listing() {
		for _, x := range s.Settings {
			if s.Name == section && x.Key == key {
				return x.Value
			}
		}
	}
	return "not listed"
}

// What was not taken is not shown as if it were.
func TestListingShowsEffectiveValues(t *testing.T) {
	c, _ := mustLoad(t, `{"updown": {"interval": "abc", "pingcount": 7}`+off)
	if got := listed(c, "updown", "interval"); got != "10" {
		t.Errorf("interval is listed as %q", got)
	}
	if got := listed(c, "updown", "pingcount"); got != "7" {
		t.Errorf("pingcount is listed as %q", got)
	}
}
