package probe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// serverTime is how long one name server has for one answer. Go's resolver gives
// each one 5 s, so that a second server would never be asked in lookupTime.
const serverTime = 900 * time.Millisecond

var errLoopback = errors.New("a name server on this machine cannot be asked by an uplink")

// lookup asks Go's resolver for the addresses of name, at least one. With a path
// it asks name servers that are not on this machine, from that path.
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
		behind := upstream(resolvFiles())
		if len(behind) == 0 {
			return nil, errLoopback
		}
		address = behind[rand.IntN(len(behind))] // each attempt may ask another one
	}
	c, err := path.dial(ctx, network, address)
	if u, ok := c.(*net.UDPConn); ok {
		return hurried{u}, err
	}
	return c, err
}

// resolvFiles are where a name server on this machine has the name servers that
// it asks itself: netifd of OpenWrt (dnsmasq), systemd-resolved, NetworkManager.
func resolvFiles() []string {
	return []string{
		"/tmp/resolv.conf.d/resolv.conf.auto", "/tmp/resolv.conf.auto",
		"/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf",
	}
}

// upstream are the name servers in files of the form of resolv.conf(5) that are
// not on this machine. Files that are not there are passed over.
func upstream(files []string) (servers []netip.AddrPort) {
	for _, file := range files {
		conf, err := dns.ClientConfigFromFile(file)
		if err != nil {
			continue
		}
		for _, s := range conf.Servers {
			if a, err := netip.ParseAddr(s); err == nil && !a.IsLoopback() {
				servers = append(servers, netip.AddrPortFrom(a, 53))
			}
		}
	}
	return servers
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
