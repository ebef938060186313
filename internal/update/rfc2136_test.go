package update

import (
	"io"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// signed are the settings for a server with one of its keys.
func signed(server, algorithm string) config.Delivery {
	return config.Delivery{Method: config.UpdateRFC2136, Server: server, TTL: 77,
		KeyName: "key-" + algorithm, KeyAlgorithm: "hmac-" + algorithm, KeySecret: goodSecret}
}

// has checks that a name has these addresses and no others.
func has(t *testing.T, server, name string, want ...string) {
	t.Helper()
	var got []string
	for _, f := range []probe.Family{probe.IPv4, probe.IPv6} {
		found, err := network(nil).DNS.At(t.Context(), server, name, f, probe.Path{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range found {
			got = append(got, a.String())
		}
	}
	slices.Sort(got) // BIND rotates them
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

func TestRealBIND(t *testing.T) {
	server := bind(t)
	n := network(map[string]string{
		"/secret":  goodSecret + "\n",
		"/keyfile": "key \"key-sha512\" {\n\talgorithm hmac-sha512;\n\tsecret \"" + goodSecret + "\";\n};\n",
		"/rubbish": "-----BEGIN",
	})
	carry := func(d config.Delivery, p parcel) error { return n.carrierOf(d).carry(t.Context(), p) }
	has(t, server, "home.example.org", "192.0.2.1", "192.0.2.2")

	t.Run("replaces all addresses of a family, with each algorithm", func(t *testing.T) {
		for i, algorithm := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
			a := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String()
			if err := carry(signed(server, algorithm), parcelOf("home.example.org", a)); err != nil {
				t.Fatal(algorithm, err)
			}
			has(t, server, "home.example.org", a)
		}
		if err := carry(signed(server, "sha256"), parcelOf("home.example.org", four, six)); err != nil {
			t.Fatal(err)
		}
		has(t, server, "home.example.org", four, six)
		if err := carry(signed(server, "sha256"), parcelOf("home.example.org", "2001:db8::8")); err != nil {
			t.Fatal(err)
		}
		has(t, server, "home.example.org", four, "2001:db8::8")
		m, err := dns.Exchange(new(dns.Msg).SetQuestion("home.example.org.", dns.TypeA), server)
		if err != nil || m.Answer[0].Header().Ttl != 77 {
			t.Errorf("%v, %v: want a TTL of 77", m, err)
		}
	})
	t.Run("an uplink does not lead to a server on this machine", func(t *testing.T) {
		p := parcelOf("home.example.org", "2001:db8::8")
		p.path = probe.Path{Interface: "nowhere", Source: netip.MustParseAddr("192.0.2.77")}
		if err := carry(signed(server, "sha256"), p); err != nil {
			t.Error(err)
		}
	})
	t.Run("keys in files", func(t *testing.T) {
		byFile := signed(server, "sha256")
		byFile.KeySecret, byFile.KeyFile = "", "/secret"
		if err := carry(byFile, parcelOf("one.home.example.org", four)); err != nil {
			t.Error(err)
		}
		if err := carry(config.Delivery{Method: config.UpdateRFC2136, Server: server, KeyFile: "/keyfile"}, parcelOf("two.home.example.org", four)); err != nil {
			t.Error(err)
		}
		has(t, server, "one.home.example.org", four)
		has(t, server, "two.home.example.org", four)
	})
	t.Run("says what is wrong", func(t *testing.T) {
		for _, c := range []struct {
			change func(*config.Delivery)
			host   string
			want   string
		}{
			{func(d *config.Delivery) { d.KeySecret = otherSecret }, "", `its key "key-sha256." has another secret (BADSIG)`},
			{func(d *config.Delivery) { d.KeyName = "nobody" }, "", `it does not know key "nobody." with hmac-sha256. (BADKEY)`},
			{func(d *config.Delivery) { d.KeyName, d.KeySecret = "", "" }, "", "it refuses the update (REFUSED)"},
			{func(d *config.Delivery) { d.Zone = "example.net" }, "", `it has no authority over zone "example.net." (NOTAUTH)`},
			{func(d *config.Delivery) {}, "other.example.org", "it refuses the update (REFUSED)"},
			{func(d *config.Delivery) {}, "home.example.net", `it does not tell the zone of "home.example.net" (REFUSED): set zone`},
			{func(d *config.Delivery) { d.Zone = "example.org" }, "home.example.net", "(NOTZONE)"},
			{func(d *config.Delivery) { d.KeyFile = "/none" }, "", `cannot read "/none": file does not exist`},
			{func(d *config.Delivery) { d.KeyFile = "/rubbish" }, "", `cannot understand "/rubbish": `},
		} {
			d := signed(server, "sha256")
			c.change(&d)
			if c.host == "" {
				c.host = "home.example.org"
			}
			err := carry(d, parcelOf(c.host, "203.0.113.99"))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), goodSecret) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		}
		has(t, server, "home.example.org", four, "2001:db8::8")
	})
	t.Run("clocks that differ", func(t *testing.T) {
		late, differ := n, regexp.MustCompile(`^its clock and this one differ by (1h59m5\ds|2h0m\ds) `)
		late.Clock = func() time.Time { return time.Now().Add(-2 * time.Hour) }
		err := late.carrierOf(signed(server, "sha256")).carry(t.Context(), parcelOf("home.example.org", four))
		if err == nil || !differ.MatchString(err.Error()) || !strings.HasSuffix(err.Error(), "(BADTIME)") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("by TCP when UDP is silent", func(t *testing.T) {
		through := tcpOnly(t, server)
		d := signed(through, "sha256")
		d.Zone = "example.org" // one time-out is enough
		if err := carry(d, parcelOf("home.example.org", "203.0.113.50")); err != nil {
			t.Fatal(err)
		}
		has(t, server, "home.example.org", "203.0.113.50", "2001:db8::8")
	})
	t.Run("an alias is told", func(t *testing.T) {
		_, err := n.DNS.At(t.Context(), server, "alias.example.org", probe.IPv4, probe.Path{})
		if err == nil || !strings.Contains(err.Error(), `is an alias of "home.example.org."`) {
			t.Errorf("got %v", err)
		}
	})
}

// tcpOnly is a port that swallows UDP and passes TCP on to the server.
func tcpOnly(t *testing.T, server string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	u, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				in.Close()
				continue
			}
			go func() { io.Copy(out, in); out.Close() }()
			go func() { io.Copy(in, out); in.Close() }()
		}
	}()
	return at
}

