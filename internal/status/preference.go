package status

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Auto is what a person says who wants no uplink preferred any more.
const Auto = "auto"

// Preference is the answer to a person who prefers an uplink.
type Preference struct {
	Forced  string `json:"forced"`                   // the role of the uplink, or "auto"
	Seconds int64  `json:"forced_seconds,omitempty"` // for how long; 0 until told otherwise
	State   string `json:"state,omitempty"`          // of that uplink
	Note    string `json:"note,omitempty"`           // what is to be known besides
}

// Prefer is the answer when uplink i is preferred for d, or until told otherwise.
func (f Failover) Prefer(i int, d time.Duration) Preference {
	u := f.Uplinks[i]
	p := Preference{Forced: u.Role, Seconds: seconds(d), State: u.State}
	if u.State != Online {
		p.Note = "this uplink is not online: the other one is used until it is"
	}
	return p
}

// Failover is the failover monitor that runs, the one of IPv4 before that of IPv6,
// which has the same uplinks; nil when none does.
func (d Document) Failover() *Failover {
	for _, f := range []*Failover{d.Monitors.Failover, d.Monitors.Failover6} {
		if f != nil && f.Enabled {
			return f
		}
	}
	return nil
}

// Find returns the index of the uplink that a person means: by role, by the name
// that it was given, by interface or by device, in this order.
func (f Failover) Find(name string) (int, error) {
	for _, word := range []func(Uplink) string{
		func(u Uplink) string { return u.Role },
		func(u Uplink) string { return u.Name },
		func(u Uplink) string { return u.Interface },
		func(u Uplink) string { return u.Device },
	} {
		called := func(u Uplink) bool { return name != "" && word(u) == name }
		i := slices.IndexFunc(f.Uplinks, called)
		switch {
		case i < 0:
		case slices.ContainsFunc(f.Uplinks[i+1:], called):
			return 0, fmt.Errorf("there is more than one uplink %q: say which by its role, %s", name, f.roles())
		default:
			return i, nil
		}
	}
	return 0, fmt.Errorf("there is no uplink %q: say %s, %s, a name or an interface", name, f.roles(), Auto)
}

func (f Failover) roles() string {
	var roles []string
	for _, u := range f.Uplinks {
		roles = append(roles, u.Role)
	}
	return strings.Join(roles, ", ")
}

// End says in the document that the preference of the uplink of index i ends by
// itself after left, in whole seconds from above. It says nothing when the document shows another one.
func (d *Document) End(i int, left time.Duration) {
	for _, f := range []*Failover{d.Monitors.Failover, d.Monitors.Failover6} {
		if f == nil || left <= 0 || i < 0 || i >= len(f.Uplinks) || f.Uplinks[i].Role != f.Forced {
			continue
		}
		f.ForcedUntil = time.Now().Round(0).Add(left).Format(time.RFC3339)
		f.ForcedSeconds = seconds(left + time.Second - 1)
	}
}
