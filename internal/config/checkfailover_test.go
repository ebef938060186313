package config

import (
	"strings"
	"testing"
)

// Rules of several keys: the lines are put into a complete failover section.
func TestFailoverRules(t *testing.T) {
	for _, tt := range []struct{ lines, fault string }{
		{`"recovery-loss": 20, "failure-loss": 20`, ""},
		{`"recovery-loss": 0, "failure-loss": 20`, ""},
		{`"recovery-loss": 21, "failure-loss": 20`, "'21' for recovery-loss: must not be above failure-loss, which is 20"},
		{`"recovery-rtt": 0.5`, "'0.5' for recovery-rtt: must not be above failure-rtt, which is 0"},
		{`"recovery-jitter": 31, "failure-jitter": 30`, "'31' for recovery-jitter: must not be above failure-jitter, which is 30"},
		{`"hold": 3600`, ""},
		{`"hold": 3601`, "'3601' for hold: must not be above hold-max, which is 3600"},
		{`"hold": 1, "hold-max": 0.5`, "'1' for hold: must not be above hold-max, which is 0.5"},

		{`"reliability": 5`, ""},
		{`"reliability": 2, "primary-ping": "a,b", "standby-ping": "c,d,e"`, ""},
		{`"reliability": 3, "primary-ping": "a,b", "standby-ping": "c"`, "'3' for reliability: must be at most 1, the number of targets in standby-ping"},
		{`"reliability": 2, "uplinks": "if=x gw=auto ping=a"`, "'2' for reliability: must be at most 1, the number of targets in ping of uplink 3"},
		{`"reliability": 2, "primary-ping6": "a", "family": "6"`, "'2' for reliability: must be at most 1, the number of targets in primary-ping6"},

		{`"primary-method": "dns"`, ""},
		{`"primary-method": "dns", "primary-ping": "9.9.9.9"`, ""},
		{`"primary-method": "tcp", "primary-ping": "9.9.9.9:443,a.example:1"`, ""},
		{`"primary-method": "http", "primary-ping": "http://a.example/204"`, ""},
		{`"primary-method": "tcp"`, "'tcp' for primary-method: needs a target in primary-ping"},
		{`"standby-method": "http"`, "'http' for standby-method: needs a target in standby-ping"},
		{`"standby-method": "tcp", "standby-ping": "a:1,b"`, "'b' for standby-ping: must be HOST:PORT for method tcp"},
		{`"standby-method": "tcp", "standby-ping": "http://a/"`, "'http://a/' for standby-ping: must be HOST:PORT for method tcp"},
		{`"standby-method": "http", "standby-ping": "a.example"`, "'a.example' for standby-ping: must be an http:// or https:// URL for method http"},
		{`"standby-method": "http", "standby-ping": "a.example:80"`, "'a.example:80' for standby-ping: must be an http:// or https:// URL for method http"},
		{`"standby-method": "dns", "standby-ping": "9.9.9.9:53"`, "'9.9.9.9:53' for standby-ping: must be an address or a name for method dns"},
		{`"primary-ping": "https://a.example/"`, "'https://a.example/' for primary-ping: must be an address or a name for method icmp"},

		{`"x-gw": "", "primary-gw": "none", "primary-ping": "a"`, ""},
		{`"x-gw": "", "primary-gw": "none"`, "'none' for primary-gw: needs a target in primary-ping"},
		{`"primary-gw6": "none"`, ""},
		{`"family": "both", "primary-gw6": "none"`, "'none' for primary-gw6: needs a target in primary-ping6"},
		{`"family": "both", "primary-gw6": "none", "primary-ping6": "2001:db8::1"`, ""},
		{`"family": "both", "primary-method": "tcp", "primary-ping": "a:1"`, "'tcp' for primary-method: needs a target in primary-ping6"},
		{`"family": 6, "primary-method": "tcp", "primary-ping6": "[2001:db8::1]:1", "primary-ping": "what ever is not asked"`,
			"'what ever is not asked' for primary-ping: must be a list of IPv4 addresses or DNS names (with :PORT for method tcp), or URLs for method http"},
		{`"family": 6, "primary-method": "tcp", "primary-ping6": "[2001:db8::1]:1", "primary-ping": "a"`, ""},
		{`"x-if": "", "standby-if": "eth1"`, ""},
		{`"x-if": "", "standby-if": "eth1", "family": "both"`, "'eth1' for standby-if: must not be primary-if when standby-gw6 is primary-gw6"},
		{`"x-if": "", "standby-if": "eth1", "family": "6", "standby-gw6": "fe80::1"`, ""},
		{`"uplinks": "if=eth2 gw=auto", "family": "6"`, "'if=eth2 gw=auto' for uplinks: must not have if= and gw6= of another uplink"},
		{`"uplinks": "if=eth3", "family": "6"`, ""},
	} {
		text := failover("true", tt.lines)
		if strings.Contains(tt.lines, "x-gw") {
			text = strings.Replace(text, `"primary-gw": "192.0.2.1",`, "", 1)
		}
		if strings.Contains(tt.lines, "x-if") {
			text = strings.Replace(text, `"standby-if": "eth2",`, "", 1)
		}
		var want []string
		if value, rule, found := strings.Cut(tt.fault, ": "); found {
			_, key, _ := strings.Cut(value, " for ")
			want = []string{"Invalid value " + value + " (" + testFile + ":5: failover." + key + " " + rule + ")"}
		}
		_, _, err := load(t, strings.Replace(strings.Replace(text, `"x-gw": "", `, "", 1), `"x-if": "", `, "", 1))
		if t.Run(tt.lines, func(t *testing.T) { wantFaults(t, err, want...) }); err == nil {
			continue
		}
		_, warnings := mustLoad(t, strings.Replace(text, "true", "false", 1))
		if len(warnings) == 0 || !strings.Contains(warnings[len(warnings)-1].Text, "is ignored, as [failover] is not enabled") {
			t.Errorf("%s, not enabled: %v", tt.lines, warnings)
		}
	}
}

