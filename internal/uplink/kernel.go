package uplink

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// settings are what a Router was told, and the private tables that it took.
type settings struct {
	specs  []Spec
	metric uint32
	family Family
	manage bool
	former *uint32 // the metric of the Router that this one succeeds; nil for none
	tables []int   // of the specs; 0 for none yet
	// contested are the devices with a default route whose owner does not give in.
	contested []string
}

// kernel is what was listed, in the kernel's order, together with the settings
// in whose light it is read. All plans are made from it, without I/O.
type kernel struct {
	settings
	links  []link    // of the specs
	addrs  []address // all of this machine, of the family
	routes []route   // defaults of main and by the uplinks' devices, and all of our tables
	base   uint32    // the metric of the settings, before it had to compete
	rules  []rule    // rules at our priorities
	marked []int     // the priorities of the rules for packets with a firewall mark
}

// link is one interface; its index is 0 when there is none of that name.
type link struct {
	index int
	up    bool // set up by the administrator (IFF_UP)
	// carrier is IFF_LOWER_UP. IFF_RUNNING follows operstate, which may be a
	// second late.
	carrier bool
	direct  bool // a point-to-point link, or one without ARP
}

// address is one address of an interface. The subnet of a point-to-point link is its peer's.
type address struct {
	index  int
	addr   netip.Addr
	subnet netip.Prefix
	scope  int
	flags  int // unix.IFA_F_TENTATIVE and so on
}

// route is one route. Only what tells routes apart is kept.
type route struct {
	table    int
	dst      netip.Prefix // its address is of the route's family
	from     netip.Prefix // IPv6: of the sources it is for; invalid for all
	kind     int          // unix.RTN_UNICAST and so on
	tos      int
	gateway  netip.Addr
	index    int
	dev      string // for showing
	protocol int
	scope    int
	source   netip.Addr
	metric   uint32
	flags    int    // unix.RTNH_F_ONLINK and so on
	hops     string // a multipath route's next hops, for showing
}

// rule is one routing rule of the two forms that imon makes.
type rule struct {
	priority int
	from     netip.Prefix
	table    int
	suppress bool // suppress_prefixlength 0
	protocol int
}

// alive reports whether the kernel uses r: neither device nor carrier is gone.
func (r route) alive() bool { return r.flags&(unix.RTNH_F_DEAD|unix.RTNH_F_LINKDOWN) == 0 }

// is reports whether r is what was wanted. Flags do not count: a gateway may be
// on the link or not by the time one looks.
func (r route) is(want route) bool {
	r.dev, r.flags = want.dev, want.flags
	return r == want
}

// isDefault reports whether r is a default route for all traffic.
func (r route) isDefault() bool { return r.dst.Bits() == 0 && r.tos == 0 && !r.from.IsValid() }

// String is r as ip-route(8) prints it.
func (r route) String() string {
	var b strings.Builder
	word := func(show bool, format string, value any) {
		if show {
			fmt.Fprintf(&b, format, value)
		}
	}
	word(r.kind != unix.RTN_UNICAST, "%s ", kindName(r.kind))
	word(r.dst.Bits() == 0, "%s", "default")
	word(r.dst.Bits() != 0, "%s", r.dst)
	word(r.from.IsValid(), " from %s", r.from)
	word(r.gateway.IsValid() && r.gateway.Is4() == r.dst.Addr().Is4(), " via %s", r.gateway)
	word(r.gateway.Is6() && r.dst.Addr().Is4(), " via inet6 %s", r.gateway)
	word(r.dev != "", " dev %s", r.dev)
	word(r.table != unix.RT_TABLE_MAIN, " table %d", r.table)
	word(r.protocol != unix.RTPROT_BOOT, " proto %s", protocolName(r.protocol))
	word(r.scope == unix.RT_SCOPE_LINK, " scope %s", "link")
	word(r.source.IsValid(), " src %s", r.source)
	word(r.metric != 0, " metric %d", r.metric)
	word(r.flags&unix.RTNH_F_DEAD != 0, " %s", "dead")
	word(r.flags&unix.RTNH_F_ONLINK != 0, " %s", "onlink")
	word(r.flags&unix.RTNH_F_LINKDOWN != 0, " %s", "linkdown")
	word(r.hops != "", "%s", r.hops)
	return b.String()
}

// String is r as ip-rule(8) prints it.
func (r rule) String() string {
	s := fmt.Sprintf("%d: from %s lookup %s", r.priority, r.from.Addr(), tableName(r.table))
	if r.suppress {
		s += " suppress_prefixlength 0"
	}
	return s + " proto " + protocolName(r.protocol)
}

func tableName(id int) string {
	if id == unix.RT_TABLE_MAIN {
		return "main"
	}
	return fmt.Sprint(id)
}

func protocolName(p int) string {
	if p == unix.RTPROT_KEEPALIVED {
		return "keepalived"
	}
	return netlink.RouteProtocol(p).String()
}

func kindName(k int) string {
	switch k {
	case unix.RTN_BLACKHOLE:
		return "blackhole"
	case unix.RTN_UNREACHABLE:
		return "unreachable"
	case unix.RTN_PROHIBIT:
		return "prohibit"
	case unix.RTN_THROW:
		return "throw"
	default:
		return fmt.Sprintf("type %d", k)
	}
}
