package update

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/miekg/dns"

	"github.com/ejgeiger/imon/internal/probe"
)

// talk is a conversation with one name server.
type talk struct {
	at   netip.AddrPort
	path probe.Path
	key  key
	now  func() time.Time // wall clock
}

// put sends m by UDP, and by TCP when there was no answer or a truncated one: a
// second packet could be taken for a second update by whoever counts them.
func (t talk) put(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	reply, err := t.by(ctx, "udp", udpTime, m)
	var n net.Error
	if err == nil && reply.Truncated || errors.As(err, &n) && n.Timeout() && ctx.Err() == nil {
		reply, err = t.by(ctx, "tcp", tcpTime, m)
	}
	if errors.As(err, &n) && n.Timeout() {
		err = errors.New("no answer, neither by UDP nor by TCP")
	}
	return reply, err
}

// by sends m and returns the reply to it, when that can be believed.
func (t talk) by(ctx context.Context, network string, limit time.Duration, m *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := t.path.Dial(ctx, network, t.at)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	conn := &dns.Conn{Conn: c, UDPSize: 4096, TsigSecret: map[string]string{t.key.name: t.key.secret}}
	m = m.Copy()
	m.Id = dns.Id()
	if t.key.name != "" {
		m.SetTsig(t.key.name, t.key.algorithm, fudge, t.now().Unix())
	}
	if err := conn.WriteMsg(m); err != nil {
		return nil, err
	}
	for {
		reply, err := conn.ReadMsg()
		if reply != nil && reply.Response && reply.Id == m.Id && reply.Opcode == m.Opcode {
			return reply, t.trust(reply, err)
		}
		if err != nil && (reply == nil || network == "tcp" || isNet(err)) {
			return nil, err
		}
	}
}

// isNet reports whether err is the connection's, and not of what came by it.
func isNet(err error) bool {
	var n net.Error
	return errors.As(err, &n)
}

// trust is nil when the signature of a reply is as it must be, failed being what
// its verification said. A server that did not take our own signature says why, and
// mostly cannot sign that. A reply without a signature proves nothing.
func (t talk) trust(reply *dns.Msg, failed error) error {
	if t.key.name == "" {
		return nil
	}
	signature := reply.IsTsig()
	switch {
	case signature != nil && signature.Error != dns.RcodeSuccess:
		return t.distrusted(signature)
	case reply.Rcode != dns.RcodeSuccess: // it did nothing, whoever says so; miekg/dns verifies no NOTAUTH
		return nil
	case signature == nil:
		return errors.New("its answer is not signed: not believed")
	case failed != nil:
		return fmt.Errorf("its answer has a wrong signature: not believed (%w)", failed)
	}
	return nil
}

// distrusted is why the server did not take our signature (RFC 8945, section 5.2).
func (t talk) distrusted(answer *dns.TSIG) error {
	switch int(answer.Error) {
	case dns.RcodeBadKey:
		return fmt.Errorf("it does not know key %q with %s (BADKEY)", t.key.name, t.key.algorithm)
	case dns.RcodeBadSig:
		return fmt.Errorf("its key %q has another secret (BADSIG)", t.key.name)
	case dns.RcodeBadTime:
		return fmt.Errorf("its clock and this one differ%s (BADTIME)", t.difference(answer.OtherData))
	default:
		return fmt.Errorf("it does not take the signature (%s)", rcode(int(answer.Error)))
	}
}

// difference is by how much the clocks differ, as the server tells its time: 48 bits
// of seconds, in hexadecimal digits.
func (t talk) difference(other string) string {
	if raw, err := hex.DecodeString(other); err != nil || len(raw) != 6 {
		return ""
	}
	seconds, _ := strconv.ParseInt(other, 16, 64)
	return " by " + t.now().Sub(time.Unix(seconds, 0)).Round(time.Second).Abs().String()
}
