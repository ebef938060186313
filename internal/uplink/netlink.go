package uplink

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// timeout is how long the kernel may take for one answer.
const timeout = 5 * time.Second

// conn is the connection to the kernel: an rtnetlink(7) socket, and one for long lists.
type conn struct {
	*netlink.Handle
	lists *lists
}

// Close closes both.
func (c conn) Close() {
	c.Handle.Close()
	c.lists.close()
}

func dial() (conn, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return conn{}, fmt.Errorf("cannot open a netlink socket: %w", err)
	}
	if err := h.SetSocketTimeout(timeout); err != nil {
		h.Close()
		return conn{}, fmt.Errorf("cannot set up a netlink socket: %w", err)
	}
	return conn{h, &lists{}}, nil
}

// list asks for everything that the plans look at: in five requests at most,
// unless there are foreign default routes, whose devices' names it asks for.
func (c conn) list(s settings) (*kernel, error) {
	k := &kernel{settings: s, base: s.metric}
	for _, step := range []struct {
		what string
		list func(*kernel) error
	}{
		{"interfaces", c.listLinks},
		{"addresses", c.listAddrs},
		{"routes", c.listRoutes},
		{"routing rules", c.listRules},
	} {
		if err := step.list(k); err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", step.what, err)
		}
	}
	return k, nil
}

func (c conn) listLinks(k *kernel) error {
	k.links = make([]link, len(k.specs))
	for i, spec := range k.specs {
		if spec.Interface == "" {
			continue
		}
		if n := slices.IndexFunc(k.specs[:i], func(s Spec) bool { return s.Interface == spec.Interface }); n >= 0 {
			k.links[i] = k.links[n]
			continue
		}
		l, err := retry(func() (netlink.Link, error) { return c.LinkByName(spec.Interface) })
		if errors.As(err, new(netlink.LinkNotFoundError)) {
			continue
		}
		if err != nil {
			return err
		}
		a := l.Attrs()
		has := func(flags uint32) bool { return a.RawFlags&flags != 0 }
		k.links[i] = link{a.Index, has(unix.IFF_UP), has(unix.IFF_LOWER_UP), has(unix.IFF_POINTOPOINT | unix.IFF_NOARP)}
	}
	return nil
}

func (c conn) listAddrs(k *kernel) error {
	addrs, err := retry(func() ([]netlink.Addr, error) { return c.AddrList(nil, k.family.number()) })
	for _, a := range addrs {
		subnet := a.IPNet
		if a.Peer != nil {
			subnet = a.Peer
		}
		k.addrs = append(k.addrs, address{
			index: a.LinkIndex, addr: addr(a.IP), subnet: prefix(subnet).Masked(), scope: a.Scope, flags: a.Flags,
		})
	}
	return err
}

// name is the name of an interface, for showing.
func (c conn) name(k *kernel, index int) string {
	for i, l := range k.links {
		if l.index == index && index != 0 {
			return k.specs[i].Interface
		}
	}
	if index == 0 {
		return ""
	}
	if l, err := c.LinkByIndex(index); err == nil {
		return l.Attrs().Name
	}
	return fmt.Sprintf("if%d", index)
}

func (c conn) listRules(k *kernel) error {
	all, err := retry(func() ([]netlink.Rule, error) { return c.RuleList(k.family.number()) })
	for _, r := range all {
		if r.Mark != 0 {
			k.marked = append(k.marked, r.Priority)
		}
		if r.Priority != PriorityMain && r.Priority != PriorityTable {
			continue
		}
		k.rules = append(k.rules, rule{
			priority: r.Priority, from: prefix(r.Src), table: r.Table,
			suppress: r.SuppressPrefixlen == 0, protocol: int(r.Protocol),
		})
	}
	return err
}

// apply makes one change. That it has been made already, by whomever, is no error.
func (c conn) apply(o op) error {
	var err error
	switch o.verb {
	case addRoute:
		err = c.RouteAdd(toNetlink(o.route))
	case prependRoute:
		// For IPv4 this is NLM_F_CREATE alone: in front of those of its metric.
		err = c.RouteAddEcmp(toNetlink(o.route))
	case replaceRoute:
		err = c.RouteReplace(toNetlink(o.route))
	case deleteRoute:
		err = c.RouteDel(toNetlink(o.route))
	case moveRoute:
		err = c.move(o.route, o.table)
	case addRule:
		err = c.RuleAdd(ruleToNetlink(o.rule))
	case deleteRule:
		err = c.RuleDel(ruleToNetlink(o.rule))
	}
	removal := o.verb == deleteRoute || o.verb == moveRoute || o.verb == deleteRule
	if removal && (errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT)) || !removal && errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// toNetlink is r in a request. A destination, a scope and a metric must be there
// for the kernel to find a route to delete.
func toNetlink(r route) *netlink.Route {
	out := &netlink.Route{
		Table: r.table, Dst: ipNet(r.dst), Type: r.kind, Tos: r.tos,
		Gw: r.gateway.AsSlice(), LinkIndex: r.index, Protocol: netlink.RouteProtocol(r.protocol),
		Scope: netlink.Scope(r.scope), Priority: int(r.metric), Flags: r.flags & unix.RTNH_F_ONLINK,
	}
	if r.source.IsValid() {
		out.Src = r.source.AsSlice()
	}
	return out
}

func ruleToNetlink(r rule) *netlink.Rule {
	out := netlink.NewRule()
	out.Family, out.Priority, out.Table = familyOf(r.from.Addr()).number(), r.priority, r.table
	out.Src, out.Protocol = ipNet(r.from), uint8(r.protocol)
	if r.suppress {
		out.SuppressPrefixlen = 0
	}
	return out
}

// retry asks again while a list was changed under the kernel's hands.
func retry[T any](ask func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		found, err := ask()
		if n == attempts || !errors.Is(err, netlink.ErrDumpInterrupted) {
			return found, err
		}
	}
}

func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

func prefix(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr(n.IP), bits)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
