package netifd

import (
	"net/netip"
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
)

// list makes a status with one list of routes each under route and inactive.
func list(active, inactive []any) ubus.Table {
	return ubus.Table{
		{Name: "interface", Value: "wan"}, {Name: "up", Value: true}, {Name: "l3_device", Value: "eth1"},
		{Name: "route", Value: active},
		{Name: "inactive", Value: ubus.Table{{Name: "route", Value: inactive}}},
	}
}

func route(target, hop string, more ...ubus.Field) any {
	return append(ubus.Table{
		{Name: "target", Value: target}, {Name: "mask", Value: int32(0)}, {Name: "nexthop", Value: hop},
	}, more...)
}

func TestGateway(t *testing.T) {
	none := netip.Addr{}
	gateway := netip.MustParseAddr("192.168.42.1")
	network := append(route("10.0.0.0", "10.1.1.1").(ubus.Table), ubus.Field{Name: "mask", Value: int32(8)})
	for name, c := range map[string]struct {
		active, inactive []any
		gateway          netip.Addr
		installs         bool
	}{
		"none":                     {nil, nil, none, false},
		"installed":                {[]any{route("0.0.0.0", "192.168.42.1")}, nil, gateway, true},
		"defaultroute 0":           {nil, []any{route("0.0.0.0", "192.168.42.1")}, gateway, false},
		"IPv6 first":               {[]any{route("::", "fe80::1"), route("0.0.0.0", "192.168.42.1")}, nil, gateway, true},
		"a network first":          {[]any{network, route("0.0.0.0", "192.168.42.1")}, nil, gateway, true},
		"two":                      {[]any{route("0.0.0.0", "192.168.42.1"), route("0.0.0.0", "192.168.42.9")}, nil, gateway, true},
		"active and inactive":      {[]any{route("0.0.0.0", "192.168.42.1")}, []any{route("0.0.0.0", "192.168.42.9")}, gateway, true},
		"a table of its own":       {[]any{route("0.0.0.0", "192.168.42.1", ubus.Field{Name: "table", Value: int32(100)})}, nil, gateway, false},
		"the main table by number": {[]any{route("0.0.0.0", "192.168.42.1", ubus.Field{Name: "table", Value: int32(254)})}, nil, gateway, true},
		"no next hop":              {[]any{route("0.0.0.0", "0.0.0.0")}, nil, none, true},
		"nonsense":                 {[]any{nil, int32(7), "x", ubus.Table{}, route("x", "y")}, []any{false}, none, false},
	} {
		t.Run(name, func(t *testing.T) {
			i, ok := parse(list(c.active, c.inactive))
			if !ok || i.Gateway != c.gateway || i.Installs != c.installs || i.Device != "eth1" || !i.Up {
				t.Errorf("%v %+v", ok, i)
			}
		})
	}
}

func TestParseOfOtherThings(t *testing.T) {
	for name, status := range map[string]ubus.Table{
		"nothing":         nil,
		"no name":         {{Name: "up", Value: true}},
		"name of a table": {{Name: "interface", Value: ubus.Table{}}},
	} {
		if i, ok := parse(status); ok {
			t.Errorf("%s: %+v", name, i)
		}
	}
	odd := ubus.Table{{Name: "interface", Value: []any{nil, ubus.Table{}, ubus.Table{{Name: "interface", Value: "lan"}}, "x"}}}
	if all := parseAll(odd); len(all) != 1 || all[0].Name != "lan" {
		t.Errorf("%+v", all)
	}
	i, _ := parse(ubus.Table{
		{Name: "interface", Value: "wan"},
		{Name: "ipv4-address", Value: []any{ubus.Table{{Name: "address", Value: "nonsense"}}}},
		{Name: "route", Value: "x"}, {Name: "inactive", Value: int64(1)},
	})
	if i.Address.IsValid() || i.Gateway.IsValid() || i.Up {
		t.Errorf("%+v", i)
	}
}
