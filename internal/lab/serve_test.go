package lab

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// ask puts a question to a name server from the router.
func ask(l *Lab, network, server, name string, qtype uint16) (*dns.Msg, error) {
	var conn *dns.Conn
	err := l.Router.Do(func() (err error) {
		conn, err = dns.DialTimeout(network, net.JoinHostPort(server, "53"), time.Second)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := &dns.Client{Net: network, Timeout: 300 * time.Millisecond}
	answer, _, err := client.ExchangeWithConn(new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype), conn)
	return answer, err
}

// brief is an answer in a few words.
func brief(m *dns.Msg, err error) string {
	if err != nil {
		return "error"
	}
	words := []string{dns.RcodeToString[m.Rcode]}
	if m.Truncated {
		words = append(words, "truncated")
	}
	for _, rr := range m.Answer {
		words = append(words, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return strings.Join(words, " ")
}

func TestNameServersAnswer(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	for _, server := range []string{"8.8.8.8", "1.1.1.1", Host6} {
		for _, network := range []string{"udp", "tcp"} {
			for _, test := range []struct {
				name  string
				qtype uint16
				want  string
			}{
				{"example.com", dns.TypeA, "NOERROR 93.184.215.14"},
				{"EXAMPLE.com", dns.TypeAAAA, "NOERROR 2606:4700::1111"},
				{"www.example.com", dns.TypeA, "NOERROR example.com. 93.184.215.14"},
				{"alias.example.com", dns.TypeA, "NOERROR nowhere.example.com."},
				{"nowhere.example.com", dns.TypeA, "NOERROR"},
				{"host1.example", dns.TypeA, "NOERROR 1.1.1.1"},
				{"other.example", dns.TypeA, "NXDOMAIN"},
			} {
				if got := brief(ask(l, network, server, test.name, test.qtype)); got != test.want {
					t.Errorf("%s %s %s: %q, want %q", server, network, test.name, got, test.want)
				}
			}
		}
	}
}

func TestNameServersMisbehave(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	s := l.DNS[0]
	for _, test := range []struct {
		reply    DNSReply
		udp, tcp string
	}{
		{DNSReply{}, "NOERROR 93.184.215.14", "NOERROR 93.184.215.14"},
		{DNSReply{Rcode: dns.RcodeServerFailure}, "SERVFAIL", "SERVFAIL"},
		{DNSReply{Lie: netip.MustParseAddr("6.6.6.6")}, "NOERROR 6.6.6.6", "NOERROR 6.6.6.6"},
		{DNSReply{Truncate: true}, "NOERROR truncated", "NOERROR 93.184.215.14"},
		{DNSReply{Silent: true}, "error", "error"},
		{DNSReply{Delay: time.Second}, "error", "error"},
		{DNSReply{Delay: time.Millisecond}, "NOERROR 93.184.215.14", "NOERROR 93.184.215.14"},
	} {
		s.Behave(test.reply)
		before := s.Queries()
		udp := brief(ask(l, "udp", "8.8.8.8", "example.com", dns.TypeA))
		tcp := brief(ask(l, "tcp", "8.8.8.8", "example.com", dns.TypeA))
		if udp != test.udp || tcp != test.tcp || s.Queries() != before+2 {
			t.Errorf("%+v: %q and %q after %d queries, want %q and %q", test.reply, udp, tcp, s.Queries()-before, test.udp, test.tcp)
		}
	}
}

func TestNameServersStopAndStart(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	f := l.DNSDown()
	for range 3 {
		must(t, f.Inject())
		must(t, l.DNS[0].Stop())
		for _, network := range []string{"udp", "tcp"} {
			eventually(t, network+": a refusal, which the kernel may hold back for a while (icmp_msgs_per_sec)", func() bool {
				_, err := ask(l, network, "8.8.8.8", "example.com", dns.TypeA)
				return err != nil && strings.Contains(err.Error(), "refused")
			})
		}
		must(t, f.Restore())
		must(t, l.DNS[0].Start())
		if got := brief(ask(l, "udp", "8.8.8.8", "example.com", dns.TypeA)); got != "NOERROR 93.184.215.14" {
			t.Errorf("a started server: %q", got)
		}
	}
}

func TestProvidersMisbehave(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	p := l.Providers[0]
	for _, test := range []struct {
		answer Answer
		want   string
	}{
		{Answer{}, "200 5.9.1.2\n"},
		{Answer{Status: 503}, "503 5.9.1.2\n"},
		{Answer{Body: "10.0.0.1"}, "200 10.0.0.1"},
		{Answer{Body: "a", Pad: 100_000}, "200 a" + strings.Repeat("x", 100_000)},
		{Answer{Delay: 20 * time.Millisecond}, "200 5.9.1.2\n"},
	} {
		p.Behave(test.answer)
		start := time.Now()
		got, err := get(l.Router, p.URL())
		if err != nil || got != test.want || time.Since(start) < test.answer.Delay {
			t.Errorf("%+v: %d bytes %.20q, %v after %s", test.answer, len(got), got, err, time.Since(start))
		}
	}
	seen := p.Requests()
	if len(seen) != 5 || seen[0].From.String() != "5.9.1.2" || seen[0].Path != "/ip" || len(l.Providers[1].Requests()) > 0 {
		t.Errorf("requests: %v", seen)
	}
}

func TestProvidersStopAndStart(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	p := l.Providers[2]
	must(t, p.Stop())
	must(t, p.Stop())
	if _, err := get(l.LAN, p.URL()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a stopped provider: %v, want refused", err)
	}
	must(t, p.Start())
	must(t, p.Start())
	if got, err := get(l.LAN, p.URL()); got != "200 5.9.1.2\n" {
		t.Errorf("a started provider: %q, %v", got, err)
	}
}

func TestCloseDoesNotWaitForASlowAnswer(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	l.DNS[0].Behave(DNSReply{Delay: time.Hour})
	if got := brief(ask(l, "udp", "8.8.8.8", "example.com", dns.TypeA)); got != "error" {
		t.Errorf("answer: %s", got)
	}
	start := time.Now()
	must(t, l.Close())
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close took %s", took)
	}
}
