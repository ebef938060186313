package probe

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/vishvananda/netlink"
)

// onLoopback gives this namespace the addresses of the servers.
func onLoopback(t *testing.T) {
	t.Helper()
	needRoot(t)
	for _, w := range whoamis() {
		for _, f := range []Family{IPv4, IPv6} {
			if a := w.of(f); a.IsValid() {
				prefix := netip.PrefixFrom(a, a.BitLen()).String()
				address(t, "lo", prefix)
				t.Cleanup(func() { netlink.AddrDel(link(t, "lo"), parse(t, prefix)) })
			}
		}
	}
}

// hears reports whether a packet to an address of this machine arrives there: the
// kernel adds an IPv6 address at once, and its route a little later.
func hears(t *testing.T, address string) bool {
	t.Helper()
	at, err := net.ListenPacket("udp", net.JoinHostPort(address, "0"))
	check(t, err)
	defer at.Close()
	from, err := net.Dial("udp", at.LocalAddr().String())
	if err != nil {
		return false
	}
	defer from.Close()
	from.Write([]byte("?"))
	at.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, _, err = at.ReadFrom(make([]byte, 1))
	return err == nil
}

// whoamiServer answers at a server's address until the test ends.
func whoamiServer(t *testing.T, address string, handle func(q *dns.Msg) *dns.Msg) *Whoami {
	t.Helper()
	eventually(t, "packets to "+address+" arrive", func() bool { return hears(t, address) })
	at := serveDNS(t, net.JoinHostPort(address, "0"), func(q *dns.Msg, _ bool) *dns.Msg { return handle(q) })
	w := NewWhoami()
	w.Port, w.Timeout = netip.MustParseAddrPort(at).Port(), 200*time.Millisecond
	return w
}

// own is an answer with these records that is the server's own.
func own(q *dns.Msg, records ...string) *dns.Msg {
	m := record(q, records...)
	m.Authoritative = true
	return m
}

func TestWhoami(t *testing.T) {
	onLoopback(t)
	for _, tt := range []struct {
		name, server string
		family       Family
		answer       []string
		want         string
	}{
		{"whoami.cloudflare", "1.1.1.1", IPv4, []string{`whoami.cloudflare. CH TXT "8.8.4.4"`}, "8.8.4.4"},
		{"whoami.cloudflare", "2606:4700:4700::1111", IPv6, []string{`whoami.cloudflare. CH TXT "2a00::1"`}, "2a00::1"},
		{"myip.opendns.com", "208.67.222.222", IPv4, []string{"myip.opendns.com. A 8.8.4.4"}, "8.8.4.4"},
		{"myip.opendns.com", "2620:119:35::35", IPv6, []string{"myip.opendns.com. AAAA 2a00::1"}, "2a00::1"},
		{"o-o.myaddr.l.google.com", "216.239.32.10", IPv4, []string{
			`o-o.myaddr.l.google.com. TXT "edns0-client-subnet 8.8.4.0/24"`, `o-o.myaddr.l.google.com. TXT "8.8.4.4"`}, "8.8.4.4"},
		{"o-o.myaddr.l.google.com", "2001:4860:4802:32::a", IPv6, []string{`o-o.myaddr.l.google.com. TXT "2a00::1"`}, "2a00::1"},
		{"whoami.akamai.net", "193.108.88.1", IPv4, []string{"whoami.akamai.net. A 8.8.4.4"}, "8.8.4.4"},

		{"myip.opendns.com", "208.67.222.222", IPv4, []string{"myip.opendns.com. A 192.168.1.1"}, "192.168.1.1 is not a global address"},
		{"myip.opendns.com", "208.67.222.222", IPv4, []string{"myip.opendns.com. A 100.64.0.1"}, "100.64.0.1 is not a global address"},
		{"whoami.cloudflare", "1.1.1.1", IPv4, []string{`whoami.cloudflare. CH TXT "2a00::1"`}, "2a00::1 is not an address of the wanted family"},
		{"whoami.cloudflare", "1.1.1.1", IPv4, []string{`whoami.cloudflare. CH TXT "log in"`}, "there is no address in the answer"},
		{"whoami.cloudflare", "1.1.1.1", IPv4, nil, "there is no address in the answer"},
	} {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			asked := make(chan dns.Question, 9)
			w := whoamiServer(t, tt.server, func(q *dns.Msg) *dns.Msg { asked <- q.Question[0]; return own(q, tt.answer...) })
			a, err := w.Address(t.Context(), tt.name, Path{}, tt.family)
			got, want := a.String(), tt.want
			if err != nil {
				got, want = err.Error(), tt.name+": "+tt.want
				if !errors.Is(err, ErrRefused) {
					t.Errorf("%v is no refusal", err)
				}
			}
			if got != want || len(asked) != 1 {
				t.Fatalf("got %s by %d questions, want %s by one", got, len(asked), want)
			}
			if q := <-asked; q.Name != tt.name+"." {
				t.Errorf("asked %v", q)
			}
		})
	}
}

