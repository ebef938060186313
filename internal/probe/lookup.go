package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// serverTime is how long one name server has for one answer. Go's resolver gives
// each one 5 s, so that a second server would never be asked in lookupTime.
const serverTime = 900 * time.Millisecond

var errLoopback = errors.New("a name server on this machine cannot be asked by an uplink")

// lookup asks Go's resolver for the addresses of name, at least one. With a path
// it asks the name servers that are not on this machine, from that path.
func lookup(ctx context.Context, name string, path Path) ([]netip.Addr, error) {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, server string) (net.Conn, error) {
		return dialServer(ctx, network, server, path)
	}}
	addresses, err := r.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, resolveError(name, err)
	}
	for i, a := range addresses {
		addresses[i] = a.Unmap()
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%w %q: no address", ErrResolve, name)
	}
	return addresses, nil
}

// dialServer connects to a name server of /etc/resolv.conf.
func dialServer(ctx context.Context, network, server string, path Path) (net.Conn, error) {
	address, err := netip.ParseAddrPort(server)
	if err != nil {
		return nil, err
	}
	if path != (Path{}) && address.Addr().IsLoopback() {
		return nil, errLoopback
	}
	c, err := path.dial(ctx, network, address)
	if u, ok := c.(*net.UDPConn); ok {
		return hurried{u}, err
	}
	return c, err
}

// hurried is a connection with no deadline later than serverTime from now.
type hurried struct{ *net.UDPConn }

func (h hurried) SetDeadline(t time.Time) error {
	if soon := time.Now().Add(serverTime); t.After(soon) {
		t = soon
	}
	return h.UDPConn.SetDeadline(t)
}

// resolveError is ErrResolve with the name and the reason without the name.
func resolveError(name string, err error) error {
	var d *net.DNSError
	switch {
	case !errors.As(err, &d):
		return fmt.Errorf("%w %q: %w", ErrResolve, name, err)
	case d.IsNotFound:
		return fmt.Errorf("%w %q: no such host", ErrResolve, name)
	case d.IsTimeout:
		return fmt.Errorf("%w %q: no answer from the name server", ErrResolve, name)
	default:
		return fmt.Errorf("%w %q: %s", ErrResolve, name, d.Err)
	}
}
