package config

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

func FuzzLoad(f *testing.F) {
	sample, err := os.ReadFile("testdata/annotated.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	for _, text := range []string{"", "{}", "[", "\ufeff#\r\n{}", ping(`"interval": 1e999`), ping(`"addping": ["a", 1]`),
		failover("true", `"standby-if": "eth1", "primary-name": ":"`), `{"ping": 5, "ping": {"ping": {"ping": null}}}`,
		`{"ddns": {"enable": true, "providers": "a, http://[::1]:80/?x"}, "global": {"action": "/usr/local/bin/imon-action"}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, warnings, err := load(t, string(data))
		for _, w := range warnings {
			checkLine(t, w.String(), w.Path, w.Line, data)
		}
		if err != nil {
			checkFaults(t, c, err, data)
			return
		}
		checkConfig(t, c)
	})
}

// checkLine checks that a message is one line and says where.
func checkLine(t *testing.T, s, path string, line int, data []byte) {
	t.Helper()
	if s == "" || strings.ContainsFunc(s, unicode.IsControl) {
		t.Errorf("message %q", s)
	}
	if path != testFile || line < 0 || line > 1+strings.Count(string(data), "\n") {
		t.Errorf("%q is about %s:%d", s, path, line)
	}
}

func checkFaults(t *testing.T, c Config, err error, data []byte) {
	t.Helper()
	var faults Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("error %T %v", err, err)
	}
	for _, f := range faults {
		checkLine(t, f.Error(), f.Path, f.Line, data)
	}
	if len(c.Enabled()) > 0 {
		t.Errorf("an error with %v enabled", c.Enabled())
	}
}

// checkConfig checks what every monitor may rely on.
func checkConfig(t *testing.T, c Config) {
	t.Helper()
	if len(c.Enabled()) == 0 {
		t.Error("nothing is enabled")
	}
	for _, r := range []Rounds{c.DDNS.Rounds, c.Updown.Rounds, c.Failover.Rounds, c.Ping.Rounds} {
		if r.Interval <= 0 || r.Interval > 365*24*time.Hour || r.Wait <= 0 || r.Count < 1 || r.Count > 1000 {
			t.Errorf("rounds %+v", r)
		}
	}
	if c.Ping.Enable && c.Ping.Target == "" || c.Updown.Enable && c.Updown.Target == "" || len(c.DDNS.Providers) == 0 {
		t.Errorf("a monitor has nobody to ask: %+v", c)
	}
	for _, u := range c.Failover.Uplinks {
		if c.Failover.Enable && (u.Interface == "" || !u.Gateway.IsValid()) {
			t.Errorf("uplink %+v", u)
		}
	}
	for _, k := range Keys() { // what was accepted once is accepted again
		again := Defaults()
		if faults := k.Set(&again, k.Get(c)); len(faults) > 0 || k.Get(again) != k.Get(c) {
			t.Errorf("%s: %q does not survive: %v", k, k.Get(c), faults)
		}
	}
	for _, line := range lines(c) {
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("listing %q", line)
		}
	}
}
