package lab

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// Zone is what the lab's name servers know. home.example is a zone of its own, whose name
// server a test has to run. alias.example.com leads to a name
// that has no address.
const Zone = `
example.com.          60 IN A     93.184.215.14
example.com.          60 IN AAAA  2606:4700::1111
www.example.com.      60 IN CNAME example.com.
alias.example.com.    60 IN CNAME nowhere.example.com.
nowhere.example.com.  60 IN TXT   "no address"
host1.example.        60 IN A     1.1.1.1
host1.example.        60 IN AAAA  2606:4700::1111
host8.example.        60 IN A     8.8.8.8
host9.example.        60 IN A     9.9.9.9
host6.example.        60 IN AAAA  2606:4700::1111
provider1.example.    60 IN A     104.16.1.1
provider2.example.    60 IN A     104.16.1.2
provider3.example.    60 IN A     104.16.1.3
home.example.         60 IN NS    ns.home.example.
ns.home.example.      60 IN A     9.9.9.9
`

// readZone returns the records of [Zone] by name.
func readZone() (map[string][]dns.RR, error) {
	names := map[string][]dns.RR{}
	records := dns.NewZoneParser(strings.NewReader(Zone), "", "")
	for rr, ok := records.Next(); ok; rr, ok = records.Next() {
		name := rr.Header().Name
		names[name] = append(names[name], rr)
	}
	if err := records.Err(); err != nil {
		return nil, fmt.Errorf("cannot read zone: %w", err)
	}
	return names, nil
}

// look finds the records that answer a question, following one CNAME (RFC 1034
// section 4.3.2).
func (s *NameServer) look(q dns.Question) ([]dns.RR, int) {
	records, known := s.names[strings.ToLower(q.Name)]
	if !known {
		return nil, dns.RcodeNameError
	}
	answer := ofType(records, q.Qtype)
	if aliases := ofType(records, dns.TypeCNAME); len(answer) == 0 && len(aliases) > 0 {
		target := aliases[0].(*dns.CNAME).Target
		answer = append(aliases, ofType(s.names[target], q.Qtype)...)
	}
	return answer, dns.RcodeSuccess
}

func ofType(records []dns.RR, qtype uint16) []dns.RR {
	var found []dns.RR
	for _, rr := range records {
		if rr.Header().Rrtype == qtype {
			found = append(found, rr)
		}
	}
	return found
}

// lie answers any question for an address with the given one.
func lie(q dns.Question, address netip.Addr) []dns.RR {
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}
	switch {
	case q.Qtype == dns.TypeA && address.Is4():
		return []dns.RR{&dns.A{Hdr: header, A: address.AsSlice()}}
	case q.Qtype == dns.TypeAAAA && address.Is6():
		return []dns.RR{&dns.AAAA{Hdr: header, AAAA: address.AsSlice()}}
	}
	return nil
}
