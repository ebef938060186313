package uplink

import (
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Of linux/netfilter/nfnetlink_conntrack.h: how Linux from 5.8 on is told what to
// leave out of a list (earlier ones send all), and what tells flows of ICMP apart.
const (
	ctaFilter           = 25
	ctaFilterReplyFlags = 2
	ctaFilterIPDst      = 1 << 1
	ctaProtoICMPID      = 4
	ctaProtoICMPType    = 5
	ctaProtoICMPCode    = 6
)

// nlaTypeMask is the type of an attribute without its flags (NLA_TYPE_MASK).
const nlaTypeMask = 0x3fff

// flowsOf asks for the IPv4 flows whose replies go to a.
func flowsOf(a netip.Addr) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(int(netlink.ConntrackTable)<<8|nl.IPCTNL_MSG_CT_GET, unix.NLM_F_DUMP)
	r.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
	reply := nl.NewRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_REPLY, nil)
	reply.AddRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_IP, nil).AddRtAttr(nl.CTA_IP_V4_DST, a.AsSlice())
	filter := nl.NewRtAttr(unix.NLA_F_NESTED|ctaFilter, nil)
	filter.AddRtAttr(ctaFilterReplyFlags, nl.Uint32Attr(ctaFilterIPDst))
	r.AddData(reply)
	r.AddData(filter)
	return r
}

// flow is what counts of a tracked flow.
type flow struct {
	source  netip.Addr // who began it
	leaves  netip.Addr // with which source address it leaves: the replies' destination
	replies uint64     // packets
}

// parseFlow reads the attributes of one flow. What is cut short is left out.
func parseFlow(b []byte) (f flow) {
	each(b, func(kind uint16, b []byte) {
		switch kind {
		case nl.CTA_TUPLE_ORIG:
			f.source = within(b, nl.CTA_IP_V4_SRC)
		case nl.CTA_TUPLE_REPLY:
			f.leaves = within(b, nl.CTA_IP_V4_DST)
		case nl.CTA_COUNTERS_REPLY:
			each(b, func(kind uint16, b []byte) {
				if kind == nl.CTA_COUNTERS_PACKETS && len(b) == 8 {
					f.replies = binary.BigEndian.Uint64(b)
				}
			})
		}
	})
	return f
}

// within is one of the addresses of a tuple.
func within(tuple []byte, want uint16) (a netip.Addr) {
	each(tuple, func(kind uint16, b []byte) {
		if kind == nl.CTA_TUPLE_IP {
			each(b, func(kind uint16, b []byte) {
				if kind == want {
					a, _ = netip.AddrFromSlice(b)
				}
			})
		}
	})
	return a
}

// each calls f with the attributes in b (netlink(7)), without copying them.
func each(b []byte, f func(kind uint16, b []byte)) {
	for len(b) >= unix.SizeofNlAttr {
		n := int(nl.NativeEndian().Uint16(b))
		if n < unix.SizeofNlAttr || n > len(b) {
			return
		}
		f(nl.NativeEndian().Uint16(b[2:])&nlaTypeMask, b[unix.SizeofNlAttr:n])
		b = b[min((n+unix.NLA_ALIGNTO-1)&^(unix.NLA_ALIGNTO-1), len(b)):]
	}
}
