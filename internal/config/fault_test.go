package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const at = "(/etc/default/imon-main"

func TestAllFaultsAtOnce(t *testing.T) {
	_, warnings, err := load(t, `{
  "global": {
    "action": "/nowhere",
    "action-timeout": 0
  },
  "ping": {
    "pingcount": 1.5,
    "enable": true
  },
  "failover": {
    "standby-gw": "fe80::1",
    "enable": true,
    "pingcont": 3,
    "primary-if": "eth1"
  },
  "updown": {
    "enable": true,
    "monitorip": "a b",
    "interval": "abc"
  }
}`)
	wantFaults(t, err,
		"Action script '/nowhere' not found "+at+":3)",
		"Invalid value '0' for action-timeout "+at+":4: global.action-timeout must be a number of seconds greater than 0)",
		"ping monitor requires an IP Address to monitor "+at+":6: ping.monitorip is missing)",
		"Invalid value '1.5' for pingcount "+at+":7: ping.pingcount must be a whole number from 1 to 1000)",
		"Missing settings for failover monitor:  primary-gw standby-if "+at+":10)",
		"Invalid value 'fe80::1' for standby-gw "+at+":11: failover.standby-gw must be the IPv4 address of a gateway, auto or none)",
		"Invalid value 'a b' for monitorip "+at+":18: updown.monitorip must be an IP address or a DNS name)",
		"Invalid value 'abc' for interval "+at+":19: updown.interval must be a number of seconds greater than 0)",
	)
	wantWarnings(t, warnings, `"pingcont" in [failover]: did you mean "pingcount"? `+at+`:13)`)
}

func TestFaultFields(t *testing.T) {
	_, _, err := load(t, ping(`"interval": "abc"`))
	want := Faults{{
		Path: testFile, Line: 2, Section: "ping", Key: "interval", Value: "abc",
		Rule:     "must be a number of seconds greater than 0",
		Sentence: "Invalid value 'abc' for interval " + at + ":2: ping.interval must be a number of seconds greater than 0)",
	}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMissingAndMachine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no address", `{"ping": {"enable": true}}`,
			"ping monitor requires an IP Address to monitor " + at + ":1: ping.monitorip is missing)"},
		{"empty address", "{\"ping\": {\"enable\": true,\n\"monitorip\": \"\"}}",
			"ping monitor requires an IP Address to monitor " + at + ":2: ping.monitorip is missing)"},
		{"null address", `{"updown": {"enable": true, "monitorip": null}}`,
			"updown monitor requires an IP Address to monitor " + at + ":1: updown.monitorip is missing)"},
		{"no uplinks", "{\n\"failover\": {\"enable\": true}}",
			"Missing settings for failover monitor:  primary-if primary-gw standby-if standby-gw " + at + ":2)"},
		{"empty uplinks", `{"failover": {"enable": true, "primary-if": "", "primary-gw": null, "standby-if": "a", "standby-gw": ""}}`,
			"Missing settings for failover monitor:  primary-if primary-gw standby-gw " + at + ":1)"},
		{"nothing enabled", `{"ping": {"enable": false}, "ddns": {}}`,
			"No monitors are enabled. See documentation " + at + ")"},
		{"nothing at all", `{}`, "No monitors are enabled. See documentation " + at + ")"},
		{"a bad enable is not nothing enabled", `{"ping": {"enable": "on"}}`,
			"Invalid value 'on' for enable " + at + ":1: ping.enable must be true or false)"},
		{"a section that is none", "{\n\"ping\": [1,\n2]}",
			`Invalid value '[1,\n2]' for ping ` + at + ":2: ping must be a section in braces)"},
		{"action is a directory", ping(`"x": 1}, "global": {"action": "/usr/local/lib"`),
			"Action script '/usr/local/lib' not executable " + at + ":2: global.action must be a regular file)"},
		{"action without x", ping(`"x": 1}, "global": {"action": "/usr/local/bin/plain"`),
			"Action script '/usr/local/bin/plain' not executable " + at + ":2: global.action must be a file that may be executed)"},
		{"relative action", ping(`"x": 1}, "global": {"action": "imon-action"`),
			"Action script 'imon-action' not found " + at + ":2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, tt.text)
			wantFaults(t, err, tt.want)
		})
	}
}

func TestUplinksMustDiffer(t *testing.T) {
	same := `"standby-if": "eth1", "standby-gw": "192.0.2.1"`
	want := "Invalid value 'eth1' for standby-if"
	why := at + ":5: failover.standby-if must not be primary-if when standby-gw is primary-gw)"
	_, _, err := load(t, failover("true", same))
	wantFaults(t, err, want+" "+why)
	_, warnings, err := load(t, failover("false", same))
	wantFaults(t, err)
	if len(warnings) == 0 || warnings[len(warnings)-1].String() != want+" is ignored, as [failover] is not enabled "+why {
		t.Errorf("warnings: %v", warnings)
	}
	for _, other := range []string{`"standby-if": "eth1"`, `"standby-gw": "192.0.2.1"`} {
		if _, _, err := load(t, failover("true", other)); err != nil {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestColonInNames(t *testing.T) {
	_, warnings := mustLoad(t, failover("true", `"primary-name": "a:b", "standby-name": "fibre (up to 1 Gbit/s)"`))
	wantWarnings(t, warnings, "':' in 'a:b' for primary-name is shown as '_' to the action script "+
		at+":5: failover.primary-name should have no colon)")
	_, warnings = mustLoad(t, failover("false", `"primary-name": "a:b"`))
	wantWarnings(t, warnings)
}

func TestSentencesAreOneLine(t *testing.T) {
	fs := disk(t, "")
	for _, text := range []string{"{", "", "[]", "\xff", `{"a\nb": 1, "ping": {"x\ny": 1, "interval": "1\r\n", "enable": "\u001b"}}`} {
		path := "/tmp/a\nb"
		writeFile(t, fs, path, text)
		_, warnings, err := Load(fs, "main", path)
		for _, w := range warnings {
			if s := w.String(); strings.ContainsAny(s, "\n\r\x1b") {
				t.Errorf("warning %q", s)
			}
		}
		for _, f := range err.(Faults) {
			if s := f.Error(); strings.ContainsAny(s, "\n\r\x1b") || strings.HasPrefix(s, "? ") {
				t.Errorf("fault %q", s)
			}
		}
	}
}

func TestWhere(t *testing.T) {
	tests := []struct {
		path string
		line int
		rule string
		want string
	}{
		{"", 0, "", ""},
		{"/a", 0, "", " (/a)"},
		{"/a", 7, "", " (/a:7)"},
		{"/a", 7, "b must be c", " (/a:7: b must be c)"},
		{"/a", 0, "b must be c", " (/a: b must be c)"},
		{"", 0, "b must be c", " (b must be c)"},
		{"/a\n", 1, "", ` (/a\n:1)`},
	}
	for _, tt := range tests {
		if got := where(tt.path, tt.line, tt.rule); got != tt.want {
			t.Errorf("where(%q, %d, %q) = %q, want %q", tt.path, tt.line, tt.rule, got, tt.want)
		}
	}
}
