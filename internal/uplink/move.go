package uplink

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// move puts a route into another table, with all that the kernel knows of it: first
// it is there, then it goes here. In the new table it takes the place of one with
// its metric, but in the main table it stands behind such a one.
func (c conn) move(r route, table int) error {
	var body []byte
	family := familyOf(r.dst.Addr())
	err := c.eachRoute(&kernel{settings: settings{family: family}}, func(b []byte, found route) {
		if found.is(r) {
			body = inTable(b, table)
		}
	})
	if err != nil {
		return err
	}
	if body == nil {
		return fmt.Errorf("%w: it is gone", unix.ESRCH)
	}
	flags := unix.NLM_F_REPLACE
	switch {
	case table == unix.RT_TABLE_MAIN && family == V4:
		flags = unix.NLM_F_APPEND
	case table == unix.RT_TABLE_MAIN:
		flags = unix.NLM_F_EXCL // to append would join the two
	}
	request := nl.NewNetlinkRequest(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_ACK|flags)
	request.AddRawData(body)
	if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil && err != unix.EEXIST {
		return err
	}
	return c.RouteDel(toNetlink(r))
}

// inTable makes of a route message from the kernel one to it, for another table.
func inTable(b []byte, table int) []byte {
	out := slices.Clone(b[:unix.SizeofRtMsg])
	out[4] = unix.RT_TABLE_UNSPEC // RTA_TABLE counts
	flags := binary.NativeEndian.Uint32(out[8:]) & unix.RTNH_F_ONLINK
	binary.NativeEndian.PutUint32(out[8:], flags)
	add := func(kind int, value []byte) { out = append(out, nl.NewRtAttr(kind, value).Serialize()...) }
	add(unix.RTA_TABLE, nl.Uint32Attr(uint32(table)))
	each(b[unix.SizeofRtMsg:], func(kind uint16, v []byte) {
		switch kind {
		case unix.RTA_TABLE:
		case unix.RTA_CACHEINFO: // struct rta_cacheinfo; its third member is the rest of the life
			const hertz = 100 // of USER_HZ
			if len(v) >= 12 {
				if left := binary.NativeEndian.Uint32(v[8:]); int32(left) > 0 {
					add(unix.RTA_EXPIRES, nl.Uint32Attr(left/hertz))
				}
			}
		default:
			add(int(kind), v)
		}
	})
	return out
}
