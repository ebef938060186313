package uplink

import (
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// verb is one kind of change, in ip(8)'s words.
type verb string

const (
	addRoute     verb = "route add"     // fails when there is one of its metric
	prependRoute verb = "route prepend" // in front of those of its metric
	replaceRoute verb = "route replace" // instead of the first of its metric
	deleteRoute  verb = "route delete"
	moveRoute    verb = "route move" // into another table
	addRule      verb = "rule add"
	deleteRule   verb = "rule delete"
)

// op is one change to the kernel. Either its route or its rule counts.
type op struct {
	verb   verb
	route  route
	rule   rule
	table  int // to which a route is moved
	uplink int // that needs it; None when something is removed
}

// String is the change as one would type it after "ip".
func (o op) String() string {
	if o.verb == addRule || o.verb == deleteRule {
		return string(o.verb) + " " + o.rule.String()
	}
	text := string(o.verb) + " " + o.route.String()
	if o.verb == moveRoute {
		text += " to table " + tableName(o.table)
	}
	return text
}

// defaultVia is a default route of ours through uplink i.
func (k *kernel) defaultVia(i int) route {
	r := route{
		dst:      netip.PrefixFrom(k.family.zero(), 0),
		kind:     unix.RTN_UNICAST,
		gateway:  k.specs[i].Gateway,
		index:    k.links[i].index,
		dev:      k.specs[i].Interface,
		protocol: Protocol,
	}
	switch {
	case k.specs[i].Direct && k.family == V4:
		r.scope = unix.RT_SCOPE_LINK
	case !k.specs[i].Direct && !k.reachable(r):
		r.flags = unix.RTNH_F_ONLINK
	}
	return r
}

// planDefault says what makes the default route of uplink i our only one: first
// that route is put in place, then our others are removed. It is an error when
// the uplink cannot work. With i = None there is to be none of ours.
//
// A replacement is atomic, but it hits the first route of equal metric. So it
// is used only when that one is ours; with a foreign one there, ours is put in
// front of it and the old one is removed afterwards.
func (k *kernel) planDefault(i int) ([]op, error) {
	if i == None {
		return k.planWithdraw(), nil
	}
	if s := k.states()[i]; !s.Usable() {
		return nil, errors.New(s.Reason)
	}
	want := k.defaultVia(i)
	want.table, want.metric = unix.RT_TABLE_MAIN, k.metric
	var stale []route
	var rival, placed bool
	for _, r := range k.routes {
		switch {
		case r.is(want) && !placed:
			if !r.alive() {
				return nil, errors.New("the kernel holds the route but does not use it")
			}
			placed = true
		case k.ours(r):
			stale = append(stale, r)
		case r.table == want.table && r.isDefault() && r.metric == want.metric:
			rival = true
		}
	}
	var ops []op
	if !placed {
		var o op
		o, stale = place(want, stale, rival)
		o.uplink = i
		ops = append(ops, o)
	}
	return append(ops, removeRoutes(stale)...), nil
}

// place says how want comes to its place, and what of the stale remains then.
func place(want route, stale []route, rival bool) (op, []route) {
	if rival {
		return op{verb: prependRoute, route: want}, stale
	}
	first := slices.IndexFunc(stale, func(r route) bool { return r.metric == want.metric })
	if first < 0 {
		return op{verb: addRoute, route: want}, stale
	}
	return op{verb: replaceRoute, route: want}, slices.Delete(stale, first, first+1)
}

func removeRoutes(stale []route) []op {
	ops := make([]op, 0, len(stale))
	for _, r := range stale {
		ops = append(ops, op{verb: deleteRoute, route: r, uplink: None})
	}
	return ops
}
