package uplink

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// SetSpare keeps a second default route, through uplink i, where the kernel looks when
// main has none: in table default (253), by the rule that every Linux has behind main
// (32767, ip-rule(8)). So when a device goes and takes main's default along, packets
// leave by another uplink at once, and not only when we have heard of it. Main is for
// [Router.SetDefault] alone. With i = [None] there is no spare; it must not lead
// through an uplink that is not known to be online.
//
// A default of others in that table is left alone, and then there is no spare; neither
// is there one of IPv6, which has no such rule. When the kernel already has it so,
// nothing is written. An error means that there may be none.
func (r *Router) SetSpare(i int) error {
	if r.family == V6 {
		return nil
	}
	_, _, err := r.settle(func(k *kernel) ([]op, error) { return k.planSpare(i), nil })
	if err != nil {
		return fmt.Errorf("cannot keep a spare default route: %w", err)
	}
	return nil
}

// planSpare says what makes the default of uplink i the only one of ours in table
// default.
func (k *kernel) planSpare(i int) []op {
	var stale []route
	var want *route
	if i != None && k.states()[i].Usable() {
		r := k.defaultVia(i)
		r.table, r.metric = unix.RT_TABLE_DEFAULT, k.metric
		want = &r
	}
	for _, r := range k.routes {
		switch {
		case r.table != unix.RT_TABLE_DEFAULT || !r.isDefault():
		case want != nil && r.is(*want):
			want = nil
		case r.protocol == Protocol:
			stale = append(stale, r)
		default:
			want = nil // somebody else uses the table
		}
	}
	if want == nil {
		return removeRoutes(stale)
	}
	o, stale := place(*want, slices.Clone(stale), false)
	o.uplink = None
	return append([]op{o}, removeRoutes(stale)...)
}
