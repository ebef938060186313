package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// serve starts the servers of the internet.
func (l *Lab) serve() error {
	names, err := readZone()
	if err != nil {
		return err
	}
	for i, addresses := range [][]string{{"8.8.8.8"}, {"1.1.1.1", Host6}, {OpenDNS, GoogleDNS, AkamaiDNS}} {
		l.DNS[i] = &NameServer{lab: l, names: names}
		for _, address := range addresses {
			l.DNS[i].addresses = append(l.DNS[i].addresses, netip.MustParseAddr(address))
		}
		l.atClose(l.DNS[i].Stop)
		if err := l.DNS[i].Start(); err != nil {
			return err
		}
	}
	if err := l.serveHTTP(); err != nil {
		return err
	}
	return l.serveEcho()
}

func (l *Lab) serveHTTP() error {
	for _, address := range []string{"104.16.1.1", "104.16.1.2", "104.16.1.3"} {
		p := &Provider{lab: l, address: netip.MustParseAddr(address)}
		l.Providers = append(l.Providers, p)
		l.atClose(p.Stop)
		if err := p.Start(); err != nil {
			return err
		}
	}
	return nil
}

// echoPort is the UDP port of the echo server, which is more than one of RFC
// 862: it appends the four bytes of the address that a datagram came from, so
// that the asker learns by which provider it went.
const echoPort = 7

// serveEcho sends every datagram back to where it came from.
func (l *Lab) serveEcho() error {
	conn, err := l.Internet.listenUDP(netip.AddrPortFrom(netip.MustParseAddr(EchoHost), echoPort))
	if err != nil {
		return fmt.Errorf("cannot open echo server: %w", err)
	}
	l.atClose(conn.Close)
	l.wg.Go(func() { echo(conn) })
	return nil
}

func echo(conn *net.UDPConn) {
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			conn.WriteToUDPAddrPort(append(buffer[:n], from.Addr().AsSlice()...), from)
		}
	}
}

// listenUDP makes a UDP socket in the namespace.
func (n *NS) listenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	var conn *net.UDPConn
	err := n.Do(func() (err error) {
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		return err
	})
	return conn, err
}

// listenTCP makes a listening TCP socket in the namespace.
func (n *NS) listenTCP(at netip.AddrPort) (net.Listener, error) {
	var listener net.Listener
	err := n.Do(func() (err error) {
		listener, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		return err
	})
	return listener, err
}
