package probe

import (
	"net"
	"testing"

	"github.com/miekg/dns"
)

// serveDNS answers DNS queries at address by UDP and TCP until the test ends,
// and returns the address. handle returns nil for no answer.
func serveDNS(t testing.TB, address string, handle func(q *dns.Msg, tcp bool) *dns.Msg) string {
	t.Helper()
	u, err := net.ListenPacket("udp", address)
	check(t, err)
	l, err := net.Listen("tcp", u.LocalAddr().String())
	check(t, err)
	serve(t, &dns.Server{PacketConn: u, Handler: handler(handle, false)})
	serve(t, &dns.Server{Listener: l, Handler: handler(handle, true)})
	return u.LocalAddr().String()
}

func handler(handle func(q *dns.Msg, tcp bool) *dns.Msg, tcp bool) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		if m := handle(q, tcp); m != nil {
			w.WriteMsg(m)
		}
	}
}

// serve runs s until the test ends.
func serve(t testing.TB, s *dns.Server) {
	t.Helper()
	started, stopped := make(chan struct{}), make(chan struct{})
	s.NotifyStartedFunc = func() { close(started) }
	go func() {
		defer close(stopped)
		if err := s.ActivateAndServe(); err != nil {
			t.Error(err)
		}
	}()
	<-started
	t.Cleanup(func() { s.Shutdown(); <-stopped })
}

// record answers q with the records, in the text form of a zone file.
func record(q *dns.Msg, records ...string) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	for _, s := range records {
		rr, err := dns.NewRR(s)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	return m
}

// code answers q with a response code and nothing else.
func code(q *dns.Msg, code int) *dns.Msg {
	m := new(dns.Msg).SetRcode(q, code)
	m.RecursionAvailable = true
	return m
}

func nxdomain(q *dns.Msg, _ bool) *dns.Msg { return code(q, dns.RcodeNameError) }
