package config

import (
	"fmt"
	"strings"
	"testing"
)

// rule is a key with values as they stand in a JSON file, on a line of their own.
type ruleTest struct {
	key  string
	rule string
	good map[string]string // value in the file: what Get returns
	bad  map[string]string // value in the file: as the fault shows it
}

func ruleTests() []ruleTest {
	long := strings.Repeat("a", 63)
	name253 := strings.Repeat(long+".", 3) + strings.Repeat("b", 61)
	return []ruleTest{
		{"ping.enable", "must be true or false",
			map[string]string{`true`: "true"},
			map[string]string{`1`: "1", `0`: "0", `"yes"`: "yes", `""`: "", `[]`: "[]", `{}`: "{}", `" true"`: " true"}},
		{"ping.interval", "must be a number of seconds greater than 0",
			map[string]string{`1`: "1", `2.5`: "2.5", `"3"`: "3", `" 4 "`: "4", `"1e1"`: "10", `31536000`: "31536000",
				`0.001`: "0.001", `1E0`: "1", `null`: "10"},
			map[string]string{`-1`: "-1", `"abc"`: "abc", `0`: "0", `0.0`: "0.0", `-0`: "-0", `1e-30`: "1e-30",
				`"NaN"`: "NaN", `"inf"`: "inf", `"Infinity"`: "Infinity", `"-inf"`: "-inf", `-1e999`: "-1e999",
				`""`: "", `" "`: " ", `true`: "true", `[1]`: "[1]", `{"a":1}`: `{"a":1}`, `"0x10"`: "0x10",
				`"1_0"`: "1_0", `"1 0"`: "1 0", `"10s"`: "10s", `"1e"`: "1e", `"١"`: "١", `"5\n"`: `5\n`}},
		{"ping.interval", "must be at most 31536000 seconds (one year)",
			nil, map[string]string{`1e999`: "1e999", `31536001`: "31536001", `"1e400"`: "1e400"}},
		{"ping.pingwait", "must be a number of seconds greater than 0",
			map[string]string{`0.5`: "0.5", `"0.5"`: "0.5", `1.0`: "1"}, map[string]string{`0`: "0"}},
		{"ping.pingcount", "must be a whole number from 1 to 1000",
			map[string]string{`1`: "1", `2.0`: "2", `"3"`: "3", `"4.0"`: "4", `1000`: "1000", `1e2`: "100"},
			map[string]string{`0`: "0", `-1`: "-1", `1.5`: "1.5", `1001`: "1001", `"two"`: "two", `true`: "true",
				`""`: "", `1e999`: "1e999", `"nan"`: "nan"}},
		{"failover.metric", "must be a whole number from 1 to 2147483647",
			map[string]string{`1`: "1", `201.0`: "201", `"300"`: "300", `2147483647`: "2147483647"},
			map[string]string{`0`: "0", `-1`: "-1", `2147483648`: "2147483648", `4294967296`: "4294967296", `1.5`: "1.5"}},
		{"global.action", "must be an absolute path",
			map[string]string{`""`: "", `"/usr/local/bin/imon-action"`: testAction},
			map[string]string{`"bin/x"`: "bin/x", `"./x"`: "./x", `5`: "5", `"/a\u0000b"`: `/a\x00b`}},
		{"global.note", "must be text without control characters",
			map[string]string{`""`: "", `"ü ☎ ; $(x)"`: "ü ☎ ; $(x)", `5`: "5", `1.50`: "1.50"},
			map[string]string{`"a\nb"`: `a\nb`, `"\u001b[2J"`: `\x1b[2J`, `true`: "true", `"\u0085"`: `\u0085`}},
		{"ping.monitorip", "must be an IP address or a DNS name",
			map[string]string{`"192.0.2.7"`: "192.0.2.7", `"2001:db8::1"`: "2001:db8::1", `"fe80::1%eth0"`: "fe80::1%eth0",
				`"host"`: "host", `"a_b.example."`: "a_b.example.", `"1.1.1.com"`: "1.1.1.com", `"3com.example"`: "3com.example",
				`"` + name253 + `"`: name253, `"xn--bcher-kva.example"`: "xn--bcher-kva.example"},
			map[string]string{`"a b"`: "a b", `"a;reboot"`: "a;reboot", `"$(x)"`: "$(x)", `"a:80"`: "a:80", `"-a.example"`: "-a.example",
				`"a-.example"`: "a-.example", `"a..b"`: "a..b", `".a"`: ".a", `"."`: ".", `"1.2.3"`: "1.2.3", `"192.0.2.256"`: "192.0.2.256",
				`"192.0.2.1/24"`: "192.0.2.1/24", `"1.1.1.1 "`: "1.1.1.1 ", `"fe80::1%"`: "fe80::1%", `"fe80::1%a/b"`: "fe80::1%a/b",
				`"fe80::1%a;b"`: "fe80::1%a;b", `"2001:db8::1%eth0"`: "2001:db8::1%eth0", `"[::1]"`: "[::1]", `"bücher.example"`: "bücher.example",
				`"1234"`: "1234", `5`: "5", `["a"]`: `["a"]`, `"` + long + `a"`: long[:59] + "…",
				`"` + name253 + `b"`: name253[:59] + "…", `"a\u0000"`: `a\x00`}},
		{"updown.addping", "must be a list of IP addresses or DNS names",
			map[string]string{`""`: "", `" , "`: "", `"192.0.2.1 ,b.example,, ::1"`: "192.0.2.1,b.example,::1",
				`["192.0.2.1", " b.example "]`: "192.0.2.1,b.example", `[]`: "", `[null]`: ""},
			map[string]string{`"192.0.2.1;192.0.2.2"`: "192.0.2.1;192.0.2.2", `"a,b c"`: "b c", `[1]`: "[1]", `["a,b"]`: "a,b", `5`: "5"}},
		{"failover.primary-if", KindInterface.rule(),
			map[string]string{`"eth0.5"`: "eth0.5", `"a;b$"`: "a;b$", `"enxa0cec8003294"`: "enxa0cec8003294", `"br-läñ"`: "br-läñ"},
			map[string]string{`"enxa0cec80032945"`: "enxa0cec80032945", `"a b"`: "a b", `"a/b"`: "a/b", `"a:0"`: "a:0", `"."`: ".",
				`".."`: "..", `"a\t"`: `a\t`, `"à"`: "à", `"a\u007f"`: `a\x7f`, `7`: "7"}},
		{"failover.primary-gw", "must be the IPv4 address of a gateway",
			map[string]string{`"192.168.1.1"`: "192.168.1.1", `"169.254.1.1"`: "169.254.1.1"},
			map[string]string{`"gw"`: "gw", `"0.0.0.0"`: "0.0.0.0", `"255.255.255.255"`: "255.255.255.255", `"224.0.0.1"`: "224.0.0.1",
				`"127.0.0.1"`: "127.0.0.1", `"fe80::1"`: "fe80::1", `"::ffff:192.0.2.1"`: "::ffff:192.0.2.1", `"192.0.2.1/24"`: "192.0.2.1/24"}},
		{"ddns.providers", KindURLs.rule(),
			map[string]string{`"ifconfig.co/ip"`: "http://ifconfig.co/ip", `"HTTPS://a.example , b.example:8080"`: "https://a.example/,http://b.example:8080/",
				`["http://[2001:db8::1]/ip?x=1"]`: "http://[2001:db8::1]/ip?x=1", `""`: defaultProviders, `[]`: defaultProviders,
				`"http://192.0.2.1:65535/"`: "http://192.0.2.1:65535/"},
			map[string]string{`"ftp://a.example/"`: "ftp://a.example/", `"http://"`: "http://", `"http://u:p@a.example/"`: "http://u:p@a.example/",
				`"http://a b/"`: "http://a b/", `"a.example/x y"`: "a.example/x y", `"http:/a"`: "http:/a", `["http://a/x,y"]`: "http://a/x,y",
				`"http://a:0/"`: "http://a:0/", `"http://a:65536/"`: "http://a:65536/", `"http://a;b/"`: "http://a;b/", `"javascript:x"`: "javascript:x",
				`"/ip"`: "/ip", `7`: "7", `"http://%zz/"`: "http://%zz/"}},
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
	for _, tt := range ruleTests() {
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
	_, _, err := load(t, inFile("updown.addping", `"`+strings.Repeat("a,", 64)+`"`))
	wantFaults(t, err)
	_, _, err = load(t, inFile("updown.addping", `"`+strings.Repeat("a,", 65)+`"`))
	wantFaults(t, err, "Invalid value '"+strings.Repeat("a,", 29)+"a…' for addping "+
		"(/etc/default/imon-main:6: updown.addping must have at most 64 entries)")
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
