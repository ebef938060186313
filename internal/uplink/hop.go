package uplink

import (
	"cmp"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Hop is what the kernel tells of the way to the internet by an uplink's device,
// whatever the uplink's Spec has for a gateway.
type Hop struct {
	// Gateway is that of the default route which another program has by the
	// device: in the main table, or else in any other. It is invalid when there is
	// no such route, or the route needs none.
	Gateway netip.Addr
	Route   string // that route, as ip-route(8) prints it; "" when there is none
	// Direct says that no gateway is needed: the route has none, or the link is a
	// point-to-point link.
	Direct    bool
	Index     int          // of the device; 0 when there is none of that name
	Addresses []netip.Addr // of the device
}

// Hops returns for each of the uplinks what the kernel tells of the way by its
// device. It changes nothing and needs no privilege.
func Hops(specs []Spec, o Options) ([]Hop, error) {
	k, err := look(specs, o)
	if err != nil {
		return nil, err
	}
	return k.hops(), nil
}

func (k *kernel) hops() []Hop {
	hops := make([]Hop, 0, len(k.links))
	for _, l := range k.links {
		h := Hop{Direct: l.direct, Index: l.index}
		for _, a := range k.addrs {
			if l.index != 0 && a.index == l.index {
				h.Addresses = append(h.Addresses, a.addr)
			}
		}
		if r, found := k.theirs(l.index); found {
			h.Gateway, h.Route = r.gateway, r.String()
			h.Direct = !r.gateway.IsValid()
		}
		hops = append(hops, h)
	}
	return hops
}

// theirs is the default route of another program by a device that tells most.
func (k *kernel) theirs(index int) (best route, found bool) {
	for _, r := range k.routes {
		if index == 0 || r.index != index || r.protocol == Protocol || r.dst.Bits() != 0 || r.kind != unix.RTN_UNICAST ||
			r.gateway.IsValid() && r.gateway.Is4() != (k.family == V4) {
			continue
		}
		if !found || prior(r, best) < 0 {
			best, found = r, true
		}
	}
	return best, found
}

// prior compares two default routes by what they tell: main knows best.
func prior(a, b route) int {
	rank := func(r route) int {
		if r.table == unix.RT_TABLE_MAIN {
			return 0
		}
		return r.table
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.metric, b.metric))
}
