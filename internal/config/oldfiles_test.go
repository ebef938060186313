package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oldFile is a file as imon-configure wrote it in Python: every key is there,
// monitors that were not wanted have empty texts. The words in braces are to be
// replaced.
const oldFile = `{
    "global": {
        "action": "",
        "datefmt": "%Y-%m-%d %H:%M:%S",
        "instance": "main",
        "note": "",
        "imon-configure-version": "V1.0",
        "imon-configure-created": "2022-05-01 10:00:00",
        "debug": {debug}
    },
    "ddns": {
        "enable": {ddns},
        "interval": 10,
        "pingcount": 2,
        "pingwait": 1
    },
    "updown": {
        "enable": {updown},
        "interval": 5.0,
        "pingcount": 2,
        "pingwait": 1,
        "monitorip": "{target}",
        "addping": "",
        "dnsserver": "",
        "dnslookup": "host.example"
    },
    "failover": {
        "enable": false,
        "interval": 10,
        "pingcount": 2,
        "pingwait": 1,
        "prefer-primary": false,
        "metric": 201,
        "primary-if": "",
        "primary-name": "",
        "primary-gw": "",
        "primary-ping": "",
        "primary-postping": "",
        "standby-if": "",
        "standby-name": "",
        "standby-gw": "",
        "standby-ping": "",
        "standby-postping": ""
    },
    "ping": {
        "enable": false,
        "interval": 10,
        "pingcount": 2,
        "pingwait": 1,
        "monitorip": ""
    }
}
`

func old(words ...string) string {
	defaults := []string{"{debug}", "false", "{ddns}", "false", "{updown}", "false", "{target}", ""}
	return strings.NewReplacer(append(words, defaults...)...).Replace(oldFile)
}

func TestOldFiles(t *testing.T) {
	tests := []struct {
		name, text string
		enabled    []string
		faults     []string
	}{
		{"ddns", old("{ddns}", "true", "{debug}", "true"), []string{"ddns"}, nil},
		{"updown", old("{updown}", "true", "{target}", "192.0.2.1"), []string{"updown"}, nil},
		{"both", old("{updown}", "true", "{target}", "a.example", "{ddns}", "true"), []string{"ddns", "updown"}, nil},
		{"none", old(), nil, []string{"No monitors are enabled. See documentation " + at + ")"}},
		{"no target", old("{updown}", "true"), nil,
			[]string{"updown monitor requires an IP Address to monitor " + at + ":22: updown.monitorip is missing)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, warnings, err := load(t, tt.text)
			wantWarnings(t, warnings)
			wantFaults(t, err, tt.faults...)
			if diff := cmp.Diff(tt.enabled, c.Enabled()); diff != "" {
				t.Errorf("enabled (-want +got):\n%s", diff)
			}
		})
	}
}

// The listing of an old file has the lines that it had, in the same order, and
// between them only the keys that are new.
func TestListingOfAnOldFile(t *testing.T) {
	text := old("{updown}", "true", "{target}", "192.0.2.1")
	c, _ := mustLoad(t, text)
	var got []string
	for _, line := range lines(c) {
		if key := strings.Fields(line)[0]; key != "action-timeout" && key != "providers" {
			got = append(got, line)
		}
	}
	python := strings.NewReplacer("true", "True", "false", "False", `"`, "", ",", "")
	var want []string
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(python.Replace(strings.TrimSpace(line)), ": ")
		switch {
		case found && value == "{":
			want = append(want, "** ["+key+"] ** ")
		case found:
			want = append(want, "    "+key+strings.Repeat(" ", max(0, 17-len(key)))+" "+value)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
