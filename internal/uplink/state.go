package uplink

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// states is what the kernel says of the uplinks.
func (k *kernel) states() []State {
	s := make([]State, 0, len(k.specs))
	for i, l := range k.links {
		one := State{
			Index:   l.index,
			Up:      l.up && l.carrier,
			Address: k.source(l.index, k.specs[i].Gateway, s),
		}
		one.Reason = k.reason(i, one)
		s = append(s, one)
	}
	return s
}

// reason is why uplink i cannot work now, "" when it may.
func (k *kernel) reason(i int, s State) string {
	switch l := k.links[i]; {
	case k.specs[i].Reason != "":
		return k.specs[i].Reason
	case l.index == 0:
		return "interface does not exist"
	case !l.up:
		return "interface is down"
	case !l.carrier:
		return "no carrier"
	case !s.Address.IsValid():
		return k.family.lacking()
	case k.local(k.specs[i].Gateway, l.index):
		return "the gateway's address is the interface's own"
	}
	return ""
}

// source is the address on an interface from which a gateway is spoken to. Of
// several in the gateway's subnet it is one that no uplink before has taken.
func (k *kernel) source(index int, gateway netip.Addr, before []State) netip.Addr {
	if k.family == V6 {
		return k.source6(index, before)
	}
	var shared, other netip.Addr
	for _, a := range k.addrs {
		switch {
		case index == 0 || a.index != index || a.scope == unix.RT_SCOPE_HOST:
		case a.subnet.Contains(gateway) && !taken(a, before):
			return a.addr
		case a.subnet.Contains(gateway):
			shared = a.addr
		case a.scope == unix.RT_SCOPE_UNIVERSE:
			other = cmp.Or(other, a.addr)
		}
	}
	return cmp.Or(shared, other)
}

// taken reports whether one of the uplinks has that address.
func taken(a address, uplinks []State) bool {
	return slices.ContainsFunc(uplinks, func(s State) bool { return s.Index == a.index && s.Address == a.addr })
}

// onLink reports whether a gateway is on a subnet of an interface.
func (k *kernel) onLink(index int, gateway netip.Addr) bool {
	for _, a := range k.addrs {
		if a.index == index && a.subnet.Contains(gateway) {
			return true
		}
	}
	return false
}

// local reports whether addr is on the interface, or on any when index is 0.
func (k *kernel) local(addr netip.Addr, index int) bool {
	for _, a := range k.addrs {
		if a.addr == addr && (index == 0 || a.index == index) {
			return true
		}
	}
	return false
}

// ours reports whether a route in the main table is our default.
func (k *kernel) ours(r route) bool {
	if r.table != unix.RT_TABLE_MAIN || !r.isDefault() {
		return false
	}
	if k.barrier(r) {
		return true
	}
	uplink, metric := k.via(r) != None, r.metric == k.metric || r.metric == k.base
	if r.protocol == Protocol {
		return uplink || metric || k.former != nil && r.metric == *k.former
	}
	return uplink && metric && r.gateway.IsValid() && (r.protocol == unix.RTPROT_BOOT || r.protocol == unix.RTPROT_UNSPEC)
}

// via is the uplink through whose device and gateway, or lack of one, r leads; or None.
func (k *kernel) via(r route) int {
	for i, spec := range k.specs {
		if !spec.reachable() {
			continue
		}
		if r.kind == unix.RTN_UNICAST && r.index != 0 && r.index == k.links[i].index && r.gateway == spec.Gateway {
			return i
		}
	}
	return None
}

// snapshot is what is reported of k.
func (k *kernel) snapshot() Snapshot {
	s := Snapshot{Uplinks: k.states(), Specs: k.specs, Hops: k.hops(), Default: None, Managed: k.managed(), Contested: k.complaint()}
	for _, r := range k.routes {
		switch {
		case r.table != unix.RT_TABLE_MAIN || !r.isDefault():
		case k.ours(r):
			if s.Default == None && r.metric == k.metric && r.alive() {
				s.Default = k.via(r)
			}
		case r.metric <= k.metric && r.flags&unix.RTNH_F_DEAD == 0:
			s.Foreign = append(s.Foreign, r.String())
		}
	}
	return s
}