// IPv6 alone needs no IPv4 gateways.
func TestFamily6NeedsNoGateways(t *testing.T) {
	_, _, err := load(t, `{"failover": {"enable": true, "family": 6, "primary-if": "eth1", "standby-if": "eth2"}}`)
	wantFaults(t, err)
	_, _, err = load(t, `{"failover": {"enable": true, "family": 6, "primary-gw": "192.0.2.1"}}`)
	wantFaults(t, err, "Missing settings for failover monitor:  primary-if standby-if ("+testFile+":1)")
	_, _, err = load(t, `{"failover": {"enable": true, "family": "both", "primary-if": "eth1"}}`)
	wantFaults(t, err, "Missing settings for failover monitor:  primary-gw standby-if standby-gw ("+testFile+":1)")
}

func TestTargetsThatNobodyAsks(t *testing.T) {
	_, warnings := mustLoad(t, failover("true", `"primary-ping6": "a,b", "uplinks": ["if=x gw=auto ping6=c"]`))
	wantWarnings(t, warnings,
		"Targets 'a,b' for primary-ping6 are not asked, as family is 4 ("+testFile+":5: failover.primary-ping6 needs family 6 or both)",
		"Targets 'c' for ping6 are not asked, as family is 4 ("+testFile+":5: failover.uplinks needs family 6 or both)")
}

func TestQualityThatIsNotJudged(t *testing.T) {
	const want = "Loss and times are not judged: fewer than 10 requests are sent in quality-window (" + testFile + ":5: failover.quality-window should be at least "
	for lines, seconds := range map[string]string{
		`"failure-loss": 5, "quality-window": 60`:                                                                 "",
		`"failure-loss": 5, "quality-window": 49`:                                                                 "50)",
		`"failure-rtt": 5, "quality-window": 40, "interval": 2, "primary-ping": "a,b,c"`:                          "",
		`"failure-jitter": 5, "quality-window": 3, "interval": 2, "primary-ping": "a,b,c", "standby-ping": "a,b"`: "6)",
		`"quality-window": 1`:                     "",
		`"failure-loss": 5, "quality-window": 50`: "",
	} {
		_, warnings := mustLoad(t, failover("true", lines))
		if seconds == "" {
			wantWarnings(t, warnings)
		} else {
			wantWarnings(t, warnings, want+seconds)
		}
	}
}
