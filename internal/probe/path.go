package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// errFamily means that a packet cannot have an IPv4 source and an IPv6 target,
// or the other way round.
var errFamily = errors.New("source address is of another family")

// fits reports whether p can lead to target at all.
func (p Path) fits(target netip.Addr) error {
	if p.Source.IsValid() && p.Source.Is4() != target.Is4() {
		return noRoute(target, p, errFamily)
	}
	return nil
}

// Dial connects to target by p, network being "udp" or "tcp". Errors are ErrNoRoute
// or what package net says.
func (p Path) Dial(ctx context.Context, network string, target netip.AddrPort) (net.Conn, error) {
	return p.dial(ctx, network, target)
}

// dial connects to target from p: a socket bound to its source address (bind(2))
// and its device (SO_BINDTODEVICE, socket(7)) before it connects.
func (p Path) dial(ctx context.Context, network string, target netip.AddrPort) (net.Conn, error) {
	return p.dialWith(ctx, network, target, p.toDevice)
}

// dialWith is dial with a setup of its own for the socket.
func (p Path) dialWith(ctx context.Context, network string, target netip.AddrPort, setup func(fd int) error) (net.Conn, error) {
	if err := p.fits(target.Addr()); err != nil {
		return nil, err
	}
	index, err := zoneIndex(target.Addr().Zone())
	if err != nil {
		return nil, noRoute(target.Addr(), p, err)
	}
	target = netip.AddrPortFrom(target.Addr().WithZone(zoneText(index)), target.Port())
	d := net.Dialer{LocalAddr: p.local(network), Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = os.NewSyscallError("setsockopt", setup(int(fd))) })
		return errors.Join(err, failed)
	}}
	return d.DialContext(ctx, network, target.String())
}

// local is the address to bind to, nil when the kernel may choose.
func (p Path) local(network string) net.Addr {
	switch {
	case !p.Source.IsValid():
		return nil
	case strings.HasPrefix(network, "tcp"):
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.Source, 0))
	default:
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.Source, 0))
	}
}

// toDevice binds fd to the device of p, where it has one.
func (p Path) toDevice(fd int) error {
	if p.Interface == "" {
		return nil
	}
	return unix.BindToDevice(fd, p.Interface)
}

// reach asks the kernel whether a packet from p to target would find a route: it
// connects a UDP socket, which sends nothing. Errors are ErrNoRoute or ErrLocal.
// With an interface IPv4 never lacks a route: the kernel then takes the target for
// a neighbour on that link, so the requests merely stay unanswered.
func (p Path) reach(target netip.Addr) error {
	if err := p.fits(target); err != nil {
		return err
	}
	family := unix.AF_INET
	if target.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return setupError(target, p, err)
	}
	defer unix.Close(fd)
	if err := p.bind(fd); err != nil {
		return setupError(target, p, err)
	}
	err = connect(fd, target)
	switch {
	case err == nil:
		return nil
	case forbiddenErrno(err):
		return noRoute(target, p, err)
	default:
		return setupError(target, p, err)
	}
}

// bind ties fd to the device and the source address of p, where it has them.
func (p Path) bind(fd int) error {
	if err := p.toDevice(fd); err != nil {
		return err
	}
	if !p.Source.IsValid() {
		return nil
	}
	return unix.Bind(fd, sockaddr(p.Source, 0, 0))
}

// connect connects a UDP socket to the discard port (RFC 863) of target.
func connect(fd int, target netip.Addr) error {
	zone, err := zoneIndex(target.Zone())
	if err != nil {
		return err
	}
	// Without this flag EACCES could also mean a broadcast address (ip(7)).
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return err
	}
	return unix.Connect(fd, sockaddr(target, 9, zone))
}

func sockaddr(a netip.Addr, port int, zone uint32) unix.Sockaddr {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4(), Port: port}
	}
	return &unix.SockaddrInet6{Addr: a.As16(), Port: port, ZoneId: zone}
}

// zoneIndex turns the zone of an IPv6 address (RFC 4007), the name or the index
// of an interface, into the index.
func zoneIndex(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, unix.ENODEV
	}
	return uint32(i.Index), nil
}

// zoneText is an index as a zone. Package net and x/net remember the index of a
// name for a minute, which is wrong once the interface was removed and made
// again; a number they must take as it is.
func zoneText(index uint32) string {
	if index == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(index), 10)
}
