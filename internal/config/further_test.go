package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"
)

// furtherLTE is what the texts of TestFurtherUplinks say.
func furtherLTE() []Uplink {
	auto := netip.IPv4Unspecified()
	return []Uplink{
		{Interface: "wwan0", Name: "lte", Gateway: auto, Gateway6: auto, Method: MethodICMP, Targets: []string{"1.1.1.1", "9.9.9.9"}},
		{Interface: "eth3", Gateway: netip.MustParseAddr("192.0.2.9"), Gateway6: netip.IPv6Unspecified(), Method: MethodTCP,
			Targets: []string{"a.example:443"}, Targets6: []string{"[2001:db8::1]:443"}, PostTarget: "b.example"},
	}
}

const (
	textLTE = "name=lte if=wwan0 gw=auto ping=1.1.1.1,9.9.9.9 method=icmp"
	textDSL = "if=eth3 gw=192.0.2.9 gw6=none ping=a.example:443 ping6=[2001:db8::1]:443 postping=b.example method=TCP"
)

func TestFurtherUplinks(t *testing.T) {
	for _, text := range []string{
		`["` + textLTE + `", " ` + textDSL + ` "]`,
		`"` + textLTE + "; " + textDSL + `"`,
		`"; ` + textLTE + "  ;;" + textDSL + `;"`,
		`["` + textLTE + ";" + textDSL + `", ""]`,
	} {
		c, warnings := mustLoad(t, failover("true", `"family": "both", "uplinks": `+text))
		wantWarnings(t, warnings)
		if diff := cmp.Diff(furtherLTE(), c.Failover.Further, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if n := len(c.Failover.All()); n != 4 {
			t.Errorf("%d uplinks", n)
		}
	}
}

func TestFurtherUplinksInUCI(t *testing.T) {
	const uci = `config instance 'main'
	option enabled '1'
	option failover_enable '1'
	option failover_primary_if 'eth1'
	option failover_primary_gw '192.0.2.1'
	option failover_standby_if 'eth2'
	option failover_standby_gw '198.51.100.1'
	list failover_uplinks 'name=lte if=wwan0 gw=auto ping=1.1.1.1,9.9.9.9'
	list failover_uplinks 'if=eth3 gw=none ping=a.example'
`
	fs := afero.NewMemMapFs()
	if err := afero.WriteFile(fs, UCIPath, []byte(uci), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := Load(fs, "main", "")
	if err != nil || len(warnings) > 0 || len(c.Failover.Further) != 2 || c.Failover.Further[0].Name != "lte" {
		t.Fatalf("%v, %v, %+v", warnings, err, c.Failover.Further)
	}
	if text, err := c.UCI("main"); err != nil || string(text) != uci {
		t.Errorf("written as\n%s, %v", text, err)
	}
	text, err := c.JSON()
	want := `        "uplinks": [
            "name=lte if=wwan0 gw=auto ping=1.1.1.1,9.9.9.9",
            "if=eth3 gw=none ping=a.example"
        ]`
	if err != nil || !strings.Contains(string(text), want) {
		t.Errorf("written as\n%s, %v", text, err)
	}

	bad := strings.Replace(uci, "gw=none ping=a.example", "gw=here", 1)
	if err := afero.WriteFile(fs, UCIPath, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = Load(fs, "main", "")
	wantFaults(t, err, "Invalid value 'if=eth3 gw=here' for uplinks (/etc/config/imon:9: failover_uplinks gw=here must be the IPv4 address of a gateway, auto or none)")
}

// What Get returns is what Set takes, and it is short.
func TestTextOfFurtherUplinks(t *testing.T) {
	k, err := FindKey("failover.uplinks")
	if err != nil {
		t.Fatal(err)
	}
	var c Config
	if faults := k.Set(&c, textLTE+";"+textDSL); len(faults) > 0 {
		t.Fatal(faults)
	}
	const want = "if=wwan0 name=lte gw=auto ping=1.1.1.1,9.9.9.9; " +
		"if=eth3 gw=192.0.2.9 ping=a.example:443 postping=b.example method=tcp gw6=none ping6=[2001:db8::1]:443"
	if got := k.Get(c); got != want {
		t.Errorf("Get = %q", got)
	}
	if faults := k.Set(&c, "; "); len(faults) > 0 || len(c.Failover.Further) > 0 {
		t.Errorf("emptied: %v, %v", faults, c.Failover.Further)
	}
}

func TestFaultsOfFurtherUplinks(t *testing.T) {
	const parts = "must be a list of uplinks, each with KEY=VALUE pairs of if, name, gw, ping, postping, method, gw6 and ping6"
	for item, rule := range map[string]string{
		"if=wwan0 gw=auto pnig=1.1.1.1":    parts + `: "pnig" may be meant for "ping"`,
		"if=wwan0 gw=auto primary-ping=x":  parts + `: "primary-ping" is none`,
		"if=wwan0 gw auto":                 parts + `: "gw" is none`,
		"wwan0":                            parts + `: "wwan0" is none`,
		"if=wwan0 gw=auto if=wwan1":        "must have if= once for each uplink",
		"name=lte gw=auto":                 "must have if= for each uplink",
		"if= gw=auto":                      "must have if= for each uplink",
		"name=lte if=wwan0":                "must have gw= for each uplink",
		"if=wwan0 gw=10.0.0.300":           "gw=10.0.0.300 must be the IPv4 address of a gateway, auto or none",
		"if=a/b gw=auto":                   "if=a/b must be an interface name: 1 to 15 bytes without '/', ':', blanks or control characters",
		"if=wwan0 gw=auto ping=a,b!":       "ping=a,b! must be a list of IPv4 addresses or DNS names (with :PORT for method tcp), or URLs for method http",
		"if=wwan0 gw=auto method=udp":      "method=udp must be icmp, dns, tcp or http",
		"if=wwan0 gw=none":                 "gw=none needs a target in ping",
		"if=wwan0 gw=auto method=http":     "method=http needs a target in ping",
		"if=wwan0 gw=auto ping=a:1":        "ping=a:1 must be an address or a name for method icmp",
		"if=eth1 gw=192.0.2.1":             "must not have if= and gw= of another uplink",
		"name=auto if=wwan0 gw=auto":       "name=auto must not be the name of another uplink, primary, standby, uplink3 to uplink8, or auto",
		"name=Cable if=wwan0 gw=auto":      "name=Cable must not be the name of another uplink, primary, standby, uplink3 to uplink8, or auto",
		"if=eth8 gw=auto;if=eth8 gw=auto ": "must not have if= and gw= of another uplink",
	} {
		_, _, err := load(t, failover("true", "\"primary-name\": \"cable\",\n\"uplinks\": \"if=eth9 gw=auto; "+item+`"`))
		shown := strings.TrimSpace(item[strings.Index(item, ";")+1:])
		wantFaults(t, err, "Invalid value '"+shown+"' for uplinks ("+testFile+":6: failover.uplinks "+rule+")")
	}
}

func TestAtMostEightUplinks(t *testing.T) {
	item := func(n int) string { return "if=eth" + string(rune('a'+n)) + " gw=auto" }
	var items []string
	for n := range 7 {
		_, _, err := load(t, failover("true", `"uplinks": "`+strings.Join(items, ";")+`"`))
		wantFaults(t, err)
		items = append(items, item(n))
	}
	_, _, err := load(t, failover("true", `"uplinks": "`+strings.Join(items, ";")+`"`))
	wantFaults(t, err, "Invalid value '"+strings.Join(items, ";")[:59]+"…' for uplinks ("+testFile+":5: failover.uplinks must have at most 6 uplinks, as primary and standby make 8)")
}

func TestColonInTheNameOfAFurtherUplink(t *testing.T) {
	_, warnings := mustLoad(t, failover("true", `"uplinks": ["if=wwan0 gw=auto name=a:b"]`))
	wantWarnings(t, warnings, "':' in 'a:b' for name is shown as '_' to the action script ("+testFile+":5: failover.uplinks should have no colon)")
}
