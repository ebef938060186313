package uplink

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Default routes of others by the uplinks' devices are parked when imon is told to
// manage them: moved into a table of ours, each with all its attributes, its
// protocol and its metric, where nothing looks for routes. So the kernel itself
// remembers them, also for the successor of a process that was killed.

// isParking reports whether a table's id is one for parked routes: each private
// table has one that belongs to it.
func isParking(table int) bool { return isPrivate(table - Tables) }

// parking is where a route in the main table is parked, 0 for nowhere.
func (k *kernel) parking(r route) int {
	i := k.device(r.index)
	if i == None || i >= len(k.tables) || k.tables[i] == 0 {
		return 0
	}
	return k.tables[i] + Tables
}

// unwanted reports whether r is a default route that is to be parked. Of IPv6, what
// router advertisements brought stays where ours wins over it: its lifetime is in
// other hands. So do routes that are for some sources only.
func (k *kernel) unwanted(r route) bool {
	return r.table == unix.RT_TABLE_MAIN && r.isDefault() && r.kind == unix.RTN_UNICAST && r.protocol != Protocol &&
		!k.ours(r) && k.parking(r) != 0 && (r.protocol != unix.RTPROT_RA || r.metric <= k.metric)
}

// planManage says which routes are to be parked, or brought back when they are not
// managed (any more).
func (k *kernel) planManage(manage bool) (ops []op) {
	for _, r := range k.routes {
		switch {
		case manage && k.unwanted(r) && !slices.Contains(k.contested, r.dev):
			ops = append(ops, op{verb: moveRoute, route: r, uplink: None, table: k.parking(r)})
		case manage || !isParking(r.table) || k.device(r.index) == None:
		case r.source.IsValid() && !k.local(r.source, 0) || r.gateway.IsValid() && r.flags&unix.RTNH_F_ONLINK == 0 && !k.reachable(r):
			ops = append(ops, op{verb: deleteRoute, route: r, uplink: None}) // its owner would have removed it
		default:
			ops = append(ops, op{verb: moveRoute, route: r, uplink: None, table: unix.RT_TABLE_MAIN})
		}
	}
	return ops
}

// reachable reports whether the kernel knows a route's gateway to be on the link.
func (k *kernel) reachable(r route) bool {
	return r.gateway.IsLinkLocalUnicast() || k.onLink(r.index, r.gateway)
}

// managed are the parked routes, as they were in the main table.
func (k *kernel) managed() (text []string) {
	for i := range k.links {
		for _, r := range k.routes {
			if isParking(r.table) && k.device(r.index) == i {
				r.table = unix.RT_TABLE_MAIN
				text = append(text, r.String())
			}
		}
	}
	return text
}

// compete makes the metric of ours one that wins over the routes that are not
// parked any more, because their owners do not give in. Of IPv6, it is also one that
// no other has: routes of one metric become one, with several gateways.
func (k *kernel) compete() {
	for _, r := range k.routes {
		if slices.Contains(k.contested, r.dev) && k.unwanted(r) && r.metric <= k.metric {
			k.metric = r.metric - min(r.metric, 1)
		}
	}
	for k.family == V6 && k.metric > 1 && slices.ContainsFunc(k.routes, k.rivals6) {
		k.metric--
	}
}

// Another program may put its route back three times a minute, as it may renew a
// lease or an interface may bounce. If it does so more often it means it.
const (
	patience = 1 + 3
	quarrel  = time.Minute
)

// contest remembers how often routes by a device were parked.
type contest map[string][]time.Time

// parked notes that a route by a device was parked, and reports whether its owner
// had put one back too often already.
func (c contest) parked(device string, now time.Time) (tooOften bool) {
	c[device] = slices.DeleteFunc(c[device], func(t time.Time) bool { return now.Sub(t) >= quarrel })
	c[device] = append(c[device], now)
	return len(c[device]) > patience
}

// complaint is the sentence on the contested devices, "" for none.
func (k *kernel) complaint() string {
	for _, r := range k.routes {
		if slices.Contains(k.contested, r.dev) && k.unwanted(r) {
			return fmt.Sprintf("Another program puts its default route %q back all the time; it stays now, and imon's has metric %d", r, k.metric)
		}
	}
	return ""
}