// A reply without a signature is not the server's word, whatever it says.
func TestUnsignedReplyToASignedUpdateIsNotBelieved(t *testing.T) {
	for rcode, want := range map[int]string{dns.RcodeSuccess: "not signed", dns.RcodeRefused: "REFUSED"} {
		server := answering(t, func(m, q *dns.Msg) { m.Rcode = rcode })
		d := signed(server, "sha256")
		d.Zone = "example.org"
		if err := network(nil).carrierOf(d).carry(t.Context(), parcelOf("home.example.org", four)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dns.RcodeToString[rcode], err)
		}
	}
}

func TestOnlyAnAuthorityIsAskedForAddresses(t *testing.T) {
	for authority, want := range map[bool]string{true: "", false: "has no authority"} {
		server := answering(t, func(m, q *dns.Msg) {
			m.Authoritative = authority
			m.Answer = []dns.RR{addressRecord(q.Question[0].Name, netip.MustParseAddr(four), 1)}
			if q.RecursionDesired {
				m.Rcode = dns.RcodeRefused
			}
		})
		_, err := network(nil).DNS.At(t.Context(), server, "home.example.org", probe.IPv4, probe.Path{})
		if (err == nil) != authority || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("authority %t: %v", authority, err)
		}
	}
}

// answering is a name server that answers everything by reply.
func answering(t *testing.T, reply func(m, q *dns.Msg)) string {
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		reply(m, q)
		w.WriteMsg(m)
	}), MsgAcceptFunc: func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept }}
	go s.ActivateAndServe()
	t.Cleanup(func() { packets.Close() })
	return packets.LocalAddr().String()
}

func TestOneMessageReplacesAll(t *testing.T) {
	m := updateOf("example.org.", parcelOf("home.example.org", four, six), 60)
	var got []string
	for _, rr := range m.Ns {
		got = append(got, strings.Join(strings.Fields(rr.String()), " "))
	}
	want := []string{"home.example.org. 0 CLASS255 A", "home.example.org. 60 IN A 203.0.113.7",
		"home.example.org. 0 CLASS255 AAAA", "home.example.org. 60 IN AAAA 2001:db8::7"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
