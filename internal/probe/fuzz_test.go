package probe

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
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
		onePrintableLine(t, (&strangerError{err}).Error())
	})
}

// FuzzRecords feeds answers of name servers to those who look for addresses in them:
// what is believed as one's own address is a global one of the family that was asked.
func FuzzRecords(f *testing.F) {
	for _, name := range []string{"whoami.cloudflare.", "whoami.akamai.net."} {
		question := new(dns.Msg).SetQuestion(name, dns.TypeA)
		for _, m := range []*dns.Msg{record(question, name+" A 1.1.1.1", name+" A 10.0.0.1"), record(question, name+" TXT \"1.1.1.1\""),
			record(question, name+" CNAME evil.example."), record(question, name+" AAAA 2606:4700::1"), nxdomain(question, false)} {
			m.Authoritative = true
			raw, err := m.Pack()
			check(f, err)
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(dns.Msg)
		if m.Unpack(raw) != nil {
			return
		}
		found, err := addressesOf(m.Answer, "x.example")
		if err != nil && len(found) > 0 {
			t.Errorf("%v and %v", found, err)
		}
		for _, w := range whoamis() {
			for _, family := range []Family{IPv4, IPv6} {
				a, err := w.read(m, family)
				if err == nil && (!Global(a) || a.Is4() != (family == IPv4)) {
					t.Errorf("believes %v", a)
				}
				if err != nil {
					onePrintableLine(t, (&strangerError{err}).Error())
				}
			}
		}
	})
}

// FuzzHTTPAnswer lets a web server answer with any bytes.
func FuzzHTTPAnswer(f *testing.F) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
	for _, s := range []string{head + "1.1.1.1\n", head, "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("1", 2000), "HTTP/1.0 429 \x1b[2J\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1.1.1\r\n",
		"HTTP/1.1 503 x\r\nRetry-After: 1e9\r\n\r\n", "\x00\xff", "", "HTTP/1.1 100 Continue\r\n\r\n" + head + "9.9.9.9\n"} {
		f.Add([]byte(s))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(f, err)
	f.Cleanup(func() { l.Close() })
	answers := make(chan []byte, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(time.Second))
			_, _ = http.ReadRequest(bufio.NewReader(c))
			select {
			case answer := <-answers:
				_, _ = c.Write(answer)
			default: // a redirect has led here again
			}
			c.Close()
		}
	}()
	h, url := newHTTP(), "http://"+l.Addr().String()+"/"
	h.Timeout = time.Second
	f.Fuzz(func(t *testing.T, answer []byte) {
		if len(answer) > 64<<10 {
			return
		}
		answers <- answer
		a, err := h.Address(t.Context(), url, Path{}, IPv4)
		if err == nil && (!a.Is4() || !Global(a)) {
			t.Errorf("%q is %v", answer, a)
		}
		if err != nil {
			onePrintableLine(t, err.Error())
		}
		answers <- answer
		p, err := h.Fetch(t.Context(), url, Login{"joe", "geheim"}, Path{})
		if err == nil && len(p.Body) > maxBody {
			t.Errorf("%q is %+v", answer, p)
		}
		if err != nil {
			onePrintableLine(t, err.Error())
		}
	})
}

// onePrintableLine checks an error text that may have a stranger's words in it.
func onePrintableLine(t *testing.T, text string) {
	t.Helper()
	if len(text) > 300 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "geheim") {
		t.Errorf("says %q", text)
	}
}
