package netifd

import (
	"net/netip"

	"github.com/ejgeiger/imon/internal/ubus"
)

// Interface is one logical interface of netifd.
type Interface struct {
	Name string
	Up   bool
	// Device is the network device that carries its packets (l3_device, such as
	// "pppoe-wan"), and Gateway the next hop of its default route, IPv4. While it
	// is down both are the last ones known, empty and invalid if there was none.
	Device  string
	Gateway netip.Addr
	Address netip.Addr // the first IPv4 one; invalid while there is none
	// Installs says that netifd itself puts this interface's default route into
	// the main table: its option defaultroute is not 0.
	Installs bool
}

// better reports whether i tells more of their common device than other.
func (i Interface) better(other Interface) bool {
	if i.Up != other.Up {
		return i.Up
	}
	if i.Gateway.IsValid() != other.Gateway.IsValid() {
		return i.Gateway.IsValid()
	}
	return i.Name < other.Name
}

// after is i with what a status that is down does not say any more.
func (i Interface) after(before Interface) Interface {
	if i.Up {
		return i
	}
	if i.Device == "" {
		i.Device = before.Device
	}
	if !i.Gateway.IsValid() {
		i.Gateway = before.Gateway
	}
	return i
}

// parseAll reads the answer to "dump".
func parseAll(t ubus.Table) []Interface {
	var all []Interface
	for _, v := range t.Array("interface") {
		status, _ := v.(ubus.Table)
		if i, ok := parse(status); ok {
			all = append(all, i)
		}
	}
	return all
}

// parse reads the status of one interface. It is false when it names none.
//
// With the option defaultroute 0 the default route is no route of the interface,
// but netifd keeps it, with its next hop, among those that are inactive.
func parse(t ubus.Table) (Interface, bool) {
	i := Interface{Name: t.String("interface"), Up: t.Bool("up"), Device: t.String("l3_device")}
	if a := t.Array("ipv4-address"); len(a) > 0 {
		i.Address = address(a[0], "address")
	}
	active, installed := defaultRoute(t.Array("route"))
	inactive, _ := defaultRoute(t.Table("inactive").Array("route"))
	i.Gateway, i.Installs = active, installed
	if !active.IsValid() {
		i.Gateway = inactive
	}
	return i, i.Name != ""
}

// defaultRoute is the next hop of the first IPv4 default route, and whether there
// is one in the main table: the option ip4table gives a route a table of its own.
func defaultRoute(routes []any) (gateway netip.Addr, main bool) {
	for _, v := range routes {
		r, _ := v.(ubus.Table)
		mask, _ := r.Int("mask")
		if target := address(v, "target"); mask != 0 || !target.Is4() || !target.IsUnspecified() {
			continue
		}
		if hop := address(v, "nexthop"); !gateway.IsValid() && hop.Is4() && !hop.IsUnspecified() {
			gateway = hop
		}
		table, special := r.Int("table")
		main = main || !special || table == 254 || table == 0
	}
	return gateway, main
}

// address is the address of that name in a table, invalid when there is none.
func address(v any, name string) netip.Addr {
	t, _ := v.(ubus.Table)
	a, _ := netip.ParseAddr(t.String(name))
	return a
}
