package config

import (
	"testing"
	"time"
)

const off = `, "ping": {"enable": true, "monitorip": "192.0.2.1"}}`

// What imon-configure wrote for monitors that were not wanted must go on
// loading without a word.
func TestDisabledAsConfigureWroteIt(t *testing.T) {
	text := `{"global": {"action": ""},
"ddns": {"enable": false, "interval": 10, "pingcount": 2, "pingwait": 1},
"updown": {"enable": false, "interval": 10, "pingcount": 2, "pingwait": 1, "monitorip": "", "addping": "", "dnsserver": "", "dnslookup": ""},
"failover": {"enable": false, "interval": 10, "pingcount": 2, "pingwait": 1, "prefer-primary": false, "metric": 201,
 "primary-if": "", "primary-name": "", "primary-gw": "", "primary-ping": "", "primary-postping": "",
 "standby-if": "", "standby-name": "", "standby-gw": "", "standby-ping": "", "standby-postping": ""}` + off
	_, warnings := mustLoad(t, text)
	wantWarnings(t, warnings)
}

func TestDisabledSections(t *testing.T) {
	const ignored = " is ignored, as [updown] is not enabled "
	tests := []struct {
		name, updown string
		want         []string
	}{
		{"wrong values", `{"enable": false,
"interval": "abc",
"pingcount": 0, "monitorip": "a b"}`, []string{
			"Invalid value 'abc' for interval" + ignored + at + ":2: updown.interval must be a number of seconds greater than 0)",
			"Invalid value '0' for pingcount" + ignored + at + ":3: updown.pingcount must be a whole number from 1 to 1000)",
			"Invalid value 'a b' for monitorip" + ignored + at + ":3: updown.monitorip must be an IP address or a DNS name)"}},
		{"no enable", `{"interval": -1}`, []string{
			"Invalid value '-1' for interval" + ignored + at + ":1: updown.interval must be a number of seconds greater than 0)"}},
		{"enable as text", `{"enable": "False", "interval": []}`, []string{
			"Text 'False' for enable is taken as false " + at + ":1: updown.enable must be true or false without quotes)",
			"Invalid value '[]' for interval" + ignored + at + ":1: updown.interval must be a number of seconds greater than 0)"}},
		{"null enable", `{"enable": null, "addping": "a;b"}`, []string{
			"Invalid value 'a;b' for addping" + ignored + at + ":1: updown.addping must be a list of IP addresses or DNS names)"}},
		{"nothing missing", `{"enable": false}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, warnings := mustLoad(t, `{"updown": `+tt.updown+off)
			wantWarnings(t, warnings, tt.want...)
			if c.Updown.Interval != 10*time.Second || c.Updown.Count != 2 || c.Updown.Target != "" || c.Updown.Secondaries != nil {
				t.Errorf("not the defaults: %+v", c.Updown)
			}
		})
	}
}

func TestDisabledFailoverHalfFilledIn(t *testing.T) {
	_, warnings := mustLoad(t, `{"failover": {"enable": false, "primary-if": "eth1", "standby-gw": "192.0.2.1"}`+off)
	wantWarnings(t, warnings, "Missing settings for failover monitor:  primary-gw standby-if "+at+":1: [failover] is not enabled)")
}

// The file does not say clearly that the monitor is off, so nothing is let pass.
func TestUnclearEnableIsStrict(t *testing.T) {
	_, _, err := load(t, `{"updown": {"enable": "no",
"interval": 0}`+off)
	wantFaults(t, err,
		"Invalid value 'no' for enable "+at+":1: updown.enable must be true or false)",
		"Invalid value '0' for interval "+at+":2: updown.interval must be a number of seconds greater than 0)")
}

func TestGlobalIsNeverOff(t *testing.T) {
	_, _, err := load(t, `{"global": {"enable": false, "debug": "x"}`+off)
	wantFaults(t, err, "Invalid value 'x' for debug "+at+":1: global.debug must be true or false)")
}
