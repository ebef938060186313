package probe

import (
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// packet is a pipe that miekg/dns takes for a UDP socket.
type packet struct{ net.Conn }

func (p packet) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, nil, err
}

func (p packet) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

// FuzzAnswer feeds datagrams to the reader of UDP answers: whatever it accepts
// must answer the question.
func FuzzAnswer(f *testing.F) {
	question := new(dns.Msg).SetQuestion("x.example.", dns.TypeA)
	question.Id = 77
	for _, m := range []*dns.Msg{question, record(question, "x.example. A 192.0.2.1"), nxdomain(question, false)} {
		raw, err := m.Pack()
		check(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)-3])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, s := net.Pipe()
		defer c.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Write(raw)
			s.Close()
		}()
		m, err := readUDP(&dns.Conn{Conn: packet{c}, UDPSize: maxUDP}, question)
		if err == nil && (!m.Response || m.Id != 77 || len(m.Question) != 1 || m.Question[0].Qtype != dns.TypeA) {
			t.Errorf("accepted %v", m)
		}
		c.Close()
		<-done
	})
}

// FuzzProviderBody feeds bodies to the reader of provider answers: what it
// accepts is a global address, and what it says of others can be logged.
func FuzzProviderBody(f *testing.F) {
	for _, s := range []string{"1.1.1.1\n", "::ffff:1.1.1.1", "10.0.0.1", "fe80::1%\x1b[2J", "<html>", "\xff\x00", "2606:4700::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a, err := parseAddress([]byte(body), IPv4)
		if err == nil {
			if !a.Is4() || !Global(a) {
				t.Errorf("%q is %v", body, a)
			}
			return
		}
		text := (&strangerError{err}).Error()
		if len(text) > 300 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q gives %q", body, text)
		}
	})
}
