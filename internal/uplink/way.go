package uplink

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Way is how this machine speaks to the internet. Two equal ways are the same one,
// as far as the kernel knows.
type Way struct {
	Device string     // that has the source address
	Source netip.Addr // from which packets go
	// Own is the address of that device that is best to be known by: of IPv6 one that
	// lasts, rather than one made up for a day (temporary, RFC 8981); invalid when all
	// are to be given up (deprecated, RFC 4862) or are not sure yet (tentative).
	Own netip.Addr
}

// DefaultWay is the way that the kernel chooses, whatever tables and rules lead to it.
// Nothing is sent. The error says why there is none.
func DefaultWay(f Family) (Way, error) {
	target := netip.AddrPortFrom(netip.MustParseAddr("1.1.1.1"), 53)
	if f == V6 {
		target = netip.AddrPortFrom(netip.MustParseAddr("2606:4700:4700::1111"), 53)
	}
	c, err := net.Dial("udp", target.String())
	if err != nil {
		return Way{}, fmt.Errorf("no %s route to the internet", f)
	}
	defer c.Close()
	local, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return Way{}, err
	}
	return wayFrom(local.Addr().Unmap().WithZone(""))
}

// WayBy is the way of an uplink, whose State is s. The error says why there is none.
func WayBy(s State) (Way, error) {
	if !s.Usable() {
		return Way{}, fmt.Errorf("%s", s.Reason)
	}
	return wayFrom(s.Address)
}

// States is what the kernel says of uplinks. It changes nothing and needs no privilege.
func States(specs []Spec, o Options) ([]State, error) {
	k, err := look(specs, o)
	if err != nil {
		return nil, err
	}
	return k.states(), nil
}

// wayFrom is the way that begins at an address of this machine.
func wayFrom(source netip.Addr) (Way, error) {
	family := netlink.FAMILY_V4
	if source.Is6() {
		family = netlink.FAMILY_V6
	}
	all, err := retry(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, family) })
	if err != nil {
		return Way{}, fmt.Errorf("cannot list addresses: %w", err)
	}
	i := slices.IndexFunc(all, func(a netlink.Addr) bool { return addr(a.IP) == source })
	if i < 0 {
		return Way{Source: source}, nil // it has just gone
	}
	w := Way{Source: source, Own: source}
	if source.Is6() {
		w.Own = lasting(all, all[i].LinkIndex, source)
	}
	if device, err := net.InterfaceByIndex(all[i].LinkIndex); err == nil {
		w.Device = device.Name
	}
	return w, nil
}

// lasting is the IPv6 address of a device that is best to be known by.
func lasting(all []netlink.Addr, index int, source netip.Addr) netip.Addr {
	const unfit = unix.IFA_F_DEPRECATED | unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED
	rank := func(a netlink.Addr) (n int) {
		for _, bad := range []bool{addr(a.IP).IsPrivate(), a.Flags&unix.IFA_F_TEMPORARY != 0, addr(a.IP) != source} {
			n *= 2
			if bad {
				n++
			}
		}
		return n
	}
	fit := slices.DeleteFunc(slices.Clone(all), func(a netlink.Addr) bool {
		return a.LinkIndex != index || a.Scope != unix.RT_SCOPE_UNIVERSE || a.Flags&unfit != 0
	})
	if len(fit) == 0 {
		return netip.Addr{}
	}
	return addr(slices.MinFunc(fit, func(a, b netlink.Addr) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), addr(a.IP).Compare(addr(b.IP)))
	}).IP)
}

// Changes is [Router.Watch] without a Router: it says that interfaces, addresses,
// default routes or rules of a family may have changed. The channel is closed soon
// after ctx ends.
func Changes(ctx context.Context, f Family) <-chan struct{} {
	w := watch{changes: make(chan struct{}, 1), subscribe: func() (*os.File, error) { return subscribe(f) }}
	s, err := w.subscribe()
	go w.run(ctx, s, err)
	return w.changes
}
