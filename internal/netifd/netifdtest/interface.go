package netifdtest

import (
	"net/netip"

	"github.com/ejgeiger/imon/internal/ubus"
)

// Interface is a logical interface; one without a device is down.
type Interface struct {
	Name, Device string
	Address      netip.Prefix // IPv4
	Gateway      netip.Addr   // IPv4, invalid for none
	DefaultRoute bool         // the option defaultroute is not 0
	Table        int          // the option ip4table, 0 for none
}

// status is what netifd tells of i.
func (i Interface) status() ubus.Table {
	up := i.Device != ""
	t := ubus.Table{
		{Name: "interface", Value: i.Name}, {Name: "up", Value: up}, {Name: "pending", Value: false},
		{Name: "available", Value: true}, {Name: "autostart", Value: true}, {Name: "dynamic", Value: false},
	}
	if !up {
		return append(t, lists()...)
	}
	t = append(t,
		ubus.Field{Name: "uptime", Value: int32(77)}, ubus.Field{Name: "l3_device", Value: i.Device},
		ubus.Field{Name: "proto", Value: "static"}, ubus.Field{Name: "device", Value: i.Device},
		ubus.Field{Name: "metric", Value: int32(0)},
	)
	active, inactive := i.routes(), []any{}
	if !i.DefaultRoute {
		active, inactive = inactive, active
	}
	address := ubus.Table{
		{Name: "address", Value: i.Address.Addr().String()}, {Name: "mask", Value: int32(i.Address.Bits())},
	}
	return append(t,
		ubus.Field{Name: "ipv4-address", Value: []any{address}},
		ubus.Field{Name: "ipv6-address", Value: []any{}},
		ubus.Field{Name: "route", Value: active},
		ubus.Field{Name: "inactive", Value: ubus.Table{
			{Name: "ipv4-address", Value: []any{}}, {Name: "route", Value: inactive},
		}},
		ubus.Field{Name: "data", Value: ubus.Table{}},
	)
}

// lists are the empty lists of an interface that is down.
func lists() ubus.Table {
	return ubus.Table{
		{Name: "ipv4-address", Value: []any{}}, {Name: "route", Value: []any{}},
		{Name: "inactive", Value: ubus.Table{{Name: "route", Value: []any{}}}}, {Name: "data", Value: ubus.Table{}},
	}
}

// routes are an IPv6 default route, a route to a network, and the default route.
func (i Interface) routes() []any {
	route := func(target string, mask int32, hop string) ubus.Table {
		return ubus.Table{
			{Name: "target", Value: target}, {Name: "mask", Value: mask}, {Name: "nexthop", Value: hop},
			{Name: "source", Value: "0.0.0.0/0"},
		}
	}
	all := []any{route("::", 0, "fe80::1"), route("10.0.0.0", 8, "10.9.9.9")}
	if i.Gateway.IsValid() {
		r := route("0.0.0.0", 0, i.Gateway.String())
		if i.Table != 0 {
			r = append(r, ubus.Field{Name: "table", Value: int32(i.Table)})
		}
		all = append(all, r)
	}
	return all
}
