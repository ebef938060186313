package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rounds are the keys that every monitor has, with their defaults.
const rounds = "enable=false interval=10 pingcount=2 pingwait=1 "

func TestKeysAndDefaults(t *testing.T) {
	want := map[string]string{
		"global": "action= datefmt=%Y-%m-%d_%H:%M:%S instance= note= imon-configure-version= " +
			"imon-configure-created= debug=false action-timeout=60 listen= outages-copy=",
		"ddns": rounds + "providers=" + defaultProviders + " sources=interface,dns,http command= lookup-interval=0 family=4 follow=active " +
			"hostname= primary-hostname= standby-hostname= further-hostnames= force-interval=0 update= update-server= zone= ttl=60 " +
			"key-name= key-algorithm=hmac-sha256 key-secret= key-file= username= password= password-file=",
		"updown": rounds + "monitorip= addping= dnsserver= dnslookup=",
		"failover": rounds + "prefer-primary=false metric=201 " +
			"primary-if= primary-name= primary-gw= primary-ping= primary-postping= primary-method=icmp primary-gw6=auto primary-ping6= " +
			"standby-if= standby-name= standby-gw= standby-ping= standby-postping= standby-method=icmp standby-gw6=auto standby-ping6= uplinks= " +
			"family=4 fall=1 rise=1 failure-interval=1 reliability=1 dnslookup= http-status=204 quality-window=60 " +
			"failure-loss=0 recovery-loss=0 failure-rtt=0 recovery-rtt=0 failure-jitter=0 recovery-jitter=0 passive-rounds=0 " +
			"hold=0 hold-max=3600 withdraw-when-down=false manage-defaults=false dry-run=false",
		"ping": rounds + "monitorip= addping= quality-window=60 failure-loss=0 recovery-loss=0 failure-rtt=0 recovery-rtt=0 failure-jitter=0 recovery-jitter=0",
	}
	for _, section := range Sections() {
		var got []string
		for _, k := range Keys() {
			if k.Section == section {
				got = append(got, k.Name+"="+strings.ReplaceAll(k.Default, " ", "_"))
			}
		}
		if diff := cmp.Diff(strings.Fields(want[section]), got); diff != "" {
			t.Errorf("[%s] (-want +got):\n%s", section, diff)
		}
	}
}

func TestKeysStandInTheOrderOfTheSections(t *testing.T) {
	var order []string
	seen := map[string]bool{}
	for _, k := range Keys() {
		if !slices.Contains(order, k.Section) {
			order = append(order, k.Section)
		} else if order[len(order)-1] != k.Section {
			t.Errorf("%s stands apart from its section", k)
		}
		if seen[k.String()] {
			t.Errorf("%s is there twice", k)
		}
		seen[k.String()] = true
		if k.Help == "" || strings.ContainsAny(k.Help, "\n\t") {
			t.Errorf("%s has the help %q", k, k.Help)
		}
	}
	if diff := cmp.Diff(Sections(), order); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	got := Defaults()
	round := Rounds{Interval: 10 * time.Second, Count: 2, Wait: time.Second}
	want := Config{
		Global: Global{Datefmt: "%Y-%m-%d %H:%M:%S", ActionTimeout: time.Minute},
		DDNS: DDNS{Rounds: round, Providers: []string{
			"http://whatismyip.akamai.com/", "https://ifconfig.co/ip", "https://icanhazip.com/",
			"https://ident.me/", "https://ifconfig.me/ip", "https://ipinfo.io/ip",
			"https://ipecho.net/plain", "https://ip.seeip.org/", "http://dynupdate.no-ip.com/ip.php",
			"https://l2.io/ip", "https://wgetip.com/", "https://curlmyip.net/",
		}, Sources: []string{"interface", "dns", "http"}, Family: FamilyV4, Follow: FollowActive,
			Delivery: Delivery{TTL: 60, KeyAlgorithm: "hmac-sha256"}},
		Updown: Updown{Rounds: round},
		Failover: Failover{
			Rounds: round, Metric: 201, Family: FamilyV4, Rise: 1, Fall: 1, FailureInterval: time.Second, Reliability: 1,
			HTTPStatus: 204, Quality: Quality{Window: time.Minute}, HoldMax: time.Hour,
			Uplinks: [2]Uplink{
				{Method: MethodICMP, Gateway6: netip.IPv4Unspecified()}, {Method: MethodICMP, Gateway6: netip.IPv4Unspecified()},
			},
		},
		Ping: Ping{Rounds: round, Quality: Quality{Window: time.Minute}},
	}
	if diff := diffConfig(want, got); diff != "" {
		t.Errorf("Defaults (-want +got):\n%s", diff)
	}
	if names := got.Enabled(); len(names) > 0 {
		t.Errorf("enabled by default: %v", names)
	}
}

