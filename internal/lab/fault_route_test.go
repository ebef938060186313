package lab

import (
	"context"
	"strings"
	"testing"
	"time"
)

// What each of these faults does is seen from the LAN, and that it is over. (Forged
// replies are good enough for ping(8); that they are wrong is seen by imon.)
func TestFaultsOfPackets(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	ping := func(args ...string) bool {
		args = append(append([]string{"-n", "-c", "1", "-W", "0.3"}, args...), "1.1.1.1")
		return l.LAN.Command(context.Background(), "ping", args...).Run() == nil
	}
	for _, test := range []struct {
		fault       Fault
		small, huge bool // a ping of the usual size, and one of 1000 bytes, are answered
	}{
		{l.SmallMTU(0), true, false},
		{l.NoNewFlows(), false, false},
		{l.Late(0, 50*time.Millisecond), true, true},
		{l.Late(0, 500*time.Millisecond), false, false},
		{l.Duplicated(0), true, true},
		{l.Renamed(0), false, false},
	} {
		must(t, test.fault.Inject())
		if small, huge := ping(), ping("-s", "1000"); small != test.small || huge != test.huge {
			t.Errorf("%s: small %v, huge %v", test.fault.Name, small, huge)
		}
		must(t, test.fault.Restore())
		through(t, l, 0)
		eventually(t, "the end of "+test.fault.Name, func() bool { return ping() && ping("-s", "1000") })
	}
}

// The kernel's own rules survive, all others go.
func TestRulesAreFlushed(t *testing.T) {
	t.Parallel()
	l := Start(t)
	_, err := l.Router.Run("rule", "add", "pref", "7350", "lookup", "99")
	must(t, err)
	must(t, l.RulesFlushed().Inject())
	rules, err := l.Router.Run("rule")
	if must(t, err); strings.Count(rules, "\n") != 3 || strings.Contains(rules, "7350") {
		t.Errorf("rules:\n%s", rules)
	}
}
