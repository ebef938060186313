package config

import (
	"os"
	"strings"
	"testing"
)

const everything = `{
    "ping": {"monitorip": "192.0.2.1", "enable": true, "pingcount": "3", "interval": 2.50},
    "updown": {"addping": ["a", " b "], "enable": "TRUE", "monitorip": "host.example"},
    "ddns": {"providers": "a.example, b.example", "interval": null},
    "failover": {"primary-name": "it's \"ü\" \\ <b>", "standby-name": "", "metric": 1e3, "prefer-primary": false},
    "global": {"datefmt": "", "note": "", "imon-configure-version": "V1.0", "action": "/bin/true"},
    "unknown": 1
}`

// Values stay as they were written, in the order of the table.
func TestWriteJSON(t *testing.T) {
	c, _, err := readFrom(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.JSON()
	want := `{
    "global": {
        "action": "/bin/true",
        "datefmt": "",
        "note": "",
        "imon-configure-version": "V1.0"
    },
    "ddns": {
        "providers": "a.example, b.example"
    },
    "updown": {
        "enable": true,
        "monitorip": "host.example",
        "addping": [
            "a",
            " b "
        ]
    },
    "failover": {
        "prefer-primary": false,
        "metric": 1e3,
        "primary-name": "it's \"ü\" \\ <b>",
        "standby-name": ""
    },
    "ping": {
        "enable": true,
        "interval": 2.50,
        "pingcount": "3",
        "monitorip": "192.0.2.1"
    }
}
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestWriteUCI(t *testing.T) {
	c, _, err := readFrom(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.UCI("main")
	want := `config instance 'main'
	option enabled '1'
	option action '/bin/true'
	list datefmt ''
	option imon_configure_version 'V1.0'
	option ddns_providers 'a.example, b.example'
	option updown_enable '1'
	option updown_monitorip 'host.example'
	list updown_addping 'a'
	list updown_addping ' b '
	option failover_prefer_primary '0'
	option failover_metric '1e3'
	option failover_primary_name 'it'\''s "ü" \ <b>'
	option ping_enable '1'
	option ping_interval '2.50'
	option ping_pingcount '3'
	option ping_monitorip '192.0.2.1'
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// The annotated sample becomes a section that says the same.
func TestWriteTheAnnotatedSample(t *testing.T) {
	sample, err := os.ReadFile("testdata/annotated.json")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := mustLoad(t, string(sample))
	text, err := c.UCI("main")
	if err != nil {
		t.Fatal(err)
	}
	same, warnings, err := loadUCI(t, string(text))
	c.Path = same.Path
	if diff := diffConfig(c, same); diff != "" || err != nil || len(warnings) > 0 {
		t.Errorf("%v, %v (-JSON +UCI):\n%s", err, warnings, diff)
	}
	if got, want := strings.Join(lines(same), "\n"), strings.Join(lines(c), "\n"); got != want {
		t.Errorf("UCI is listed as\n%s\nJSON as\n%s", got, want)
	}
	checkRoundTrip(t, c)
}

// Settings that were never in a file are written when they are not defaults.
func TestWriteWhatWasSet(t *testing.T) {
	c := Defaults()
	if text, err := c.JSON(); err != nil || string(text) != "{}\n" {
		t.Errorf("defaults are written as %q, %v", text, err)
	}
	for _, k := range Keys() {
		text := sampleTexts()[k.Kind]
		c := Defaults()
		k.Set(&c, text)
		checkRoundTrip(t, c)
		if got, err := c.UCI("x"); err != nil || strings.Count(string(got), "\n") != 3 {
			t.Errorf("%s alone is written as %q, %v", k, got, err)
		}
	}
}

// A value that was changed after reading is written as it is now, also when that is
// the default.
func TestWriteWhatWasChanged(t *testing.T) {
	c, _ := mustLoad(t, ping(`"interval": 5, "pingwait": 2`))
	for _, k := range Keys() {
		if k.String() == "ping.interval" || k.String() == "ping.pingwait" {
			k.Set(&c, map[string]string{"interval": "7.5", "pingwait": "1"}[k.Name])
		}
	}
	got, err := c.UCI("main")
	want := "config instance 'main'\n\toption enabled '1'\n\toption ping_enable '1'\n\toption ping_interval '7.5'\n\toption ping_pingwait '1'\n\toption ping_monitorip '192.0.2.1'\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	c, _ := mustLoad(t, ping(`"interval": 5`))
	for _, name := range []string{"", "a-b", "a.b", "a@b", "ü"} {
		_, err := c.UCI(name)
		wantFaults(t, err, "Invalid value '"+name+"' for instance (names in UCI have only A-Z a-z 0-9 _)")
	}
	for _, options := range []string{"option note 'a\xff'", "list failover_primary_name '\xff'"} {
		c, _, err := loadUCI(t, instance(options))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.JSON()
		if err == nil || !strings.HasSuffix(err.Error(), " must be UTF-8 text in JSON)") {
			t.Errorf("%s: %v", options, err)
		}
		text, err := c.UCI("main")
		if err != nil || !strings.Contains(string(text), "\xff") {
			t.Errorf("%s: %q, %v", options, text, err)
		}
	}
}
