package update

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// Times of one update.
const (
	udpTime = 3 * time.Second
	tcpTime = 7 * time.Second
	fudge   = 300 // seconds by which clocks may differ (RFC 8945, section 10)
)

// nameServer takes addresses by DNS UPDATE (RFC 2136), signed with TSIG where there
// is a key.
type nameServer struct {
	config.Delivery
	network Network
}

func (s *nameServer) where() string { return s.Server }

// carry replaces the address records of the name, all in one message, so that
// nobody ever finds none.
func (s *nameServer) carry(ctx context.Context, p parcel) error {
	k, err := s.key()
	if err != nil {
		return err
	}
	at, path, err := s.reach(ctx, p.path)
	if err != nil {
		return err
	}
	t := talk{at, path, k, s.network.Clock}
	zone, err := s.zone(ctx, t, p.host)
	if err != nil {
		return err
	}
	reply, err := t.put(ctx, updateOf(zone, p, uint32(s.TTL)))
	if err != nil {
		return err
	}
	return accepted(reply.Rcode, zone)
}

// reach finds the server, and the way there: by the uplink if it is on the internet;
// one on this machine or in the LAN cannot be reached by any.
func (s *nameServer) reach(ctx context.Context, by probe.Path) (netip.AddrPort, probe.Path, error) {
	at, err := s.network.DNS.Locate(ctx, s.Server, by)
	if !probe.Global(at.Addr()) {
		by = probe.Path{}
	}
	return at, by, err
}

// updateOf is the UPDATE for p: out with all addresses of each family in it, in with
// the new one (RFC 2136, section 2.5).
func updateOf(zone string, p parcel, ttl uint32) *dns.Msg {
	m := new(dns.Msg).SetUpdate(zone)
	for _, a := range p.addresses {
		rr := addressRecord(dns.Fqdn(p.host), a, ttl)
		m.RemoveRRset([]dns.RR{rr})
		m.Insert([]dns.RR{rr})
	}
	return m
}

func addressRecord(name string, a netip.Addr, ttl uint32) dns.RR {
	header := dns.RR_Header{Name: name, Class: dns.ClassINET, Ttl: ttl}
	if a.Is4() {
		header.Rrtype = dns.TypeA
		return &dns.A{Hdr: header, A: a.AsSlice()}
	}
	header.Rrtype = dns.TypeAAAA
	return &dns.AAAA{Hdr: header, AAAA: a.AsSlice()}
}

// zone is the zone that host is in: the one of the settings, or what the server
// says, whose SOA record has its name (RFC 2308, section 3).
func (s *nameServer) zone(ctx context.Context, t talk, host string) (string, error) {
	if s.Zone != "" {
		return dns.Fqdn(s.Zone), nil
	}
	t.key = key{} // it is no secret, and some servers sign no answers to questions
	reply, err := t.put(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(host), dns.TypeSOA))
	if err != nil {
		return "", err
	}
	for _, rr := range append(reply.Answer, reply.Ns...) {
		if soa, ok := rr.(*dns.SOA); ok && dns.IsSubDomain(soa.Hdr.Name, dns.Fqdn(host)) {
			return soa.Hdr.Name, nil
		}
	}
	return "", fmt.Errorf("it does not tell the zone of %q (%s): set zone", host, rcode(reply.Rcode))
}

// accepted is what a response code to an update means.
func accepted(code int, zone string) error {
	switch code {
	case dns.RcodeSuccess:
		return nil
	case dns.RcodeRefused:
		return errors.New("it refuses the update (REFUSED): its policy does not let this key, or this address, change the name")
	case dns.RcodeNotAuth:
		return fmt.Errorf("it has no authority over zone %q (NOTAUTH)", zone)
	case dns.RcodeNotZone:
		return fmt.Errorf("the name is not in zone %q (NOTZONE)", zone)
	case dns.RcodeNotImplemented:
		return errors.New("it takes no updates (NOTIMP)")
	default:
		return errors.New("it answered " + rcode(code))
	}
}

func rcode(code int) string {
	if text, ok := dns.RcodeToString[code]; ok {
		return text
	}
	return fmt.Sprintf("code %d", code)
}
