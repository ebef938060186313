package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// whoami is a question to which a name server answers with the address of whoever
// asks.
type whoami struct {
	name          string
	kind          uint16 // dns.TypeA stands for AAAA too, by IPv6
	class         uint16
	server        netip.Addr // by IPv4
	server6       netip.Addr // by IPv6; invalid where it is not known
	authoritative bool       // an answer without the AA bit is not the server's own
}

// whoamis are the questions that are known. Somebody on the way who answers DNS
// queries in the place of others (a router, a provider) can give an address of his
// own to the last two; but he is not authoritative for these names, and so is told.
func whoamis() []whoami {
	in := uint16(dns.ClassINET)
	return []whoami{
		{"whoami.cloudflare", dns.TypeTXT, dns.ClassCHAOS, netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("2606:4700:4700::1111"), false},
		{"myip.opendns.com", dns.TypeA, in, netip.MustParseAddr("208.67.222.222"), netip.MustParseAddr("2620:119:35::35"), false},
		{"o-o.myaddr.l.google.com", dns.TypeTXT, in, netip.MustParseAddr("216.239.32.10"), netip.MustParseAddr("2001:4860:4802:32::a"), true},
		{"whoami.akamai.net", dns.TypeA, in, netip.MustParseAddr("193.108.88.1"), netip.Addr{}, true},
	}
}

// server of the family, invalid when there is none.
func (w whoami) of(f Family) netip.Addr {
	if f == IPv6 {
		return w.server6
	}
	return w.server
}

// Whoami asks name servers that answer with the asker's address. The fields may be
// changed before the first Address; it is safe for concurrent use after that.
type Whoami struct {
	Port    uint16        // of the servers; 53 by default
	Timeout time.Duration // for one answer; 1 s by default
}

// NewWhoami returns a Whoami.
func NewWhoami() *Whoami { return &Whoami{Port: 53, Timeout: time.Second} }

// Names are the questions that there are for a family, which [Whoami.Address] takes.
func (*Whoami) Names(f Family) (names []string) {
	for _, w := range whoamis() {
		if w.of(f).IsValid() {
			names = append(names, w.name)
		}
	}
	return names
}

// Address puts the question called name from path, by one UDP packet and to one
// fixed server, and returns the address that the server sees. It must be [Global]
// and of the family. Errors begin with the name and say why; they are [ErrRefused]
// when something came that is not to be believed: an answer with another id or to
// another question, or another address than one of these.
func (w *Whoami) Address(ctx context.Context, name string, path Path, f Family) (netip.Addr, error) {
	i := slices.IndexFunc(whoamis(), func(q whoami) bool { return q.name == name && q.of(f).IsValid() })
	if i < 0 {
		return netip.Addr{}, fmt.Errorf("%s: no such question", quote(name))
	}
	q := whoamis()[i]
	limited, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	message := new(dns.Msg).SetQuestion(dns.Fqdn(name), q.kind)
	if q.kind == dns.TypeA && f == IPv6 {
		message.Question[0].Qtype = dns.TypeAAAA
	}
	message.Question[0].Qclass = q.class
	server := q.of(f)
	strays := 0
	answer, err := query{server.String(), netip.AddrPortFrom(server, w.Port), path}.exchange(limited, "udp", message,
		func(_ context.Context, c *dns.Conn, m *dns.Msg) (*dns.Msg, error) { return askOnce(c, m, &strays) })
	if err == nil {
		var a netip.Addr
		if a, err = q.read(answer, f); err == nil {
			return a, nil
		}
	}
	switch {
	case !errors.Is(err, errSilent) || ctx.Err() != nil:
	case strays > 0:
		err = refuse("what came does not answer the question")
	default:
		err = fmt.Errorf("no answer within %v", w.Timeout)
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", name, &strangerError{err})
}

// askOnce sends the question once, and counts what comes and is no answer to it: it
// is late, forged, or of somebody who is in the way.
func askOnce(c *dns.Conn, question *dns.Msg, strays *int) (*dns.Msg, error) {
	if err := c.WriteMsg(question); err != nil {
		return nil, err
	}
	for {
		answer, err := c.ReadMsg()
		var n net.Error
		switch {
		case err == nil && answers(answer, question):
			return answer, nil
		case err == nil, !errors.As(err, &n): // garbage counts as well
			*strays++
		default:
			return nil, err
		}
	}
}

// read returns the address that an answer holds. Of several records the first one
// counts that is an address: Google adds the client's network (RFC 7871) in another.
func (w whoami) read(m *dns.Msg, f Family) (netip.Addr, error) {
	switch {
	case m.Rcode != dns.RcodeSuccess:
		return netip.Addr{}, fmt.Errorf("server %s answered %s", w.of(f), rcode(m.Rcode))
	case w.authoritative && !m.Authoritative:
		return netip.Addr{}, refuse("somebody on the way answered in its place")
	}
	err := refuse("there is no address in the answer")
	for _, record := range m.Answer {
		var a netip.Addr
		switch r := record.(type) {
		case *dns.A:
			a, _ = netip.AddrFromSlice(r.A)
		case *dns.AAAA:
			a, _ = netip.AddrFromSlice(r.AAAA)
		case *dns.TXT:
			a, _ = netip.ParseAddr(strings.Join(r.Txt, ""))
		}
		if !a.IsValid() {
			continue
		}
		if err = f.believes(a.Unmap()); err == nil {
			return a.Unmap(), nil
		}
	}
	return netip.Addr{}, err
}
