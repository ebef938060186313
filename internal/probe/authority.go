package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// maxAuthorities is how many name servers of a zone are asked at most.
const maxAuthorities = 3

// Authoritative asks the name servers of the zone that name is in, one after the
// other until one answers, for the addresses of name: what they say is what a cache
// will say sooner or later. No address at all is an answer, too. It returns the
// server that answered.
func (d *DNS) Authoritative(ctx context.Context, name string, f Family, path Path) (found []netip.Addr, server string, err error) {
	servers, err := nameServers(ctx, name, path)
	if err != nil {
		return nil, "", err
	}
	for _, server = range servers[:min(len(servers), maxAuthorities)] {
		if found, err = d.At(ctx, server, name, f, path); err == nil {
			return found, server, nil
		}
	}
	return nil, "", err
}

// At asks one name server, HOST or HOST:PORT, for the addresses of name of one
// family. It must be authoritative (AA, RFC 1035, section 4.1.1): a cache, and whoever
// answers in the server's place on the way there, is not believed.
func (d *DNS) At(ctx context.Context, server, name string, f Family, path Path) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	at, err := d.Locate(ctx, server, path)
	if err != nil {
		return nil, err
	}
	q := query{server: server, address: at, path: path}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), f.recordType())
	question.RecursionDesired = false
	answer, err := q.exchange(ctx, "udp", question, askUDP)
	if err == nil && answer.Truncated {
		answer, err = q.exchange(ctx, "tcp", question, askTCP)
	}
	switch {
	case errors.Is(err, errSilent):
		return nil, fmt.Errorf("%w %s within %v", errSilent, server, d.Timeout)
	case err != nil:
		return nil, err
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("server %s answered %s", server, rcode(answer.Rcode))
	case !answer.Authoritative:
		return nil, fmt.Errorf("server %s has no authority over %q", server, name)
	}
	return addressesOf(answer.Answer, name)
}

// Locate finds the address and the port of a server, HOST or HOST:PORT, as seen from
// path. The error is ErrResolve with the name and the reason.
func (d *DNS) Locate(ctx context.Context, server string, path Path) (netip.AddrPort, error) {
	host, port := server, d.Port
	if h, p, err := net.SplitHostPort(server); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("%w %q: no such port", ErrResolve, server)
		}
		host, port = h, uint16(n)
	}
	a, err := d.resolver.Lookup(ctx, strings.TrimSuffix(host, "."), path)
	return netip.AddrPortFrom(a, port), err
}

// recordType is the type of the records with addresses of f.
func (f Family) recordType() uint16 {
	if f == IPv6 {
		return dns.TypeAAAA
	}
	return dns.TypeA
}

// addressesOf are the addresses in an answer. An alias is told, because its
// addresses are those of another name.
func addressesOf(records []dns.RR, name string) (found []netip.Addr, err error) {
	for _, rr := range records {
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.CNAME:
			return nil, fmt.Errorf("%q is an alias of %q", name, rr.Target)
		case *dns.A:
			ip = rr.A
		case *dns.AAAA:
			ip = rr.AAAA
		}
		if a, ok := netip.AddrFromSlice(ip); ok {
			found = append(found, a.Unmap())
		}
	}
	return found, nil
}

// nameServers returns those of the zone that name is in: of the name itself or of
// the nearest one above it that has any (RFC 1034, section 4.2).
func nameServers(ctx context.Context, name string, path Path) ([]string, error) {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, server string) (net.Conn, error) {
		return dialServer(ctx, network, server, path)
	}}
	for zone := strings.TrimSuffix(name, "."); strings.Contains(zone, "."); _, zone, _ = strings.Cut(zone, ".") {
		records, err := r.LookupNS(ctx, zone+".")
		if len(records) > 0 {
			hosts := make([]string, len(records))
			for i, ns := range records {
				hosts[i] = strings.TrimSuffix(ns.Host, ".")
			}
			return hosts, nil
		}
		var d *net.DNSError
		if err != nil && (!errors.As(err, &d) || !d.IsNotFound) {
			return nil, resolveError(zone, err)
		}
	}
	return nil, fmt.Errorf("%w %q: no name server of its zone", ErrResolve, name)
}
