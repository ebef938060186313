package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestAllFaultsAtOnceInUCI(t *testing.T) {
	_, warnings, err := loadUCI(t, `
config instance 'main'
	option action '/nowhere'
	option action_timeout '0'
	option ping_enable '1'
	option ping_pingcount '1.5'
	option failover_standby_gw 'fe80::1'
	option failover_enable '1'
	option failover_pingcont '3'
	option failover_primary_if 'eth1'
	option updown_enable 'yes'
	option updown_monitorip 'a b'
	option ddns_interval 'abc'
`)
	wantFaults(t, err,
		"Instance 'main' is not enabled "+inUCI+":2: enabled must be 1)",
		"ping monitor requires an IP Address to monitor "+inUCI+":2: ping_monitorip is missing)",
		"Missing settings for failover monitor:  primary-gw standby-if "+inUCI+":2: add failover_primary_gw failover_standby_if)",
		"Action script '/nowhere' not found "+inUCI+":3)",
		"Invalid value '0' for action-timeout "+inUCI+":4: action_timeout must be a number of seconds greater than 0)",
		"Invalid value '1.5' for pingcount "+inUCI+":6: ping_pingcount must be a whole number from 1 to 1000)",
		"Invalid value 'fe80::1' for standby-gw "+inUCI+":7: failover_standby_gw must be the IPv4 address of a gateway, auto or none)",
		"Invalid value 'a b' for monitorip "+inUCI+":12: updown_monitorip must be an IP address or a DNS name)",
	)
	wantWarnings(t, warnings,
		`option "failover_pingcont": did you mean "failover_pingcount"? `+inUCI+`:9)`,
		"Invalid value 'abc' for interval is ignored, as [ddns] is not enabled "+inUCI+":13: ddns_interval must be a number of seconds greater than 0)",
	)
}

func TestRulesOfSeveralOptions(t *testing.T) {
	uplinks := []string{"option failover_enable 1", "option failover_primary_if eth1", "option failover_primary_gw 192.0.2.1"}
	tests := []struct {
		name     string
		options  []string
		faults   []string
		warnings []string
	}{
		{"one uplink twice", append(uplinks, "option failover_standby_if eth1", "option failover_standby_gw 192.0.2.1"),
			[]string{"Invalid value 'eth1' for standby-if " + inUCI + ":8: failover_standby_if must not be primary-if when standby-gw is primary-gw)"}, nil},
		{"a colon", append(uplinks, "option failover_standby_if eth2", "option failover_standby_gw auto", "option failover_standby_name 'a:b'"),
			nil, []string{"':' in 'a:b' for standby-name is shown as '_' to the action script " + inUCI + ":10: failover_standby_name should have no colon)"}},
		{"off and half done", []string{"option failover_primary_if eth1"},
			nil, []string{"Missing settings for failover monitor:  primary-gw standby-if standby-gw " + inUCI + ":1: [failover] is not enabled)"}},
		{"not executable", []string{"option action /usr/local/bin/plain"},
			[]string{"Action script '/usr/local/bin/plain' not executable " + inUCI + ":5: action must be a file that may be executed)"}, nil},
		{"nothing to do", []string{"option ping_enable 0"},
			[]string{"No monitors are enabled. See documentation " + inUCI + ":1)"},
			[]string{`option "ping_enable" stands there twice: line 3 is ignored, line 5 counts ` + inUCI + `:5)`}},
		{"not enabled", []string{"option enabled 0"},
			[]string{"Instance 'main' is not enabled " + inUCI + ":5: enabled must be 1)"},
			[]string{`option "enabled" stands there twice: line 2 is ignored, line 5 counts ` + inUCI + `:5)`}},
		{"enabled how", []string{"list enabled maybe"},
			[]string{"Invalid value '1 maybe' for enabled " + inUCI + ":2: enabled must be 0 or 1)"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings, err := loadUCI(t, instance(tt.options...))
			wantFaults(t, err, tt.faults...)
			wantWarnings(t, warnings, tt.warnings...)
		})
	}
}

