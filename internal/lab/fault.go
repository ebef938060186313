package lab

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is something that can be wrong with the lab, not yet injected.
type Fault struct {
	Name            string // for headlines and the names of tests
	inject, restore func() error
}

// Inject makes the fault happen.
func (f Fault) Inject() error { return f.explain("inject", f.inject()) }

// Restore undoes the fault. It puts back links, addresses and what else the
// lab was built with, never a route of the program under test.
func (f Fault) Restore() error { return f.explain("restore", f.restore()) }

func (f Fault) explain(verb string, err error) error {
	if err != nil {
		return fmt.Errorf("cannot %s fault %q: %w", verb, f.Name, err)
	}
	return nil
}

// nothing is the restore of a fault that undoes itself or is to be repaired by
// the program under test.
func nothing() error { return nil }

// Together is several faults in one.
func Together(name string, faults ...Fault) Fault {
	each := func(verb func(Fault) error) error {
		var errs []error
		for _, f := range faults {
			errs = append(errs, verb(f))
		}
		return errors.Join(errs...)
	}
	return Fault{name,
		func() error { return each(Fault.Inject) },
		func() error { return each(Fault.Restore) }}
}

// dropping is a fault that is a table of nftables rules.
func dropping(name string, ns *NS, family, id, chain string) Fault {
	return Fault{name,
		func() error { return ns.nft(table(family, id, chain)) },
		func() error { return ns.nft(fmt.Sprintf("table %s %s\ndelete table %[1]s %[2]s\n", family, id)) }}
}

// Blackhole is a provider that forwards nothing while its gateway still
// answers.
func (l *Lab) Blackhole(i int) Fault {
	return dropping(fmt.Sprintf("ISP %d blackhole", i+1), l.ISPs[i], "inet", "lab_blackhole",
		"chain forward {\ntype filter hook forward priority -300; policy drop\n}")
}

// GatewayDead is a provider that answers and forwards nothing, not even ARP
// (RFC 826), while the router still has a carrier.
func (l *Lab) GatewayDead(i int) Fault {
	return dropping(fmt.Sprintf("gateway %d dead", i+1), l.ISPs[i], "netdev", "lab_dead",
		"chain in {\ntype filter hook ingress device lan priority 0; policy drop\n}")
}

// Loss is a line that loses so many per cent (1 to 100) of the IP packets that the router
// sends, at random; ARP passes.
func (l *Lab) Loss(i, percent int) Fault {
	return dropping(fmt.Sprintf("%d %% loss on line %d", percent, i+1), l.ISPs[i], "netdev", "lab_loss",
		fmt.Sprintf("chain in {\ntype filter hook ingress device lan priority 10\n"+
			"meta protocol { ip, ip6 } numgen random mod 100 >= %d drop\n}", 100-percent))
}

// AllDown is both gateways dead at once.
func (l *Lab) AllDown() Fault {
	return Together("everything down", l.GatewayDead(0), l.GatewayDead(1))
}

// DNSDown is all name servers stopped: queries are refused at once.
func (l *Lab) DNSDown() Fault {
	return Together("DNS stopped",
		Fault{"8.8.8.8", l.DNS[0].Stop, l.DNS[0].Start},
		Fault{"1.1.1.1", l.DNS[1].Stop, l.DNS[1].Start})
}

// HostDown is one host of the internet that answers nothing at that IPv4
// address, whatever the protocol.
func (l *Lab) HostDown(address string) Fault {
	return dropping("host "+address+" down", l.Internet, "ip", "lab_"+strings.ReplaceAll(address, ".", "_"),
		"chain in {\ntype filter hook input priority 0\nip daddr "+address+" drop\n}")
}

// RPFilter sets the router's reverse path filter (ip-sysctl.rst) to 0, 1 or 2.
// It is 0 when the lab is raised.
func (l *Lab) RPFilter(mode int) Fault {
	set := func(value int) error { return l.Router.sysctl("ipv4/conf/*/rp_filter", fmt.Sprint(value)) }
	return Fault{fmt.Sprintf("rp_filter=%d", mode),
		func() error { return set(mode) },
		func() error { return set(0) }}
}

// ForeignDefault is a default route that another program adds in the router,
// through uplink i with the given metric.
func (l *Lab) ForeignDefault(i, metric int) Fault {
	var line string
	return Fault{fmt.Sprintf("foreign default route by line %d, metric %d", i+1, metric),
		func() error {
			u := l.Uplink(i)
			line = fmt.Sprintf("default via %s dev %s proto static metric %d\n", u.Gateway, u.Interface, metric)
			return l.Router.batch("route add " + line)
		},
		func() error { return absent(l.Router.batch("route del " + line)) }}
}

// absent forgives a deletion of something that is no longer there.
func absent(err error) error {
	if err != nil && strings.Contains(err.Error(), "No such process") {
		return nil
	}
	return err
}

// DefaultDeleted is the router's first default route deleted by somebody, as
// `ip route del default` does. Its restore does nothing.
func (l *Lab) DefaultDeleted() Fault {
	return Fault{"default route deleted", func() error { return l.Router.batch("route del default\n") }, nothing}
}
