package lab

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// route is a default route as rtnetlink(7) describes it.
type route struct {
	gateway, source netip.Addr
	link            int // index of the interface
	metric          uint32
	protocol, scope uint8
}

// parseDefault reads a route message; ok is false when it is not about an
// IPv4 default route in table main.
func parseDefault(data []byte) (r route, ok bool) {
	if len(data) < unix.SizeofRtMsg {
		return r, false
	}
	msg := nl.DeserializeRtMsg(data)
	if msg.Family != unix.AF_INET || msg.Dst_len != 0 || msg.Table != unix.RT_TABLE_MAIN || msg.Type != unix.RTN_UNICAST {
		return r, false
	}
	attributes, err := nl.ParseRouteAttr(data[unix.SizeofRtMsg:])
	if err != nil {
		return r, false
	}
	r.protocol, r.scope = msg.Protocol, msg.Scope
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.RTA_GATEWAY:
			r.gateway, _ = netip.AddrFromSlice(a.Value)
		case unix.RTA_PREFSRC:
			r.source, _ = netip.AddrFromSlice(a.Value)
		case unix.RTA_OIF:
			r.link = int(nl.NativeEndian().Uint32(a.Value))
		case unix.RTA_PRIORITY:
			r.metric = nl.NativeEndian().Uint32(a.Value)
		}
	}
	return r, true
}

// parseGone reads a message about a link; gone is true when that link is no
// longer up or there, and routes cannot use it.
func parseGone(m syscall.NetlinkMessage) (index int, gone bool) {
	isLink := m.Header.Type == unix.RTM_NEWLINK || m.Header.Type == unix.RTM_DELLINK
	if !isLink || len(m.Data) < unix.SizeofIfInfomsg {
		return 0, false
	}
	msg := nl.DeserializeIfInfomsg(m.Data)
	return int(msg.Index), m.Header.Type == unix.RTM_DELLINK || msg.Flags&unix.IFF_UP == 0
}

// line is the route as ip-route(8) prints it.
func (r route) line(device string) string {
	var b strings.Builder
	b.WriteString("default")
	if r.gateway.IsValid() {
		fmt.Fprintf(&b, " via %s", r.gateway)
	}
	fmt.Fprintf(&b, " dev %s", device)
	if r.protocol != unix.RTPROT_BOOT {
		fmt.Fprintf(&b, " proto %s", protocolName(r.protocol))
	}
	if r.scope == unix.RT_SCOPE_LINK {
		b.WriteString(" scope link")
	}
	if r.source.IsValid() {
		fmt.Fprintf(&b, " src %s", r.source)
	}
	if r.metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.metric)
	}
	return b.String()
}

// protocolName is a protocol number as /etc/iproute2/rt_protos names it.
func protocolName(p uint8) string {
	switch p {
	case unix.RTPROT_KERNEL:
		return "kernel"
	case unix.RTPROT_STATIC:
		return "static"
	case unix.RTPROT_DHCP:
		return "dhcp"
	}
	return fmt.Sprint(p)
}

// metricOf is the metric in a line of ip-route(8), "" for 0.
func metricOf(line string) string {
	_, metric, _ := strings.Cut(line, " metric ")
	return metric
}

// interfaces are the names of the namespace's interfaces by index.
func (n *NS) interfaces() (map[int]string, error) {
	names := map[int]string{}
	err := n.Do(func() error {
		links, err := net.Interfaces()
		for _, link := range links {
			names[link.Index] = link.Name
		}
		return err
	})
	return names, err
}
