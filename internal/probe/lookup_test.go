package probe

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone answers A and AAAA queries for both.example, and for nothing else.
func zone(q *dns.Msg, _ bool) *dns.Msg {
	switch {
	case q.Question[0].Name != "both.example.":
		return code(q, dns.RcodeNameError)
	case q.Question[0].Qtype == dns.TypeA:
		return record(q, "both.example. A 10.99.7.1")
	default:
		return record(q, "both.example. AAAA 2001:db8::7")
	}
}

func TestLookupBySystem(t *testing.T) {
	needRoot(t)
	serveDNS(t, "127.0.0.1:53", zone)
	r := NewResolver()
	if a, err := r.Lookup(t.Context(), "both.example", Path{}); err != nil || a != addr("10.99.7.1") {
		t.Errorf("%v, %v", a, err)
	}
	six := Path{Source: addr("2001:db8::9")}
	if a, err := r.Lookup(t.Context(), "both.example", six); err != nil || a != addr("2001:db8::7") {
		t.Errorf("from an IPv6 source: %v, %v", a, err)
	}
	_, err := r.Lookup(t.Context(), "none.example", Path{})
	if want := `cannot resolve "none.example": no such host`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLookupSurvivesASilentServer(t *testing.T) {
	p := newPeer(t, "dns0", "10.99.7.1/24", "10.99.7.53/24")
	serveDNS(t, "127.0.0.1:53", func(*dns.Msg, bool) *dns.Msg { return nil })
	p.in(func() { serveDNS(t, "10.99.7.53:53", zone) })
	defer within(t, lookupTime)()
	if a, err := NewResolver().Lookup(t.Context(), "both.example", Path{}); err != nil || a != addr("10.99.7.1") {
		t.Errorf("%v, %v", a, err)
	}
}

// TestLookupBeforeThereIsARoute has the name server behind an uplink for which
// there is a from-rule and no route in main.
func TestLookupBeforeThereIsARoute(t *testing.T) {
	p := newPeer(t, "dns1", "10.99.8.1/24", "10.99.8.2/24")
	p.up("lo", "10.99.7.53/32")
	p.in(func() { serveDNS(t, "10.99.7.53:53", zone) })
	run(t, "ip route add default via 10.99.8.2 dev dns1 table 88", "true")
	run(t, "ip rule add from 10.99.8.1 lookup 88 pref 88", "ip rule del pref 88")
	r := NewResolver()
	if a, err := r.Lookup(t.Context(), "both.example", Path{}); !errors.Is(err, ErrResolve) {
		t.Fatalf("without a path: %v, %v", a, err)
	}
	defer within(t, time.Second)()
	a, err := r.Lookup(t.Context(), "both.example", Path{addr("10.99.8.1"), "dns1"})
	if err != nil || a != addr("10.99.7.1") {
		t.Errorf("by the uplink: %v, %v", a, err)
	}
	a, err = NewResolver().Lookup(t.Context(), "both.example", Path{addr("10.99.8.1"), "none0"})
	if !errors.Is(err, ErrResolve) {
		t.Errorf("by no uplink: %v, %v", a, err)
	}
}

func TestLookupByPathAsksNoServerOnThisMachine(t *testing.T) {
	needRoot(t)
	_, err := dialServer(t.Context(), "udp", "127.0.0.1:53", Path{addr("10.99.8.1"), "dns1"})
	if !errors.Is(err, errLoopback) {
		t.Errorf("%v", err)
	}
}

func TestUpstreamOfANameServerOnThisMachine(t *testing.T) {
	auto := filepath.Join(t.TempDir(), "resolv.conf.auto")
	text := "# Interface wan\nnameserver 192.0.2.53\nnameserver 127.0.0.1\n# Interface wan2\nnameserver 2001:db8::53\nsearch lan\n"
	if err := os.WriteFile(auto, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got := upstream([]string{filepath.Join(t.TempDir(), "none"), auto})
	want := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[2001:db8::53]:53")}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
