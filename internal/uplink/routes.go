package uplink

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// listRoutes keeps what the plans are about, the default routes of main and all of
// our tables; and the defaults that other tables have by the uplinks' devices,
// because they tell of gateways.
func (c conn) listRoutes(k *kernel) error {
	var err error
	k.routes, err = retry(func() (found []route, err error) {
		err = c.eachRoute(k, func(_ []byte, r route) { found = append(found, r) })
		return found, err
	})
	return err
}

// eachRoute calls f with the routes that listRoutes keeps, and with what the
// kernel wrote of them, which f must not keep.
func (c conn) eachRoute(k *kernel, f func([]byte, route)) error {
	request := nl.NewNetlinkRequest(unix.RTM_GETROUTE, unix.NLM_F_DUMP)
	request.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: uint8(k.family.number())}})
	return c.lists.dump(request.Serialize(), func(b []byte) {
		if len(b) < unix.SizeofRtMsg || binary.NativeEndian.Uint32(b[8:])&unix.RTM_F_CLONED != 0 {
			return
		}
		isDefault := b[1] == 0
		if table := readTable(b); isPrivate(table) || isParking(table) || isDefault && table == unix.RT_TABLE_MAIN {
			f(b, readRoute(b, func(index int) string { return c.name(k, index) }))
		} else if isDefault {
			if r := readRoute(b, func(int) string { return "" }); k.device(r.index) != None {
				r.dev = k.specs[k.device(r.index)].Interface
				f(b, r)
			}
		}
	})
}

// device is the first uplink with the device of that index, or None.
func (k *kernel) device(index int) int {
	for i, l := range k.links {
		if index != 0 && l.index == index {
			return i
		}
	}
	return None
}

// readTable is the table of a route message (struct rtmsg in rtnetlink(7)).
func readTable(b []byte) int {
	table := int(b[4])
	each(b[unix.SizeofRtMsg:], func(kind uint16, v []byte) {
		if kind == unix.RTA_TABLE && len(v) >= 4 {
			table = int(binary.NativeEndian.Uint32(v))
		}
	})
	return table
}

// readRoute is a route message as a route; name is what interfaces are called.
func readRoute(b []byte, name func(index int) string) route {
	r := route{
		table: readTable(b), tos: int(b[3]), protocol: int(b[5]), scope: int(b[6]), kind: int(b[7]),
		flags: int(binary.NativeEndian.Uint32(b[8:])),
	}
	family := V4
	if b[0] == unix.AF_INET6 {
		family = V6
	}
	to, from := family.zero(), family.zero()
	each(b[unix.SizeofRtMsg:], func(kind uint16, v []byte) {
		switch kind {
		case unix.RTA_DST:
			to, _ = netip.AddrFromSlice(v)
		case unix.RTA_SRC:
			from, _ = netip.AddrFromSlice(v)
		case unix.RTA_GATEWAY, unix.RTA_VIA:
			r.gateway = readGateway(kind, v)
		case unix.RTA_PREFSRC:
			r.source, _ = netip.AddrFromSlice(v)
		case unix.RTA_OIF:
			r.index = readNumber(v)
		case unix.RTA_PRIORITY:
			r.metric = uint32(readNumber(v))
		case unix.RTA_MULTIPATH:
			r.hops = readHops(v, name)
		}
	})
	r.dst = netip.PrefixFrom(to, int(b[1]))
	if b[2] > 0 {
		r.from = netip.PrefixFrom(from, int(b[2]))
	}
	if family == V6 && r.kind != unix.RTN_UNICAST {
		r.index = 0 // it is said to be by lo
	}
	r.dev = name(r.index)
	return r
}

func readNumber(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(b))
}

// readGateway reads RTA_GATEWAY, or RTA_VIA: the same behind its address family.
func readGateway(kind uint16, b []byte) netip.Addr {
	if kind == unix.RTA_VIA {
		b = b[min(2, len(b)):]
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// readHops is a multipath route's next hops (struct rtnexthop), as ip-route(8)
// prints them.
func readHops(b []byte, name func(index int) string) (text string) {
	for len(b) >= unix.SizeofRtNexthop {
		n := int(binary.NativeEndian.Uint16(b))
		if n < unix.SizeofRtNexthop || n > len(b) {
			return text
		}
		var gateway netip.Addr
		each(b[unix.SizeofRtNexthop:n], func(kind uint16, v []byte) {
			if kind == unix.RTA_GATEWAY || kind == unix.RTA_VIA {
				gateway = readGateway(kind, v)
			}
		})
		text += fmt.Sprintf(" nexthop via %s dev %s weight %d", gateway, name(readNumber(b[4:])), int(b[3])+1)
		b = b[min((n+unix.RTNH_ALIGNTO-1)&^(unix.RTNH_ALIGNTO-1), len(b)):]
	}
	return text
}
