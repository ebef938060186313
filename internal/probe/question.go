package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/miekg/dns"
)

// Method says how a target is asked.
type Method int

// Methods, from the cheapest to the one that is hardest to fool. A router or a
// portal on the way can answer a DNS query, an echo request and a TCP connect in
// the target's place; an HTTP status that it does not expect it cannot.
const (
	// ICMP is an echo request (RFC 792, RFC 4443), see [Pinger.Ping].
	ICMP Method = iota
	// DNSQuery asks a name server for the A records of a name, by one UDP packet
	// per question. It asks whether the server answers, not what: NOERROR counts,
	// with or without records, whole or truncated, and so does NXDOMAIN; SERVFAIL,
	// REFUSED and the other codes do not, because a forwarder without a way to the
	// internet gives them.
	DNSQuery
	// TCP connects. Only an established connection counts: "connection refused" is
	// an answer too, but a router on the way often forges it for all that is behind
	// it. The kernel repeats an unanswered SYN after 1 s, so a round-trip time above
	// that is one with a loss in it. The connection is reset at once,
	// so that nothing is left of it, neither here nor there.
	TCP
	// HTTPStatus is an HTTP or HTTPS GET (RFC 9110) of which the status counts and
	// nothing else. One success is enough: it ends the round. Redirects are not
	// followed, the body is not read, no proxy of the environment is used and no
	// connection is used twice. An https URL costs a TLS handshake for each question,
	// and it needs root certificates and a clock that is right, which a router has
	// only once it has reached a time server: http and status 204 is what the
	// captive portal checks of phones and browsers use.
	HTTPStatus
)

// String returns the word for m in configurations and logs.
func (m Method) String() string {
	if m < ICMP || m > HTTPStatus {
		return "method " + strconv.Itoa(int(m))
	}
	return [...]string{"icmp", "dns", "tcp", "http"}[m]
}

// Question is one round of questions to one target. Count, Spacing and Wait have
// the limits of an [EchoRequest].
type Question struct {
	Method  Method
	Target  string // name or address; TCP: host:port, IPv6 in brackets; HTTPStatus: an http or https URL
	Path    Path
	Count   int           // how many questions, at least 1
	Spacing time.Duration // from one question to the next
	Wait    time.Duration // for an answer after the last question
	Name    string        // DNSQuery: the name to ask for
	Status  int           // HTTPStatus: the status that counts, such as 204
}

// echo are the parts of q that every method has.
func (q Question) echo() EchoRequest {
	return EchoRequest{Target: q.Target, Path: q.Path, Count: q.Count, Spacing: q.Spacing, Wait: q.Wait}
}

// Asker puts questions of every [Method]. It is safe for concurrent use.
type Asker struct {
	pinger   *Pinger
	dns      *DNS
	http     *HTTP
	resolver *Resolver
}

// NewAsker returns an Asker that pings with pinger, and that asks the Port of dns
// and with the UserAgent of http; their time-outs do not matter. Names have the
// addresses that the resolver of pinger finds.
func NewAsker(pinger *Pinger, dns *DNS, http *HTTP) *Asker {
	return &Asker{pinger: pinger, dns: dns, http: http, resolver: pinger.resolver}
}

// Ask does one round. It returns as soon as every question is answered, and no
// later than (Count-1)·Spacing + Wait after the first one; the address of a name
// is looked up before that, see [Resolver.Lookup] for how long this may take. When
// ctx ends Ask returns at once what it has, and nothing that it started goes on,
// but for such a look-up and what [Pinger.Ping] says.
//
// Err of the result is as for [Pinger.Ping], and also what was answered instead:
// "connection refused", "status 302: a captive portal?", "server 192.0.2.53
// answered SERVFAIL". A round of HTTPStatus that ends early has Sent only those
// questions that were answered until then, by whatever status. At most 16 questions
// of a round are open at the same time, the next one waits until one is answered.
func (a *Asker) Ask(ctx context.Context, q Question) Result {
	if q.Method == ICMP {
		return a.pinger.Ping(ctx, q.echo())
	}
	request := q.echo().bounded()
	result := Result{Sent: request.Count}
	s, err := a.subject(q)
	if err == nil {
		result.Address, err = a.resolver.Lookup(ctx, s.host, q.Path)
	}
	switch {
	case ctx.Err() != nil:
		err = ended(ctx)
	case err == nil:
		err = q.Path.reach(result.Address)
	}
	if err != nil {
		result.Err = err
		return result
	}
	address := netip.AddrPortFrom(result.Address, s.port)
	v := volley{request: request, oneWillDo: q.Method == HTTPStatus}
	v.run(ctx, func(ctx context.Context) (time.Duration, error) { return s.put(ctx, address) })
	return v.result(result)
}

// subject is whom to ask, and what.
type subject struct {
	host string
	port uint16
	// put puts one question and returns how long the answer took. The error is
	// errSilent when there was none until the end of ctx.
	put func(ctx context.Context, address netip.AddrPort) (time.Duration, error)
}

// subject reads the target of q.
func (a *Asker) subject(q Question) (subject, error) {
	switch q.Method {
	case DNSQuery:
		return a.server(q)
	case TCP:
		return a.door(q)
	case HTTPStatus:
		return a.page(q)
	default:
		return subject{}, fmt.Errorf("cannot ask %s by %s", quote(q.Target), q.Method)
	}
}

func (a *Asker) server(q Question) (subject, error) {
	if _, ok := dns.IsDomainName(q.Name); !ok || q.Name == "" {
		return subject{}, fmt.Errorf("cannot ask for %q: not a domain name", q.Name)
	}
	return subject{q.Target, a.dns.Port, func(ctx context.Context, address netip.AddrPort) (time.Duration, error) {
		return query{server: q.Target, address: address, path: q.Path}.once(ctx, q.Name)
	}}, nil
}

func (a *Asker) door(q Question) (subject, error) {
	host, text, err := net.SplitHostPort(q.Target)
	port, bad := strconv.ParseUint(text, 10, 16)
	if err != nil || bad != nil || host == "" {
		return subject{}, fmt.Errorf("cannot ask %s: not host:port", quote(q.Target))
	}
	return subject{host, uint16(port), q.Path.connectTime}, nil
}

func (a *Asker) page(q Question) (subject, error) {
	u, err := parseURL(q.Target)
	if err != nil {
		return subject{}, err
	}
	port, ok := portOf(u)
	if !ok {
		return subject{}, fmt.Errorf("cannot ask %s: no such port", quote(q.Target))
	}
	return subject{u.Hostname(), port, func(ctx context.Context, address netip.AddrPort) (time.Duration, error) {
		return a.http.status(ctx, u, address, q)
	}}, nil
}

// portOf is the port of u, or else that of its scheme.
func portOf(u *url.URL) (port uint16, ok bool) {
	text := u.Port()
	switch {
	case text != "":
	case u.Scheme == "https":
		text = "443"
	default:
		text = "80"
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil
}
