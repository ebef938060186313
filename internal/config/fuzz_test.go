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
		failover("true", `"uplinks": ["if=a gw=auto ping=b,c", "if=d gw=none name=e ping=f;if=g gw=192.0.2.9 method=dns"], "reliability": 2`),
		failover("true", `"family": 6, "standby-gw6": "fe80::1", "primary-method": "tcp", "primary-ping6": "[2001:db8::1]:443", "uplinks": "if=a"`),
		failover("true", `"recovery-loss": 20, "failure-loss": "20", "hold": 5e3, "primary-ping": ["a", "b;c"], "failure-rtt": 0.5`),
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
	checkUplinks(t, c.Failover)
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

// checkUplinks checks what the monitor of each family may rely on.
func checkUplinks(t *testing.T, f Failover) {
	t.Helper()
	var all []Uplink
	if f.Family.V4() {
		all = f.All()
	}
	if f.Family.V6() {
		all = append(all, f.V6().All()...)
	}
	for _, u := range all {
		if f.Enable && (u.Interface == "" || !u.Gateway.IsValid() || u.NoGateway() && len(u.Targets) == 0) {
			t.Errorf("uplink %+v", u)
		}
	}
	if q := f.Quality; f.Enable && (f.Hold > f.HoldMax || q.RecoveryLoss > q.FailureLoss || len(f.All()) > maxUplinks) {
		t.Errorf("failover %+v", f)
	}
}
