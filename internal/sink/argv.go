package sink

import (
	"strings"

	"github.com/ejgeiger/imon/internal/event"
)

// arguments are the action script's fourth and fifth argument for e. It returns
// false for an event that scripts do not get. The arguments are a promise to
// existing scripts: what is new goes into the environment, see [Fields].
func arguments(e event.Event) (args []string, ok bool) {
	switch e.Kind {
	case event.UpdownOnline:
		return []string{e.Target, shortDuration(e.Outage)}, true
	case event.UpdownOffline, event.PingDegraded, event.PingRecovered:
		return []string{e.Target}, true
	case event.DDNSUpdate:
		return []string{e.Address.String(), oldAddress(e)}, true
	case event.DDNSNoUpdate:
		return nil, true
	case event.FailoverInitial, event.FailoverPostping:
		return []string{uplinkInfo(e.Uplink), state(e.Online)}, true
	case event.FailoverUplinkOnline:
		return []string{uplinkInfo(e.Uplink), shortDuration(e.Outage)}, true
	case event.FailoverUplinkOffline:
		return []string{uplinkInfo(e.Uplink)}, !e.Active // that of the active one shows in what follows
	case event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink, event.FailoverDegraded, event.FailoverRecovered:
		return []string{uplinkInfo(e.Uplink)}, true
	case event.FailoverBothDown:
		return []string{uplinkInfo(e.Uplink), uplinkInfo(e.Other)}, true
	case event.PingResult:
		return []string{pingInfo(e)}, true
	}
	return nil, false
}

// uplinkInfo is u as one argument, "name:ename:if:ip"; ip is empty when the
// uplink is offline.
func uplinkInfo(u event.Uplink) string {
	ip := ""
	if u.Address.IsValid() {
		ip = u.Address.String()
	}
	return strings.Join([]string{part(u.Name), u.Role, part(u.Interface), ip}, ":")
}

// pingInfo is a round as one argument, "ip:alive:min:avg:max:loss:jitter".
func pingInfo(e event.Event) string {
	r := e.Round
	return strings.Join([]string{e.Target, pyBool(r.Alive()), millis(r.Min), millis(r.Avg), millis(r.Max),
		float(r.Loss, 2), millis(r.Jitter)}, ":")
}

// part makes a name fit between colons: a colon or a control character in it
// becomes an underscore. All other bytes stay.
func part(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == ':' || c < ' ' || c == 0x7f {
			b[i] = '_'
		}
	}
	return string(b)
}

// environment is the fields of e as variables of the action script: IMON_ and
// the field's name in capitals.
func environment(instance string, e event.Event) []string {
	env := []string{"IMON_INSTANCE=" + instance}
	for _, f := range Fields(e) {
		env = append(env, "IMON_"+strings.ToUpper(f.Name)+"="+f.String())
	}
	return withoutNUL(env)
}

// withoutNUL replaces each NUL, which execve(2) cannot carry, by an underscore.
func withoutNUL(list []string) []string {
	for i, s := range list {
		list[i] = strings.ReplaceAll(s, "\x00", "_")
	}
	return list
}
