package lab

import (
	"fmt"
	"net/netip"
)

// CutRouter is the router's interface set down, which takes its routes.
func (l *Lab) CutRouter(i int) Fault {
	down := "link set " + home(i).Interface + " down\n"
	return Fault{fmt.Sprintf("interface %d set down at the router", i+1),
		func() error { return l.Router.batch(down) },
		func() error { return l.Router.batch(l.routerLines(i)) }}
}

// CutISP is the cable cut at the provider: the router's interface stays up and
// loses its carrier.
func (l *Lab) CutISP(i int) Fault {
	return Fault{fmt.Sprintf("cable %d cut at the ISP", i+1),
		func() error { return l.ISPs[i].batch("link set lan down\n") },
		func() error { return l.ISPs[i].batch(l.ispLines(i)) }}
}

// Bounce is the router's interface set down and up again at once, which takes
// its routes. Its restore does nothing.
func (l *Lab) Bounce(i int) Fault {
	down := "link set " + home(i).Interface + " down\n"
	return Fault{fmt.Sprintf("interface %d bounced", i+1),
		func() error { return l.Router.batch(down + l.routerLines(i)) },
		nothing}
}

// Removed is the router's interface gone, as a USB modem that is pulled out.
// Its restore makes another one of the same name, addresses and all, with
// another index and link-layer address.
func (l *Lab) Removed(i int) Fault {
	device := home(i).Interface
	return Fault{fmt.Sprintf("interface %d removed", i+1),
		func() error { return l.Router.batch("link del " + device + "\n") },
		func() error { return l.reinsert(i) }}
}

func (l *Lab) reinsert(i int) error {
	if err := host(l.veth(home(i).Interface, l.Router, "lan", l.ISPs[i])); err != nil {
		return err
	}
	if err := l.ISPs[i].batch(l.ispLines(i)); err != nil {
		return err
	}
	return l.Router.batch(l.routerLines(i))
}

// Renumber is another address for the router in the same subnet, as after a
// new DHCP lease: the new one is added before the old one is removed. The
// gateway stays.
func (l *Lab) Renumber(i int) Fault {
	to := home(i)
	to.Address = netip.PrefixFrom(last(to.Address.Addr(), 77), 24)
	return Fault{fmt.Sprintf("router renumbered on line %d", i+1),
		func() error { return l.move(i, to) },
		func() error { return l.move(i, home(i)) }}
}

// RenumberGateway is another subnet on the line: both the router's address and
// the gateway change, 192.168.42.x becomes 192.168.142.x.
func (l *Lab) RenumberGateway(i int) Fault {
	to := home(i)
	to.Address = netip.PrefixFrom(third(to.Address.Addr()), 24)
	to.Gateway = third(to.Gateway)
	return Fault{fmt.Sprintf("line %d renumbered, gateway too", i+1),
		func() error { return l.move(i, to) },
		func() error { return l.move(i, home(i)) }}
}

// last is address with another last byte.
func last(address netip.Addr, value byte) netip.Addr {
	b := address.As4()
	b[3] = value
	return netip.AddrFrom4(b)
}

// third is address with 100 added to the third byte.
func third(address netip.Addr) netip.Addr {
	b := address.As4()
	b[2] += 100
	return netip.AddrFrom4(b)
}

// move gives the line of uplink i other addresses.
func (l *Lab) move(i int, to Uplink) error {
	from := l.Uplink(i)
	to.Global = from.Global
	if to.Gateway != from.Gateway {
		if err := l.ISPs[i].batch(swap("lan", to.Gateway.String()+"/24", from.Gateway.String()+"/24")); err != nil {
			return err
		}
	}
	if to.Address != from.Address {
		if err := l.Router.batch(swap(to.Interface, to.Address.String(), from.Address.String())); err != nil {
			return err
		}
	}
	l.setUplink(i, to)
	if l.snat {
		return l.routerNAT()
	}
	return nil
}

// swap adds one address to a device and removes another one.
func swap(device, add, remove string) string {
	return fmt.Sprintf("addr add %s dev %s\naddr del %s dev %[2]s\n", add, device, remove)
}

// ExternalChanged is another address of provider i towards the internet, the
// one that web servers see.
func (l *Lab) ExternalChanged(i int) Fault {
	return Fault{fmt.Sprintf("external address %d changed", i+1),
		func() error { return l.external(i, last(home(i).Global, 77)) },
		func() error { return l.external(i, home(i).Global) }}
}

func (l *Lab) external(i int, to netip.Addr) error {
	u := l.Uplink(i)
	if to == u.Global {
		return nil
	}
	lines := swap("far", to.String()+"/16", u.Global.String()+"/16") +
		"route replace default via " + provider(i).far + "\n"
	if err := l.ISPs[i].batch(lines); err != nil {
		return err
	}
	u.Global = to
	l.setUplink(i, u)
	return nil
}
