package config

import "strings"

// nameRules are the keys whose values are text.
func nameRules() []ruleTest {
	long := strings.Repeat("a", 63)
	name253 := strings.Repeat(long+".", 3) + strings.Repeat("b", 61)
	return []ruleTest{
		{
			key: "global.action", rule: "must be the path of a file",
			good: map[string]string{
				`""`:                           "",
				`"/usr/local/bin/imon-action"`: testAction,
			},
			bad: map[string]string{
				`5`:           "5",
				`"/a\u0000b"`: `/a\x00b`,
			},
		},
		{
			key: "global.note", rule: "must be text without control characters",
			good: map[string]string{
				`""`:           "",
				`"ü ☎ ; $(x)"`: "ü ☎ ; $(x)",
				`5`:            "5",
				`1.50`:         "1.50",
			},
			bad: map[string]string{
				`"a\nb"`:      `a\nb`,
				`"\u001b[2J"`: `\x1b[2J`,
				`true`:        "true",
				`"\u0085"`:    `\u0085`,
			},
		},
		{
			key: "ping.monitorip", rule: "must be an IP address or a DNS name",
			good: map[string]string{
				`"192.0.2.7"`:             "192.0.2.7",
				`"2001:db8::1"`:           "2001:db8::1",
				`"fe80::1%eth0"`:          "fe80::1%eth0",
				`"host"`:                  "host",
				`"a_b.example."`:          "a_b.example.",
				`"1.1.1.com"`:             "1.1.1.com",
				`"3com.example"`:          "3com.example",
				`"` + name253 + `"`:       name253,
				`"xn--bcher-kva.example"`: "xn--bcher-kva.example",
			},
			bad: map[string]string{
				`"a b"`:              "a b",
				`"a;reboot"`:         "a;reboot",
				`"$(x)"`:             "$(x)",
				`"a:80"`:             "a:80",
				`"-a.example"`:       "-a.example",
				`"a-.example"`:       "a-.example",
				`"a..b"`:             "a..b",
				`".a"`:               ".a",
				`"."`:                ".",
				`"1.2.3"`:            "1.2.3",
				`"192.0.2.256"`:      "192.0.2.256",
				`"192.0.2.1/24"`:     "192.0.2.1/24",
				`"1.1.1.1 "`:         "1.1.1.1 ",
				`"fe80::1%"`:         "fe80::1%",
				`"fe80::1%a/b"`:      "fe80::1%a/b",
				`"fe80::1%a;b"`:      "fe80::1%a;b",
				`"2001:db8::1%eth0"`: "2001:db8::1%eth0",
				`"[::1]"`:            "[::1]",
				`"bücher.example"`:   "bücher.example",
				`"1234"`:             "1234",
				`5`:                  "5",
				`["a"]`:              `["a"]`,
				`"` + long + `a"`:    long[:59] + "…",
				`"` + name253 + `b"`: name253[:59] + "…",
				`"a\u0000"`:          `a\x00`,
			},
		},
		{
			key: "failover.primary-ping", rule: "must be an IPv4 address or a DNS name",
			good: map[string]string{`""`: "", `"192.0.2.7"`: "192.0.2.7", `"host.example"`: "host.example"},
			bad:  map[string]string{`"2001:db8::1"`: "2001:db8::1", `"fe80::1%eth0"`: "fe80::1%eth0", `"a;b"`: "a;b"},
		},
		{
			key: "failover.standby-postping", rule: "must be an IPv4 address or a DNS name",
			good: map[string]string{`"host"`: "host"},
			bad:  map[string]string{`"::1"`: "::1"},
		},
		{
			key: "updown.addping", rule: "must be a list of IP addresses or DNS names",
			good: map[string]string{
				`""`:                           "",
				`" , "`:                        "",
				`"192.0.2.1 ,b.example,, ::1"`: "192.0.2.1,b.example,::1",
				`["192.0.2.1", " b.example "]`: "192.0.2.1,b.example",
				`[]`:                           "",
				`[null]`:                       "",
			},
			bad: map[string]string{
				`"192.0.2.1;192.0.2.2"`: "192.0.2.1;192.0.2.2",
				`"a,b c"`:               "b c",
				`[1]`:                   "[1]",
				`["a,b"]`:               "a,b",
				`5`:                     "5",
			},
		},
		{
			key: "failover.primary-if", rule: KindInterface.rule(),
			good: map[string]string{
				`"eth0.5"`:          "eth0.5",
				`"a;b$"`:            "a;b$",
				`"enxa0cec8003294"`: "enxa0cec8003294",
				`"br-läñ"`:          "br-läñ",
			},
			bad: map[string]string{
				`"enxa0cec80032945"`: "enxa0cec80032945",
				`"a b"`:              "a b",
				`"a/b"`:              "a/b",
				`"a:0"`:              "a:0",
				`"."`:                ".",
				`".."`:               "..",
				`"a\t"`:              `a\t`,
				`"à"`:                "à",
				`"a\u007f"`:          `a\x7f`,
				`7`:                  "7",
			},
		},
		{
			key: "failover.primary-gw", rule: "must be the IPv4 address of a gateway, or auto",
			good: map[string]string{
				`"192.168.1.1"`: "192.168.1.1",
				`"169.254.1.1"`: "169.254.1.1",
				`"auto"`:        "auto",
			},
			bad: map[string]string{
				`"gw"`:               "gw",
				`"0.0.0.0"`:          "0.0.0.0",
				`"255.255.255.255"`:  "255.255.255.255",
				`"224.0.0.1"`:        "224.0.0.1",
				`"127.0.0.1"`:        "127.0.0.1",
				`"fe80::1"`:          "fe80::1",
				`"::ffff:192.0.2.1"`: "::ffff:192.0.2.1",
				`"192.0.2.1/24"`:     "192.0.2.1/24",
			},
		},
		{
			key: "ddns.providers", rule: KindURLs.rule(),
			good: map[string]string{
				`"ifconfig.co/ip"`:                     "http://ifconfig.co/ip",
				`"HTTPS://a.example , b.example:8080"`: "https://a.example/,http://b.example:8080/",
				`["http://[2001:db8::1]/ip?x=1"]`:      "http://[2001:db8::1]/ip?x=1",
				`""`:                                   defaultProviders,
				`[]`:                                   defaultProviders,
				`"http://192.0.2.1:65535/"`:            "http://192.0.2.1:65535/",
			},
			bad: map[string]string{
				`"ftp://a.example/"`:      "ftp://a.example/",
				`"http://"`:               "http://",
				`"http://u:p@a.example/"`: "http://u:p@a.example/",
				`"http://a b/"`:           "http://a b/",
				`"a.example/x y"`:         "a.example/x y",
				`"http:/a"`:               "http:/a",
				`["http://a/x,y"]`:        "http://a/x,y",
				`"http://a:0/"`:           "http://a:0/",
				`"http://a:65536/"`:       "http://a:65536/",
				`"http://a;b/"`:           "http://a;b/",
				`"javascript:x"`:          "javascript:x",
				`"/ip"`:                   "/ip",
				`7`:                       "7",
				`"http://%zz/"`:           "http://%zz/",
			},
		},
	}
}
