package config

import (
	"fmt"
	"slices"
	"strings"
)

// side is what the failover of one family goes by.
type side struct {
	gw, ping string // the parts of an uplink that are its gateway and its targets
	uplinks  []Uplink
}

// sides are the families whose default route is kept.
func (b *builder) sides() (all []side) {
	f := b.c.Failover
	if f.Family.V4() {
		all = append(all, side{"gw", "ping", f.All()})
	}
	if f.Family.V6() {
		all = append(all, side{"gw6", "ping6", f.V6().All()})
	}
	return all
}

// furtherGateways checks that each further uplink has a gateway.
func (b *builder) furtherGateways() {
	for i, u := range b.c.Failover.Further {
		if b.c.Failover.Family.V4() && !u.Gateway.IsValid() {
			b.wrongItem(i+2, "must have gw= for each uplink")
		}
	}
}

// sameUplink refuses two uplinks that are one. Two gateways on one interface
// are two uplinks.
func (b *builder) sameUplink(s side) {
	for i, u := range s.uplinks {
		if u.Interface == "" || !u.Gateway.IsValid() || !slices.ContainsFunc(s.uplinks[:i], func(o Uplink) bool {
			return o.Interface == u.Interface && o.Gateway == u.Gateway
		}) {
			continue
		}
		if i >= 2 {
			b.wrongItem(i, fmt.Sprintf("must not have if= and %s= of another uplink", s.gw))
			continue
		}
		b.wrongPart(i, "if", u.Interface, fmt.Sprintf("must not be primary-if when standby-%s is primary-%[1]s", s.gw))
	}
}

// askable checks that each uplink has somebody to ask, in the form that its method
// wants. Without a target its gateway is asked, which answers echo requests and
// often DNS queries.
func (b *builder) askable(s side) {
	for i, u := range s.uplinks {
		where := "needs a target in " + partName(i, s.ping)
		told := i < 2 && !b.blank("failover", partName(i, s.ping)) // what is there and wrong
		switch {
		case len(u.Targets) > 0 || told:
		case u.Method == MethodTCP || u.Method == MethodHTTP:
			b.wrongPart(i, "method", string(u.Method), where)
		case u.NoGateway():
			b.wrongPart(i, s.gw, noGateway, where)
		}
		for _, target := range u.Targets {
			if form, right := u.Method.takes(target); !right {
				b.wrongPart(i, s.ping, target, fmt.Sprintf("must be %s for method %s", form, u.Method))
			}
		}
	}
}

// takes says in which form a method wants its targets, and whether this one is in it.
func (m Method) takes(target string) (form string, right bool) {
	_, isEndpoint := endpoint(target)
	isURL := strings.Contains(target, "://")
	switch m {
	case MethodHTTP:
		return "an http:// or https:// URL", isURL
	case MethodTCP:
		return "HOST:PORT", isEndpoint && !isURL
	default:
		return "an address or a name", !isEndpoint
	}
}

// reliability checks that no uplink has fewer targets than have to answer, unless it
// has none and its gateway is asked.
func (b *builder) reliability(s side) {
	fewest, where := b.c.Failover.Reliability, ""
	for i, u := range s.uplinks {
		if n := len(u.Targets); n > 0 && n < fewest {
			fewest, where = n, partName(i, s.ping)
			if i >= 2 {
				where += fmt.Sprintf(" of uplink %d", i+1)
			}
		}
	}
	if where != "" {
		b.wrongKey("failover", "reliability", fmt.Sprintf("must be at most %d, the number of targets in %s", fewest, where))
	}
}

// unused warns of IPv6 targets that nobody will ask.
func (b *builder) unused() {
	if b.c.Failover.Family.V6() {
		return
	}
	for i, u := range b.c.Failover.All() {
		if len(u.Targets6) == 0 {
			continue
		}
		key := partName(i, "ping6")
		where, line := key, b.doc.section("failover").lineOf(key)
		if i >= 2 {
			where = "uplinks"
			_, line = b.item(i)
		}
		b.warn(line, b.doc.name("failover", where)+" needs family 6 or both",
			fmt.Sprintf("Targets '%s' for %s are not asked, as family is 4", shown(strings.Join(u.Targets6, ",")), key))
	}
}
