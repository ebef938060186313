package netconf

import (
	"slices"
	"testing"
)

// What GKeyFile and systemd make of odd lines, as far as both agree.
func TestKeyfile(t *testing.T) {
	k := parseKeyfile("early=1\n[a]\n# x=no\n; x=no\n  x = one \nx=two\n\ny=\n=nameless\nno line\n[b] \nx=three\n[a]\nz=a=b\r\n[a\nw=4\n")
	for _, c := range []struct{ section, key, want string }{
		{"", "early", "1"},
		{"a", "x", "two"},
		{"a", "y", ""},
		{"a", "", "nameless"},
		{"b", "x", "three"},
		{"a", "z", "a=b"},
		{"a", "w", "4"},
		{"a", "missing", ""},
		{"c", "x", ""},
	} {
		if got := k.last(c.section, c.key); got != c.want {
			t.Errorf("[%s] %s is %q, want %q", c.section, c.key, got, c.want)
		}
	}
}

func TestKeyfileText(t *testing.T) {
	for value, want := range map[string]string{
		`plain`: "plain", `\sa\s`: " a ", `a\\nb`: `a\nb`, `a\nb\tc\rd`: "a\nb\tc\rd", `\\\\`: `\\`, `\x`: `\x`, `ends\`: `ends\`,
	} {
		if got := parseKeyfile("[s]\nk="+value).text("s", "k"); got != want {
			t.Errorf("%s is %q, want %q", value, got, want)
		}
	}
}

// Two sections of one name are two.
func TestKeyfileBeside(t *testing.T) {
	k := parseKeyfile("[Route]\nGateway=1\nTable=7\n[Route]\nGateway=2\n[Network]\nTable=9\n")
	var got []string
	for _, e := range k {
		if e.key == "Gateway" {
			got = append(got, e.value+":"+k.beside(e, "Table"))
		}
	}
	if want := []string{"1:7", "2:"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A line of dhcpcd.conf: its word, and the rest without a comment.
func TestStatement(t *testing.T) {
	for line, want := range map[string][2]string{
		"":                               {},
		"nogateway":                      {"nogateway", ""},
		"\t nogateway \r":                {"nogateway", ""},
		"interface  eth1 # the first":    {"interface", "eth1"},
		"#interface eth1":                {},
		"  ; interface eth1":             {},
		"option 3;4":                     {"option", "3;4"},
		`vendorclassid "a#b" # c`:        {"vendorclassid", `"a#b"`},
		`hostname a\#b#c`:                {"hostname", `a\#b`},
		"static ip_address=192.0.2.2/24": {"static", "ip_address=192.0.2.2/24"},
	} {
		if name, value := statement(line); [2]string{name, value} != want {
			t.Errorf("%q is %q and %q, want %q", line, name, value, want)
		}
	}
}

func TestRouteOptions(t *testing.T) {
	for table, want := range map[string]bool{"": true, "0": true, "254": true, " 254 ": true, "255": false, "100": false, "main": false} {
		if got := inMain(table); got != want {
			t.Errorf("table %q is the main one: %v", table, got)
		}
	}
	const options = "mtu=1400,table=100,onlink=true"
	for name, want := range map[string]string{"table": "100", "mtu": "1400", "onlink": "true", "able": "", "": ""} {
		if got := option(options, name); got != want {
			t.Errorf("option %q of %s is %q, want %q", name, options, got, want)
		}
	}
}

// A device's name is never a path.
func TestAdviseRefusesPaths(t *testing.T) {
	f := captured(t, "networkmanager").with(files{"/sys/class/net/a/b/ifindex": "2\n"})
	for _, device := range []string{"", "a/b", "../net/eth1", "eth9"} {
		if got := printed(Advise(f.system(t), device, true)); got != "" {
			t.Errorf("of %q is said\n%s", device, got)
		}
	}
}
