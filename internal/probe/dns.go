package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// maxUDP is the largest UDP answer that is read, in bytes. Nothing larger than
// 512 is asked for (RFC 1035, section 4.2.1), but some servers send it.
const maxUDP = 4096

// DNS asks a name server for a name. The fields may be changed before the first
// Query; it is safe for concurrent use after that.
type DNS struct {
	Port    uint16        // of the server; 53 by default
	Timeout time.Duration // for the whole Query; 2 s by default

	resolver *Resolver
}

// NewDNS returns a DNS that finds the addresses of servers with resolver.
func NewDNS(resolver *Resolver) *DNS {
	return &DNS{Port: 53, Timeout: 2 * time.Second, resolver: resolver}
}

// Query asks server, a name or an address, for the A and then, if there is none,
// the AAAA records of name (RFC 1035, RFC 3596). It returns nil when the server
// answered exactly this question with NOERROR and at least one record, a CNAME
// included: then the way to the server works.
//
// The question goes out by UDP, once more after half of the time, and by TCP when
// the answer is truncated. Errors say why: ErrResolve, ErrNoRoute and ErrLocal as
// for [Pinger.Ping], "no answer from …", "server … answered SERVFAIL".
func (d *DNS) Query(ctx context.Context, server, name string, path Path) error {
	limited, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	address, err := d.resolver.Lookup(limited, server, path)
	if err != nil {
		return err
	}
	q := query{server: server, address: netip.AddrPortFrom(address, d.Port), path: path}
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		found, err := q.ask(limited, name, kind)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("cannot query server %s: %w", server, context.Cause(ctx))
		case errors.Is(err, errSilent):
			return fmt.Errorf("%w %s within %v", errSilent, server, d.Timeout)
		case found || err != nil:
			return err
		}
	}
	return fmt.Errorf("server %s answered no record for %q", server, name)
}

// query is what does not change between the questions of one Query.
type query struct {
	server  string // as given
	address netip.AddrPort
	path    Path
}

// ask puts one question and reports whether there were records.
func (q query) ask(ctx context.Context, name string, kind uint16) (found bool, err error) {
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return false, fmt.Errorf("cannot ask for %q: not a domain name", name)
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	answer, err := q.exchange(ctx, "udp", question, askUDP)
	if err == nil && answer.Truncated {
		answer, err = q.exchange(ctx, "tcp", question, askTCP)
	}
	if err != nil {
		return false, err
	}
	if answer.Rcode != dns.RcodeSuccess {
		return false, fmt.Errorf("server %s answered %s", q.server, rcode(answer.Rcode))
	}
	return len(answer.Answer) > 0, nil
}

// rcode is the name of a response code (RFC 1035, section 4.1.1).
func rcode(code int) string {
	if s, ok := dns.RcodeToString[code]; ok {
		return s
	}
	return fmt.Sprintf("code %d", code)
}

// exchange connects to the server and lets talk put the question. The connection
// is closed when ctx ends, which is what ends talk.
func (q query) exchange(ctx context.Context, network string, question *dns.Msg,
	talk func(context.Context, *dns.Conn, *dns.Msg) (*dns.Msg, error),
) (*dns.Msg, error) {
	c, err := q.path.dial(ctx, network, q.address)
	if err != nil {
		return nil, q.failure(ctx, err)
	}
	defer closeWith(ctx, c)()
	answer, err := talk(ctx, &dns.Conn{Conn: c, UDPSize: maxUDP}, question)
	if err != nil {
		return nil, q.failure(ctx, err)
	}
	return answer, nil
}

// failure tells why there is no answer.
func (q query) failure(ctx context.Context, err error) error {
	err = talkError(ctx, q.address.Addr(), q.path, err)
	if errors.Is(err, errSilent) || errors.Is(err, ErrNoRoute) || errors.Is(err, ErrLocal) {
		return err
	}
	return fmt.Errorf("no answer from %s: %w", q.server, err)
}

// once asks for the A records of name by one packet and returns how long the
// answer took, see [DNSQuery] for what counts as one.
func (q query) once(ctx context.Context, name string) (took time.Duration, err error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	answer, err := q.exchange(ctx, "udp", question, func(_ context.Context, c *dns.Conn, m *dns.Msg) (*dns.Msg, error) {
		start := time.Now()
		if err := c.WriteMsg(m); err != nil {
			return nil, err
		}
		defer func() { took = time.Since(start) }()
		return readUDP(c, m)
	})
	switch {
	case err != nil:
		return 0, err
	case answer.Rcode == dns.RcodeSuccess, answer.Rcode == dns.RcodeNameError:
		return took, nil
	default:
		return 0, fmt.Errorf("server %s answered %s", q.server, rcode(answer.Rcode))
	}
}

// askUDP sends the question and, after half of the time that is left, sends it
// again; an answer to either will do.
func askUDP(ctx context.Context, c *dns.Conn, question *dns.Msg) (*dns.Msg, error) {
	deadline, _ := ctx.Deadline()
	for _, until := range []time.Time{deadline.Add(-time.Until(deadline) / 2), deadline} {
		if err := c.WriteMsg(question); err != nil {
			return nil, err
		}
		if err := c.SetReadDeadline(until); err != nil {
			return nil, err
		}
		answer, err := readUDP(c, question)
		var n net.Error
		if err == nil || !errors.As(err, &n) || !n.Timeout() {
			return answer, err
		}
	}
	return nil, errSilent
}

// readUDP reads until there is an answer to question. Anything else may be late,
// or forged, and does not count (RFC 5452, section 9.1). An answer cut off in the
// middle of a record does, as long as it says that it is truncated.
func readUDP(c *dns.Conn, question *dns.Msg) (*dns.Msg, error) {
	for {
		answer, err := c.ReadMsg()
		var n net.Error
		if errors.As(err, &n) || errors.Is(err, io.EOF) {
			return nil, err
		}
		if answer != nil && (err == nil || answer.Truncated) && answers(answer, question) {
			return answer, nil
		}
	}
}

var errOther = errors.New("it does not answer the question")

// askTCP puts the question once; the connection warrants that the answer is the
// server's.
func askTCP(ctx context.Context, c *dns.Conn, question *dns.Msg) (*dns.Msg, error) {
	if err := c.WriteMsg(question); err != nil {
		return nil, err
	}
	answer, err := c.ReadMsg()
	if err == nil && !answers(answer, question) {
		err = errOther
	}
	return answer, err
}

// answers reports whether m is a response to exactly this question. Names are
// compared without regard to case (RFC 4343).
func answers(m, question *dns.Msg) bool {
	if !m.Response || m.Id != question.Id || m.Opcode != question.Opcode || len(m.Question) != 1 {
		return false
	}
	got, want := m.Question[0], question.Question[0]
	return got.Qtype == want.Qtype && got.Qclass == want.Qclass && strings.EqualFold(got.Name, want.Name)
}