func TestEveryDefaultIsValid(t *testing.T) {
	for _, k := range Keys() {
		var c Config
		if faults := k.Set(&c, k.Default); len(faults) > 0 {
			t.Errorf("%s: %v", k, faults)
		}
		if got := k.Get(c); got != k.Default {
			t.Errorf("%s: Get = %q, want the default %q", k, got, k.Default)
		}
	}
}

// every kind of value, with a text that is not the default of any key.
func sampleTexts() map[Kind]string {
	return map[Kind]string{
		KindBool: "true", KindSeconds: "0.25", KindCount: "7", KindMetric: "2147483647",
		KindPath: "/bin/true", KindHost: "fe80::1%eth0", KindHost4: "v4.example", KindHosts: "192.0.2.1,host.example",
		KindText: "a b: ü", KindInterface: "ppp0", KindGateway: "192.0.2.254",
		KindURLs:    "https://a.example/ip,http://[2001:db8::1]:8080/",
		KindTargets: "192.0.2.1,host.example,host.example:53,http://a.example/204", KindTargets6: "2001:db8::1,[2001:db8::1]:53",
		KindMethod: "dns", KindFamily: "both", KindPause: "1.5", KindMillis: "250.5", KindPercent: "12.5",
		KindNumber: "3", KindListen: "192.0.2.1:9370", KindStatus: "200", KindGateway6: "fe80::1",
		KindSources: "http,command", KindFollow: "each", KindName: "host.example", KindNames: "host.example,b.example",
		KindUpdate: "dyndns2", KindServer: "https://a.example/u?h={hostname}&ip={ip}", KindAlgorithm: "hmac-sha512", KindSecret: "c2VjcmV0",
		KindUplinks: "if=wwan0 name=lte gw=auto ping=1.1.1.1,9.9.9.9:53 method=tcp; if=eth3 gw=192.0.2.1 postping=a.example gw6=none ping6=2001:db8::1",
	}
}

// Each key must fill a field of its own: after setting one, all others have
// their default.
func TestSetAndGetTouchOneFieldEach(t *testing.T) {
	for _, k := range Keys() {
		c := Defaults()
		text := sampleTexts()[k.Kind]
		if faults := k.Set(&c, text); len(faults) > 0 {
			t.Fatalf("%s: %v", k, faults)
		}
		for _, other := range Keys() {
			want := other.Default
			if other.String() == k.String() {
				want = text
			}
			if got := other.Get(c); got != want {
				t.Errorf("after %s: %s = %q, want %q", k, other, got, want)
			}
		}
	}
}

func TestSetKeepsTheValueOnAFault(t *testing.T) {
	for _, k := range Keys() {
		c := Defaults()
		if faults := k.Set(&c, "\x00"); len(faults) == 0 {
			t.Errorf("%s takes a control character", k)
		}
		if got := k.Get(c); got != k.Default {
			t.Errorf("%s = %q after a fault, want %q", k, got, k.Default)
		}
	}
}

func TestFaultOfSet(t *testing.T) {
	var c Config
	for _, k := range Keys() {
		if k.String() != "updown.addping" {
			continue
		}
		got := Faults(k.Set(&c, "a.example, b c, 192.0.2.1, d;e"))
		wantFaults(t, got,
			"Invalid value 'b c' for addping (updown.addping must be a list of IP addresses or DNS names)",
			"Invalid value 'd;e' for addping (updown.addping must be a list of IP addresses or DNS names)")
		if got[0].Path != "" || got[0].Line != 0 || got[0].Section != "updown" || got[0].Value != "b c" {
			t.Errorf("fields: %+v", got[0])
		}
	}
}
