package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// NameServer is a DNS server (RFC 1035) of the lab's internet, on UDP and TCP
// port 53. It knows the names of [Zone], tells whoever asks for one of whoami.go
// from where he asks, and says NXDOMAIN to all others.
type NameServer struct {
	lab       *Lab
	addresses []netip.Addr
	names     map[string][]dns.RR

	mu      sync.Mutex
	reply   DNSReply
	queries int
	servers []*dns.Server
	stopped chan struct{} // closed when the server stops
}

// DNSReply is how a name server answers. The zero DNSReply is an honest one.
type DNSReply struct {
	Delay    time.Duration
	Silent   bool       // no answer at all
	Rcode    int        // RFC 1035 section 4.1.1: 2 for SERVFAIL, 3 for NXDOMAIN, 5 for REFUSED
	Lie      netip.Addr // the address of every name
	Truncate bool       // an empty answer with TC set over UDP; TCP is not touched
	Whoami   netip.Addr // the address of whoever asks for it, in place of the true one
	WrongID  bool       // the answer of another query
	InTheWay bool       // somebody else answers, who has no authority for any name
}

// Address is where the server listens, the first address if there are two.
func (s *NameServer) Address() netip.Addr { return s.addresses[0] }

// Behave changes how the server answers from now on.
func (s *NameServer) Behave(reply DNSReply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

// Queries is how many queries the server has received.
func (s *NameServer) Queries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries
}

// Start opens the server's ports. One that runs already is left alone.
func (s *NameServer) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.servers != nil {
		return nil
	}
	for _, address := range s.addresses {
		servers, err := s.listen(netip.AddrPortFrom(address, 53))
		s.servers = append(s.servers, servers...)
		if err != nil {
			s.abandon()
			return fmt.Errorf("cannot open name server: %w", err)
		}
	}
	s.stopped = make(chan struct{})
	s.activate()
	return nil
}

// abandon closes sockets that were never served.
func (s *NameServer) abandon() {
	for _, server := range s.servers {
		if server.PacketConn != nil {
			server.PacketConn.Close()
		} else {
			server.Listener.Close()
		}
	}
	s.servers = nil
}

// listen makes the sockets of one address; on an error, those that it could.
func (s *NameServer) listen(at netip.AddrPort) ([]*dns.Server, error) {
	packets, err := s.lab.Internet.listenUDP(at)
	if err != nil {
		return nil, err
	}
	servers := []*dns.Server{{PacketConn: packets, Handler: s}}
	listener, err := s.lab.Internet.listenTCP(at)
	if err != nil {
		return servers, err
	}
	return append(servers, &dns.Server{Listener: listener, Handler: s}), nil
}

// activate starts to serve and returns when every port does.
func (s *NameServer) activate() {
	var ready sync.WaitGroup
	for _, server := range s.servers {
		ready.Add(1)
		server.NotifyStartedFunc = ready.Done
		s.lab.wg.Go(func() { server.ActivateAndServe() })
	}
	ready.Wait()
}

// Stop closes the server's ports: a query is refused by ICMP.
func (s *NameServer) Stop() error {
	s.mu.Lock()
	servers, stopped := s.servers, s.stopped
	s.servers = nil
	s.mu.Unlock()
	if servers == nil {
		return nil
	}
	close(stopped)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, server := range servers {
		if err := server.ShutdownContext(ctx); err != nil {
			return fmt.Errorf("cannot stop name server: %w", err)
		}
	}
	return nil
}

// ServeDNS answers one query; it is called by package dns.
func (s *NameServer) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	s.mu.Lock()
	s.queries++
	reply, stopped := s.reply, s.stopped
	s.mu.Unlock()
	if !pause(reply.Delay, stopped) || reply.Silent {
		return
	}
	if !reply.Whoami.IsValid() {
		from, _ := netip.ParseAddrPort(w.RemoteAddr().String())
		reply.Whoami = from.Addr().Unmap()
	}
	_, overUDP := w.LocalAddr().(*net.UDPAddr)
	w.WriteMsg(s.answer(query, reply, overUDP))
}

// pause waits for d and reports whether it was not stopped meanwhile.
func pause(d time.Duration, stopped <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stopped:
		return false
	}
}

func (s *NameServer) answer(query *dns.Msg, reply DNSReply, overUDP bool) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	m.RecursionAvailable = true
	question := query.Question[0]
	switch {
	case reply.Rcode != dns.RcodeSuccess:
		m.Rcode = reply.Rcode
	case reply.Truncate && overUDP:
		m.Truncated = true
	case reply.Lie.IsValid():
		m.Answer = lie(question, reply.Lie)
	default:
		m.Answer, m.Rcode = s.look(question)
	}
	if told := whoami(question, reply.Whoami); told != nil && reply.Rcode == dns.RcodeSuccess {
		m.Answer, m.Rcode, m.Authoritative = told, dns.RcodeSuccess, !reply.InTheWay
	}
	if reply.WrongID {
		m.Id++
	}
	return m
}
