package lab

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// Name servers that tell, beside 1.1.1.1, from where they are asked.
const (
	OpenDNS   = "208.67.222.222" // myip.opendns.com
	GoogleDNS = "216.239.32.10"  // ns1.google.com: o-o.myaddr.l.google.com
	AkamaiDNS = "193.108.88.1"   // ns1-1.akamaitech.net: whoami.akamai.net
)

// whoami is the answer for one of the names to which name servers answer with the
// asker's address, nil for all other names.
func whoami(q dns.Question, asker netip.Addr) []dns.RR {
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: q.Qclass}
	switch strings.ToLower(q.Name) {
	case "whoami.cloudflare.", "o-o.myaddr.l.google.com.":
		return []dns.RR{&dns.TXT{Hdr: header, Txt: []string{asker.String()}}}
	case "myip.opendns.com.", "whoami.akamai.net.":
		return lie(q, asker)
	}
	return nil
}