func TestUnknownInUCI(t *testing.T) {
	for option, want := range map[string]string{
		"ping_monitrip":       `did you mean "ping_monitorip"?`,
		"PING_INTERVAL":       `did you mean "ping_interval"?`,
		"primary_if":          `did you mean "failover_primary_if"?`,
		"global_action":       `did you mean "action"?`,
		"global_note":         `did you mean "note"?`,
		"enable":              `did you mean "enabled" or "ddns_enable" or "updown_enable" or "failover_enable" or "ping_enable"?`,
		"monitorip":           `did you mean "updown_monitorip" or "ping_monitorip"?`,
		"enabeld":             `did you mean "enabled"?`,
		"track_ip":            "unknown option, ignored",
		"ping_primary_ifname": "unknown option, ignored",
	} {
		_, warnings, err := loadUCI(t, instance("option "+option+" 1"))
		wantFaults(t, err)
		wantWarnings(t, warnings, fmt.Sprintf(`option "%s": %s %s:5)`, option, want, inUCI))
	}
	_, warnings, err := loadUCI(t, instance()+"config instance\n option x 1\nconfig instanc 'b'\nconfig network 'c'\nconfig globals 'g'\nconfig instance 'd'\n option y 1\n")
	wantFaults(t, err)
	wantWarnings(t, warnings,
		"an instance without a name is ignored: write config instance 'NAME' "+inUCI+":6)",
		`section type "instanc": did you mean "instance"? `+inUCI+":8)",
		`section type "network": unknown type, ignored `+inUCI+":9)",
	)
}

// Every slip of one finger leads to an option.
func TestEverySlipIsNoticedInUCI(t *testing.T) {
	known := keysByOption()
	for name := range known {
		for _, slip := range slips(name) {
			if _, ok := known[slip]; !ok && !strings.Contains(aboutOption(slip), "did you mean") {
				t.Errorf("%s: %s", slip, aboutOption(slip))
			}
		}
	}
}

func TestUCISyntaxFaults(t *testing.T) {
	for text, want := range map[string]string{
		"config instance main\n optoin a b\n":             "line 2, byte 1: 'optoin' where config, option or list is due",
		"config\n":                                        "line 1, byte 0: 'config' where config, option or list is due",
		"option a b\n":                                    "line 1, byte 0: option before the first config line",
		"\n\nconfig":                                      "line 3, byte 0: config without a name",
		"config \n":                                       "line 1, byte 8: a type is missing",
		"config 'a b' c\n":                                "line 1, byte 13: 'a b' is not a name: types have only visible ASCII characters",
		"config instance a-b\n":                           "line 1, byte 20: 'a-b' is not a name: names in UCI have only A-Z a-z 0-9 _",
		"config i a\n list 'ü' 1\n":                       "line 2, byte 11: 'ü' is not a name: names in UCI have only A-Z a-z 0-9 _",
		"package a.b\n":                                   "line 1, byte 12: 'a.b' is not a name: names of packages have only A-Z a-z 0-9 _ -",
		"config i a b\n":                                  "line 1, byte 13: 'b' is too much here",
		"config i a\nconfig j a\n":                        "line 2, byte 11: section 'a' has the type 'i' in line 1",
		"config i a\n\n option x 'y\n# '' z\n\"":          "line 5, byte 21: the ' of line 4 is never closed",
		"config i 'a'; option x \"\ny\\":                  "line 2, byte 27: the \" of line 1 is never closed",
		"config i a\n" + strings.Repeat("o a b\n", 10000): "line 10001, byte 6: more than 10000 options",
	} {
		_, _, err := loadUCI(t, text)
		wantFaults(t, err, "Configuration file '/etc/config/imon' has invalid syntax: "+want)
	}
	var many strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&many, "option a%d 1\n", i)
	}
	_, _, err := loadUCI(t, instance(many.String()))
	wantFaults(t, err, "Configuration file '/etc/config/imon' has more than 1000 options in instance 'main'")
}
