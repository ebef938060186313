package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// none keeps nothing.
func none(Key) bool { return false }

// recommendedFor is what Recommend makes of a failover section with these lines.
func recommendedFor(t *testing.T, lines string, keep func(Key) bool) map[string]string {
	t.Helper()
	c, _ := mustLoad(t, failover("true", lines))
	before := c
	c.Recommend(keep)
	changed := make(map[string]string)
	for _, k := range Keys() {
		if k.Get(c) != k.Get(before) {
			changed[k.String()] = k.Get(c)
		}
	}
	text, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, warnings, err := load(t, string(text)); err != nil || len(warnings) > 0 {
		t.Errorf("%s: %v, %v", text, warnings, err)
	}
	return changed
}

func TestRecommend(t *testing.T) {
	const v4, v6 = "1.1.1.1,8.8.8.8", "2606:4700:4700::1111,2001:4860:4860::8888"
	how := map[string]string{"failover.interval": "5", "failover.pingcount": "1", "failover.fall": "3", "failover.rise": "3", "failover.hold": "60"}
	with := func(more ...string) map[string]string {
		all := map[string]string{}
		for name, text := range how {
			all[name] = text
		}
		for i := 0; i < len(more); i += 2 {
			all["failover."+more[i]] = more[i+1]
		}
		return all
	}
	for lines, want := range map[string]map[string]string{
		`"metric": 1`:                 with("primary-ping", v4, "standby-ping", v4),
		`"family": 6`:                 with("primary-ping6", v6, "standby-ping6", v6),
		`"family": "both"`:            with("primary-ping", v4, "standby-ping", v4, "primary-ping6", v6, "standby-ping6", v6),
		`"primary-ping": "192.0.2.7"`: with("standby-ping", v4),
		`"standby-method": "dns"`:     with("primary-ping", v4, "standby-ping", v4),
		`"standby-method": "tcp", "standby-ping": "a:1", "family": 4`: with("primary-ping", v4),
	} {
		if diff := cmp.Diff(want, recommendedFor(t, lines, none)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lines, diff)
		}
	}
	got := recommendedFor(t, `"fall": 2, "rise": 2, "hold": 5, "interval": 1, "primary-ping": "a", "standby-ping": "b"`, func(k Key) bool { return k.Name == "pingcount" })
	if len(got) > 0 {
		t.Errorf("changed what was there: %v", got)
	}
}

func TestOnlyFailoverHasRecommendations(t *testing.T) {
	for _, k := range Keys() {
		var c Config
		if faults := k.Set(&c, k.Recommended()); len(faults) > 0 || k.Section != "failover" && k.Recommended() != k.Default {
			t.Errorf("%s: %q, %v", k, k.Recommended(), faults)
		}
	}
	for name := range recommended() {
		if _, err := FindKey("failover." + name); err != nil {
			t.Error(err)
		}
	}
}

func TestUntuned(t *testing.T) {
	for lines, want := range map[string]bool{
		`"interval": 1, "primary-ping": "a", "family": 4`: true,
		`"fall": 1`: false,
		`"hold": 0`: false,
	} {
		c, _ := mustLoad(t, failover("true", lines))
		if got := c.Untuned(); got != want {
			t.Errorf("%s: %v", lines, got)
		}
	}
	if c, _ := mustLoad(t, failover("false", `"metric": 1`)); c.Untuned() {
		t.Error("it is not enabled")
	}
}

// What is recommended are addresses, which methods tcp and http do not ask.
func TestRecommendedTargetsAreAddresses(t *testing.T) {
	c := Defaults()
	c.Failover.Family = FamilyBoth
	c.Failover.Uplinks[0].Method, c.Failover.Uplinks[1].Method = MethodHTTP, MethodTCP
	c.Recommend(none)
	for _, u := range c.Failover.Uplinks {
		if len(u.Targets)+len(u.Targets6) > 0 {
			t.Errorf("%s: %v, %v", u.Method, u.Targets, u.Targets6)
		}
	}
}