func TestWhoamiThatIsNotBelieved(t *testing.T) {
	onLoopback(t)
	const record = "whoami.akamai.net. A 8.8.4.4"
	for what, tt := range map[string]struct {
		answer func(q *dns.Msg) *dns.Msg
		want   string
	}{
		"another id":       {func(q *dns.Msg) *dns.Msg { m := own(q, record); m.Id++; return m }, "what came does not answer the question"},
		"another question": {func(q *dns.Msg) *dns.Msg { m := own(q, record); m.Question[0].Name = "x."; return m }, "what came does not answer the question"},
		"another class":    {func(q *dns.Msg) *dns.Msg { m := own(q, record); m.Question[0].Qclass = dns.ClassCHAOS; return m }, "what came does not answer the question"},
		"in its place":     {func(q *dns.Msg) *dns.Msg { m := own(q, record); m.Authoritative = false; return m }, "somebody on the way answered in its place"},
		"no answer":        {func(*dns.Msg) *dns.Msg { return nil }, "no answer within 200ms"},
		"NXDOMAIN":         {func(q *dns.Msg) *dns.Msg { return nxdomain(q, false) }, "server 193.108.88.1 answered NXDOMAIN"},
	} {
		t.Run(what, func(t *testing.T) {
			var asked atomic.Int32
			w := whoamiServer(t, "193.108.88.1", func(q *dns.Msg) *dns.Msg { asked.Add(1); return tt.answer(q) })
			a, err := w.Address(t.Context(), "whoami.akamai.net", Path{}, IPv4)
			if err == nil || err.Error() != "whoami.akamai.net: "+tt.want || asked.Load() != 1 {
				t.Errorf("%v, %v by %d questions, want %s", a, err, asked.Load(), tt.want)
			}
			if errors.Is(err, ErrRefused) != !strings.Contains(tt.want, "answer within") && what != "NXDOMAIN" {
				t.Errorf("%v: refused or not?", err)
			}
		})
	}
}

// An answer from another address than the one that was asked never arrives: the
// socket is connected (udp(7)).
func TestWhoamiFromAWrongServer(t *testing.T) {
	onLoopback(t)
	right, err := net.ListenPacket("udp", "193.108.88.1:0")
	check(t, err)
	defer right.Close()
	wrong, err := net.ListenPacket("udp", "1.1.1.1:0")
	check(t, err)
	defer wrong.Close()
	done := make(chan error, 1)
	go func() {
		b := make([]byte, 512)
		n, from, err := right.ReadFrom(b)
		q := new(dns.Msg)
		if err = errors.Join(err, q.Unpack(b[:n])); err == nil {
			b, _ = own(q, "whoami.akamai.net. A 8.8.4.4").Pack()
			_, err = wrong.WriteTo(b, from)
		}
		done <- err
	}()
	w := NewWhoami()
	w.Port, w.Timeout = uint16(right.LocalAddr().(*net.UDPAddr).Port), 200*time.Millisecond
	a, err := w.Address(t.Context(), "whoami.akamai.net", Path{}, IPv4)
	if sent := <-done; err == nil || sent != nil {
		t.Errorf("%v, %v, sent: %v", a, err, sent)
	}
}

func TestWhoamiNames(t *testing.T) {
	w := NewWhoami()
	if got := w.Names(IPv4); len(got) != 4 {
		t.Errorf("by IPv4 %v", got)
	}
	if got := w.Names(IPv6); slices.Contains(got, "whoami.akamai.net") || len(got) != 3 {
		t.Errorf("by IPv6 %v", got)
	}
	if _, err := w.Address(t.Context(), "whoami.akamai.net", Path{}, IPv6); err == nil {
		t.Error("it has no IPv6 address here")
	}
}
