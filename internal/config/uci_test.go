package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

const inUCI = "(/etc/config/imon"

// router is a file system without a JSON file and with the given UCI file.
func router(t testing.TB, text string) afero.Fs {
	t.Helper()
	fs := disk(t, "")
	if err := fs.Remove(testFile); err != nil {
		t.Fatal(err)
	}
	if err := afero.WriteFile(fs, UCIPath, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return fs
}

func loadUCI(t testing.TB, text string) (Config, []Warning, error) {
	t.Helper()
	return Load(router(t, text), "main", "")
}

// instance is an enabled instance main with a ping monitor and more options,
// from line 5.
func instance(options ...string) string {
	first := "config instance main\n option enabled 1\n option ping_enable 1\n option ping_monitorip 192.0.2.1\n"
	return first + strings.Join(options, "\n") + "\n"
}

// The rule is mechanical, and no two settings share a name.
func TestOptionNames(t *testing.T) {
	seen := map[string]bool{"enabled": true}
	for _, k := range Keys() {
		name := k.Option()
		if !isUCIName(name) || seen[name] {
			t.Errorf("%s has the option %q", k, name)
		}
		seen[name] = true
		want := strings.TrimPrefix(strings.NewReplacer(".", "_", "-", "_").Replace(k.String()), "global_")
		if name != want {
			t.Errorf("%s has the option %q, want %q", k, name, want)
		}
	}
	for _, name := range []string{"action", "action_timeout", "failover_primary_if", "updown_addping"} {
		if !seen[name] {
			t.Errorf("no option %q", name)
		}
	}
}

// Every key can be set in UCI, and means the same there.
func TestEveryOptionFillsItsKey(t *testing.T) {
	fs := router(t, "")
	for _, k := range Keys() {
		text := sampleTexts()[k.Kind]
		file := fmt.Sprintf("config instance main\n option enabled 1\n option %s '%s'\n", k.Option(), text)
		if err := afero.WriteFile(fs, UCIPath, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		c, warnings, err := Read(fs, "main", "")
		if err != nil || len(warnings) > 0 || k.Get(c) != text {
			t.Errorf("%s = %q, want %q; %v, %v", k.Option(), k.Get(c), text, warnings, err)
		}
		want := Defaults()
		want.Path = UCIPath
		k.Set(&want, text)
		if diff := diffConfig(want, c); diff != "" {
			t.Errorf("%s (-want +got):\n%s", k, diff)
		}
	}
}

// Every rule of JSON values holds for UCI values, in the words of UCI.
func TestRulesInUCI(t *testing.T) {
	for _, tt := range slices.Concat(numberRules(), nameRules()) {
		section, name, _ := strings.Cut(tt.key, ".")
		k := Keys()[slices.IndexFunc(Keys(), func(k Key) bool { return k.String() == tt.key })]
		if k.Kind == KindBool {
			continue // see TestBooleansInUCI
		}
		for value, want := range tt.good {
			if text, ok := uciText(value); ok {
				c, _, err := loadUCI(t, inInstance(section, k.Option(), text))
				if err != nil || k.Get(c) != want {
					t.Errorf("%s %s = %q, want %q, %v", k.Option(), value, k.Get(c), want, err)
				}
			}
		}
		for value, shown := range tt.bad {
			if text, ok := uciText(value); ok && (k.Kind.number() || text != value) {
				_, _, err := loadUCI(t, inInstance(section, k.Option(), text))
				wantFaults(t, err, fmt.Sprintf("Invalid value '%s' for %s %s:12: %s %s)", shown, name, inUCI, k.Option(), tt.rule))
			}
		}
	}
}

// uciText is what a JSON value says in UCI, if UCI can say it. A number is a
// text there like any other.
func uciText(value string) (string, bool) {
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return quoted(v), v != "" && !strings.Contains(v, "\x00")
	case float64:
		return value, true
	default:
		return "", false
	}
}

// inInstance puts a value for an option on the last line of a file that is
// otherwise good, line 12, and enables its monitor.
func inInstance(section, option, value string) string {
	lines := []string{"config instance main", "option enabled 1", "option ddns_enable 1"}
	for _, other := range []string{"updown_monitorip 192.0.2.1", "ping_monitorip 192.0.2.1",
		"failover_primary_if eth1", "failover_primary_gw 192.0.2.1", "failover_standby_if eth2", "failover_standby_gw auto"} {
		lines = append(lines, "option "+other)
		if strings.HasPrefix(other, option+" ") {
			lines[len(lines)-1] = "#"
		}
	}
	lines = append(lines, "", "#")
	if section != "global" && section != "ddns" {
		lines[10] = "option " + section + "_enable 1"
	}
	return strings.Join(lines, "\n") + "\noption " + option + " " + value + "\n"
}

func TestBooleansInUCI(t *testing.T) {
	words := map[string]bool{"1": true, "on": true, "true": true, "yes": true, "enabled": true,
		"0": false, "off": false, "false": false, "no": false, "disabled": false}
	for word, want := range words {
		c, warnings, err := loadUCI(t, instance("option failover_prefer_primary '"+word+"'"))
		if err != nil || len(warnings) > 0 || c.Failover.PreferPrimary != want {
			t.Errorf("%s is %v; %v, %v", word, c.Failover.PreferPrimary, warnings, err)
		}
		_, _, err = loadUCI(t, instance("option enabled "+word))
		if (err == nil) != want {
			t.Errorf("enabled %s: %v", word, err)
		}
	}
	for _, word := range []string{"True", "ON", "2", "y", " 1", "enable", "1 1"} {
		_, _, err := loadUCI(t, instance("option debug '"+word+"'"))
		wantFaults(t, err, "Invalid value '"+word+"' for debug "+inUCI+":5: debug must be 0 or 1)")
	}
}

// The log shows a UCI file as it would show the same settings from JSON.
func TestListingOfUCI(t *testing.T) {
	c, _, err := loadUCI(t, instance("option ping_interval 2.0", "option debug yes", "list updown_addping a", "list updown_addping b"))
	if err != nil {
		t.Fatal(err)
	}
	same, _ := mustLoad(t, `{"ping": {"enable": true, "monitorip": "192.0.2.1", "interval": 2.0},
		"global": {"debug": true}, "updown": {"addping": "a,b"}}`)
	if got, want := strings.Join(lines(c), "\n"), strings.Join(lines(same), "\n"); got != want {
		t.Errorf("UCI:\n%s\nJSON:\n%s", got, want)
	}
	if c.Path != UCIPath || c.Source() != "/etc/config/imon (instance main)" || same.Source() != testFile {
		t.Errorf("path %q, sources %q and %q", c.Path, c.Source(), same.Source())
	}
}

func TestListsInUCI(t *testing.T) {
	for name, options := range map[string][]string{
		"list":            {"list updown_addping 192.0.2.1", "list updown_addping 192.0.2.1", "list updown_addping ''", "list updown_addping ' b.example '"},
		"comma separated": {"option updown_addping '192.0.2.1,192.0.2.1 , b.example'"},
		"both":            {"option updown_addping 192.0.2.1", "list updown_addping 192.0.2.1", "list updown_addping b.example"},
		"list of one":     {"option updown_addping c.example", "option updown_addping 192.0.2.1,192.0.2.1,b.example", "list ping_interval 5"},
	} {
		c, _, err := loadUCI(t, instance(options...))
		if got := strings.Join(c.Updown.Secondaries, " "); err != nil || got != "192.0.2.1 192.0.2.1 b.example" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	_, _, err := loadUCI(t, instance("list ping_interval 5", "list ping_interval 6"))
	wantFaults(t, err, "Invalid value '5 6' for interval "+inUCI+":5: ping_interval must be one option, not a list)")
	_, _, err = loadUCI(t, instance("option updown_enable 1", "option updown_monitorip a", "list updown_addping a", "list updown_addping 'b c'"))
	wantFaults(t, err, "Invalid value 'b c' for addping "+inUCI+":8: updown_addping must be a list of IP addresses or DNS names)")
}
