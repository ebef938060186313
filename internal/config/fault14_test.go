package config

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"
)

// The Python program died with a traceback, or did something else than it was
// told, when a file left a key out or had a value that it did not expect.

func TestFault14MissingOptionalKeys(t *testing.T) {
	c, warnings := mustLoad(t, `{
"ddns": {"enable": true},
"updown": {"enable": true, "monitorip": "192.0.2.1"},
"failover": {"enable": true, "primary-if": "eth1", "primary-gw": "192.0.2.1", "standby-if": "eth2", "standby-gw": "198.51.100.1"},
"ping": {"enable": true, "monitorip": "192.0.2.1"}}`)
	wantWarnings(t, warnings)
	for name, r := range map[string]Rounds{"ddns": c.DDNS.Rounds, "updown": c.Updown.Rounds,
		"failover": c.Failover.Rounds, "ping": c.Ping.Rounds} {
		if want := (Rounds{Enable: true, Interval: 10 * time.Second, Count: 2, Wait: time.Second}); r != want {
			t.Errorf("%s: %+v, want %+v", name, r, want)
		}
	}
	if c.Failover.Metric != 201 || c.Failover.PreferPrimary || c.Updown.Refutes() || c.Global.Action != "" {
		t.Errorf("not the defaults: %+v", c)
	}
}

func TestFault14FalseInQuotesDoesNotEnable(t *testing.T) {
	for _, no := range []string{"false", "False", "FALSE"} {
		c, warnings := mustLoad(t, `{"updown": {"enable": "`+no+`", "monitorip": "192.0.2.1"},
"ping": {"enable": true, "monitorip": "192.0.2.1"}}`)
		if c.Updown.Enable {
			t.Errorf("%q enables", no)
		}
		wantWarnings(t, warnings, "Text '"+no+"' for enable is taken as false "+
			at+":1: updown.enable must be true or false without quotes)")
	}
	_, _, err := load(t, `{"updown": {"enable": "false", "monitorip": "192.0.2.1"}}`)
	wantFaults(t, err, "No monitors are enabled. See documentation "+at+")")
}

func TestFault14Interval(t *testing.T) {
	number := " " + at + ":2: ping.interval must be a number of seconds greater than 0)"
	for value, want := range map[string]string{
		`-1`:    "Invalid value '-1' for interval" + number,
		`"abc"`: "Invalid value 'abc' for interval" + number,
		`0`:     "Invalid value '0' for interval" + number,
		`"NaN"`: "Invalid value 'NaN' for interval" + number,
		`1e999`: "Invalid value '1e999' for interval " + at + ":2: ping.interval must be at most 31536000 seconds (one year))",
		`NaN`: "Configuration file '/etc/default/imon-main' has invalid syntax: " +
			"line 2: 'N' where a value is due: a text in double quotes, a number, true, false, null, a list or a section",
	} {
		_, _, err := load(t, ping(`"interval": `+value))
		wantFaults(t, err, want)
	}
}

func TestFault14PingwaitKeepsItsFraction(t *testing.T) {
	c, _ := mustLoad(t, ping(`"pingwait": 0.5`))
	if c.Ping.Wait != 500*time.Millisecond {
		t.Errorf("Wait = %v, want 500ms", c.Ping.Wait)
	}
}

// spy is a file system that says which files were opened.
type spy struct {
	afero.Fs
	opened *[]string
}

func (s spy) Open(name string) (afero.File, error) {
	*s.opened = append(*s.opened, name)
	return s.Fs.Open(name)
}

func TestFault14InstanceReadsNoOtherFile(t *testing.T) {
	for _, name := range []string{"../../x", "../x", "a/../../x", "/x", "..", "a/b"} {
		fs := disk(t, ping(`"interval": 5`))
		for _, path := range []string{"/x", "/etc/x", "/etc/default/x", "/etc/default/imon-" + name} {
			writeFile(t, fs, path, ping(`"interval": 5`))
		}
		var opened []string
		_, _, err := Load(spy{fs, &opened}, name, "")
		wantFaults(t, err, "Invalid value '"+name+"' for instance ("+instanceRule+")")
		if len(opened) > 0 {
			t.Errorf("--instance %s opened %s", name, strings.Join(opened, ", "))
		}
	}
}
