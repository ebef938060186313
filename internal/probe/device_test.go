package probe

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// twoUplinks are two peers that both have the target; main knows the way by the
// first one, a from-rule the way by the second one.
func twoUplinks(t *testing.T) (a, b *peer) {
	t.Helper()
	a = newPeer(t, "wan1", "10.99.1.1/24", "10.99.1.2/24")
	b = newPeer(t, "wan2", "10.99.2.1/24", "10.99.2.2/24")
	a.up("lo", "10.99.9.9/32")
	b.up("lo", "10.99.9.9/32")
	run(t, "ip route add 10.99.9.9 via 10.99.1.2", "ip route del 10.99.9.9")
	run(t, "ip route add default via 10.99.2.2 dev wan2 table 77", "true")
	run(t, "ip rule add from 10.99.2.1 lookup 77 pref 77", "ip rule del pref 77")
	return a, b
}

func TestPathChoosesTheUplink(t *testing.T) {
	a, b := twoUplinks(t)
	var first, second atomic.Int32
	a.respond(func(int) reply { first.Add(1); return reply{times: 1} })
	b.respond(func(int) reply { second.Add(1); return reply{times: 1} })
	tests := []struct {
		path          Path
		first, second int32
	}{
		{Path{}, 3, 0},
		{Path{addr("10.99.1.1"), "wan1"}, 3, 0},
		{Path{addr("10.99.2.1"), "wan2"}, 0, 3},
		{Path{Source: addr("10.99.2.1")}, 0, 3},
	}
	for _, test := range tests {
		first.Store(0)
		second.Store(0)
		r := echo("10.99.9.9")
		r.Path = test.path
		got := newPinger().Ping(t.Context(), r)
		if len(got.RTTs) != 3 || got.Err != nil || first.Load() != test.first || second.Load() != test.second {
			t.Errorf("%+v: %+v, asked %d and %d", test.path, got, first.Load(), second.Load())
		}
	}
}

func TestPathThatDoesNotExist(t *testing.T) {
	twoUplinks(t)
	for _, test := range []struct {
		path   Path
		target string
		want   string
	}{
		{Path{addr("10.99.2.1"), "wan3"}, "10.99.9.9", "no route to 10.99.9.9 by wan3: no such device"},
		{Path{addr("10.99.3.1"), "wan2"}, "10.99.9.9", "no route to 10.99.9.9 by wan2: cannot assign requested address"},
		{Path{addr("10.99.2.1"), "wan2"}, "2001:db8::1", "no route to 2001:db8::1 by wan2: source address is of another family"},
	} {
		r := echo(test.target)
		r.Path = test.path
		got := newPinger().Ping(t.Context(), r)
		if !errors.Is(got.Err, ErrNoRoute) || got.Reason() != test.want {
			t.Errorf("%+v: %q, want %q", test.path, got.Reason(), test.want)
		}
	}
}

// TestPathTakesAnswersFromItsDeviceOnly asks by the second uplink and has the
// first one answer. The control without a device shows that the kernel would let
// the answer in.
func TestPathTakesAnswersFromItsDeviceOnly(t *testing.T) {
	a, b := twoUplinks(t)
	for _, device := range []string{"all", "wan1", "wan2"} {
		check(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+device+"/rp_filter", []byte("0"), 0))
	}
	a.in(func() {
		check(t, os.WriteFile("/proc/sys/net/ipv4/ip_nonlocal_bind", []byte("1"), 0))
		run(t, "ip route add 10.99.2.0/24 via 10.99.1.1 src 10.99.9.9", "true")
	})
	b.respond(func(int) reply { return reply{peer: 1, times: 1} }, a)
	r := echo("10.99.9.9")
	for _, test := range []struct {
		path Path
		want int
	}{
		{Path{Source: addr("10.99.2.1")}, 3},
		{Path{addr("10.99.2.1"), "wan2"}, 0},
	} {
		r.Path = test.path
		if got := newPinger().Ping(t.Context(), r); len(got.RTTs) != test.want || got.Err != nil {
			t.Errorf("%+v: %+v, want %d answers", test.path, got, test.want)
		}
	}
}

// TestPathNeverShowsItsMark drops every packet with a mark.
func TestPathNeverShowsItsMark(t *testing.T) {
	twoUplinks(t)
	run(t, "nft add table ip probe; nft 'add chain ip probe out { type filter hook output priority 0; }';"+
		"nft add rule ip probe out meta mark != 0 drop", "nft delete table ip probe")
	r := echo("10.99.9.9")
	r.Path = Path{addr("10.99.2.1"), "wan2"}
	if got := newPinger().Ping(t.Context(), r); len(got.RTTs) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestBindMarkedFindsNothing(t *testing.T) {
	needRoot(t)
	defer within(t, time.Second)()
	if err := bindMarked(1<<30+7, "lo"); !errors.Is(err, errNoSocket) {
		t.Errorf("%v", err)
	}
}
