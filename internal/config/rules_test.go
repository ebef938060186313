package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ruleTest is a key with values as they stand in a JSON file, on a line of their own.
type ruleTest struct {
	key  string
	rule string
	good map[string]string // value in the file: what Get returns
	bad  map[string]string // value in the file: as the fault shows it
}

// numberRules are the keys whose values are numbers, true or false.
func numberRules() []ruleTest {
	return []ruleTest{
		{
			key: "ping.enable", rule: "must be true or false",
			good: map[string]string{
				`true`: "true",
			},
			bad: map[string]string{
				`1`:       "1",
				`0`:       "0",
				`"yes"`:   "yes",
				`""`:      "",
				`[]`:      "[]",
				`{}`:      "{}",
				`" true"`: " true",
			},
		},
		{
			key: "ping.interval", rule: "must be a number of seconds greater than 0",
			good: map[string]string{
				`1`:        "1",
				`2.5`:      "2.5",
				`"3"`:      "3",
				`" 4 "`:    "4",
				`"1e1"`:    "10",
				`31536000`: "31536000",
				`0.001`:    "0.001",
				`1E0`:      "1",
				`null`:     "10",
			},
			bad: map[string]string{
				`-1`:         "-1",
				`"abc"`:      "abc",
				`0`:          "0",
				`0.0`:        "0.0",
				`-0`:         "-0",
				`1e-30`:      "1e-30",
				`"NaN"`:      "NaN",
				`"inf"`:      "inf",
				`"Infinity"`: "Infinity",
				`"-inf"`:     "-inf",
				`-1e999`:     "-1e999",
				`""`:         "",
				`" "`:        " ",
				`true`:       "true",
				`[1]`:        "[1]",
				`{"a":1}`:    `{"a":1}`,
				`"0x10"`:     "0x10",
				`"1_0"`:      "1_0",
				`"1 0"`:      "1 0",
				`"10s"`:      "10s",
				`"1e"`:       "1e",
				`"١"`:        "١",
				`"5\n"`:      `5\n`,
			},
		},
		{
			key: "ping.interval", rule: "must be at most 31536000 seconds (one year)",
			bad: map[string]string{
				`1e999`:    "1e999",
				`31536001`: "31536001",
				`"1e400"`:  "1e400",
			},
		},
		{
			key: "ping.pingwait", rule: "must be a number of seconds greater than 0",
			good: map[string]string{
				`0.5`:   "0.5",
				`"0.5"`: "0.5",
				`1.0`:   "1",
			},
			bad: map[string]string{
				`0`: "0",
			},
		},
		{
			key: "ping.pingcount", rule: "must be a whole number from 1 to 1000",
			good: map[string]string{
				`1`:     "1",
				`2.0`:   "2",
				`"3"`:   "3",
				`"4.0"`: "4",
				`1000`:  "1000",
				`1e2`:   "100",
			},
			bad: map[string]string{
				`0`:     "0",
				`-1`:    "-1",
				`1.5`:   "1.5",
				`1001`:  "1001",
				`"two"`: "two",
				`true`:  "true",
				`""`:    "",
				`1e999`: "1e999",
				`"nan"`: "nan",
			},
		},
		{
			key: "failover.metric", rule: "must be a whole number from 0 to 2147483647",
			good: map[string]string{
				`0`:          "0",
				`1`:          "1",
				`201.0`:      "201",
				`"300"`:      "300",
				`2147483647`: "2147483647",
			},
			bad: map[string]string{
				`-1`:         "-1",
				`2147483648`: "2147483648",
				`4294967296`: "4294967296",
				`1.5`:        "1.5",
			},
		},
	}
}

// inFile puts a value for a key on line 6 of an otherwise complete file.
func inFile(key, value string) string {
	section, name, _ := strings.Cut(key, ".")
	filler := map[string]string{
		"global":   `"debug": false,`,
		"ddns":     `"enable": true,`,
		"updown":   `"enable": true, "monitorip": "192.0.2.1",`,
		"failover": `"enable": true, "primary-if": "eth1", "primary-gw": "192.0.2.1", "standby-if": "eth2", "standby-gw": "198.51.100.1",`,
		"ping":     `"enable": true, "monitorip": "192.0.2.1",`,
	}[section]
	other := `"ddns": {"enable": true},`
	if section == "ddns" {
		other = `"ping": {"enable": true, "monitorip": "192.0.2.1"},`
	}
	return fmt.Sprintf("{\n%s\n\"%s\": {\n%s\n\n%q: %s}}", other, section, strings.Replace(filler, `"`+name+`"`, `"x-`+name+`"`, 1), name, value)
}

func TestRules(t *testing.T) {
	for _, tt := range slices.Concat(numberRules(), nameRules()) {
		_, name, _ := strings.Cut(tt.key, ".")
		for value, want := range tt.good {
			c, _, err := load(t, inFile(tt.key, value))
			if err != nil {
				t.Errorf("%s %s: %v", tt.key, value, err)
			}
			for _, k := range Keys() {
				if got := k.Get(c); k.String() == tt.key && err == nil && got != want {
					t.Errorf("%s %s = %q, want %q", tt.key, value, got, want)
				}
			}
		}
		for value, shown := range tt.bad {
			_, _, err := load(t, inFile(tt.key, value))
			wantFaults(t, err, fmt.Sprintf("Invalid value '%s' for %s (/etc/default/imon-main:6: %s %s)", shown, name, tt.key, tt.rule))
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	_, _, err := load(t, inFile("updown.addping", `"`+strings.Repeat("a,", 255)+`"`))
	wantFaults(t, err)
	_, _, err = load(t, inFile("updown.addping", `"`+strings.Repeat("a,", 256)+`"`))
	wantFaults(t, err, "Invalid value '"+strings.Repeat("a,", 29)+"a…' for addping "+
		"(/etc/default/imon-main:6: updown.addping must have at most 255 entries)")
}

func TestShown(t *testing.T) {
	for value, want := range map[string]string{
		"":                                  "",
		strings.Repeat("ü", 60):             strings.Repeat("ü", 60),
		strings.Repeat("ü", 61):             strings.Repeat("ü", 59) + "…",
		strings.Repeat("ü", 1<<20):          strings.Repeat("ü", 59) + "…",
		"a\tb\x1b\x7f\u0085":                `a\tb\x1b\x7f\u0085`,
		`"quoted" \ 'so'`:                   `"quoted" \ 'so'`,
		"x" + strings.Repeat("\x00", 1<<10): "x" + strings.Repeat(`\x00`, 14) + `\x…`,
	} {
		if got := shown(value); got != want {
			t.Errorf("shown(%.80q) = %q, want %q", value, got, want)
		}
	}
}
