package configure

import (
	"testing"

	"github.com/ejgeiger/imon/internal/config"
)

// tuned is what failover has of the recommended values.
func tuned(values map[string]string) string {
	text := ""
	for _, name := range []string{"interval", "pingcount", "fall", "rise", "failure-interval", "hold", "primary-ping", "standby-ping"} {
		text += name + "=" + values["failover."+name] + " "
	}
	return text
}

const (
	allTuned = "interval=5 pingcount=1 fall=3 rise=3 failure-interval=1 hold=60 primary-ping=1.1.1.1,8.8.8.8 standby-ping=1.1.1.1,8.8.8.8 "
	untuned  = "interval=10 pingcount=2 fall=1 rise=1 failure-interval=1 hold=0 primary-ping= standby-ping= "
)

// The dialogue proposes what is recommended, and asks for nothing else.
func TestTheDialogueProposesWhatIsRecommended(t *testing.T) {
	r := newRig(t, session()...)
	r.mustWrite(Request{Recommended: true})
	r.saw("* Enable the 'updown' monitor? [y/N]: y\nInterval between checks (interval) [10]: \n",
		"* Enable the 'failover' monitor? [y/N]: y\n% Set as recommended: fall 3, rise 3, hold 60\nInterval between checks (interval) [5]: \nPing count (pingcount) [1]: \n",
		"(primary-ping) [1.1.1.1,8.8.8.8]: \n", "(standby-ping) [1.1.1.1,8.8.8.8]: \n",
		"* Enable the 'ping' monitor? [y/N]: y\nInterval between pings (interval) [10]: \n")
	if len(r.answers) > 0 {
		t.Errorf("not asked for: %q", r.answers)
	}
	demo := config.Place{Instance: "demo", Path: "/etc/default/imon-demo"}
	if got := tuned(r.values(demo)); got != allTuned {
		t.Errorf("%s", got)
	}
}

// Of an instance that exists, what is not at its default stays.
func TestRecommendedKeepsWhatThereIs(t *testing.T) {
	r := newRig(t, "", "", "", "n", "n", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "n", "")
	r.text["/etc/default/imon-main"] = `{ "failover": { "enable": true, "interval": 2, "hold": 9, "fall": 1,
		"primary-if": "eth1", "primary-gw": "192.168.42.1", "primary-name": "a", "primary-ping": "9.9.9.9",
		"standby-if": "eth10", "standby-gw": "192.168.62.1", "standby-name": "b" } }`
	r.mustWrite(Request{Recommended: true})
	r.saw("* Enable the 'failover' monitor? [Y/n]: \n% Set as recommended: fall 3, rise 3\n")
	const want = "interval=2 pingcount=1 fall=3 rise=3 failure-interval=1 hold=9 primary-ping=9.9.9.9 standby-ping=1.1.1.1,8.8.8.8 "
	if got := tuned(r.values(mainJSON())); got != want {
		t.Errorf("%s", got)
	}
}

// Changes bring them along where failover is enabled, and win over them.
func TestRecommendedWithChanges(t *testing.T) {
	uplinks := []string{"failover.primary-if=eth1", "failover.primary-gw=auto", "failover.standby-if=eth2", "failover.standby-gw=auto"}
	for _, c := range []struct {
		changes []string
		want    string
	}{
		{[]string{"failover.enable=true"}, allTuned},
		{[]string{"ping.enable=true", "ping.monitorip=192.0.2.1"}, untuned},
		{[]string{"failover.enable=true", "failover.interval=10", "-failover.fall", "failover.rise=2", "failover.pingcount=2", "failover.hold=0", "failover.primary-ping=", "-failover.standby-ping"},
			"interval=10 pingcount=2 fall=1 rise=2 failure-interval=1 hold=0 primary-ping= standby-ping= "},
	} {
		r := newRig(t)
		r.mustWrite(Request{Recommended: true, Changes: changes(t, append(uplinks, c.changes...)...)})
		if got := tuned(r.values(mainJSON())); got != c.want {
			t.Errorf("%q: %s", c.changes, got)
		}
		r = newRig(t)
		r.mustWrite(Request{Changes: changes(t, append(uplinks, append(c.changes, "ddns.enable=true")...)...)})
		if got := r.values(mainJSON())["failover.hold"]; got != "0" {
			t.Errorf("%q, not asked for: hold %s", c.changes, got)
		}
	}
}

// Answers that lead back to failover are not proposed away: they are what Enter keeps.
func TestRecommendedOnlyOnce(t *testing.T) {
	first := []string{"", "", "", "n", "n", "y", "", "", "", "", "", "eth1", "a", "192.168.42.1", "-", "", "eth1", "b", "192.168.42.1", "-", "", "n"}
	again := []string{"", "", "", "", "", "", "", "", "", "", "", "eth10", "", "192.168.62.1", "", ""}
	r := newRig(t, append(append(first, again...), "y")...)
	r.mustWrite(Request{Recommended: true})
	r.saw("? Invalid value 'eth1' for standby-if")
	const want = "interval=5 pingcount=1 fall=3 rise=3 failure-interval=1 hold=60 primary-ping= standby-ping= "
	if got := tuned(r.values(mainJSON())); got != want {
		t.Errorf("%s", got)
	}
}
