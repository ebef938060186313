package probe

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPingRoutesThatSayNo(t *testing.T) {
	newPeer(t, "no0", "10.99.1.1/24", "10.99.1.2/24")
	for kind, why := range map[string]string{
		"prohibit": "permission denied", "blackhole": "invalid argument", "unreachable": "no route to host",
	} {
		run(t, "ip route add "+kind+" 10.98.0.0/16", "ip route del "+kind+" 10.98.0.0/16")
		run(t, "ip -6 route add "+kind+" 2001:db8:98::/48", "ip -6 route del "+kind+" 2001:db8:98::/48")
		for _, target := range []string{"10.98.0.1", "2001:db8:98::1"} {
			slow := within(t, 100*time.Millisecond)
			r := newPinger().Ping(t.Context(), echo(target))
			slow()
			if !errors.Is(r.Err, ErrNoRoute) || r.Stats().Loss != 1 || r.Reason() != "no route to "+target+": "+why {
				t.Errorf("%s: %+v", kind, r)
			}
		}
		run(t, "ip route del "+kind+" 10.98.0.0/16; ip -6 route del "+kind+" 2001:db8:98::/48", "true")
	}
}

// TestPingProhibitedICMP is the trap of Infof: the way is open to UDP, so reach
// sees nothing, and closed to ICMP, so pro-bing's sendmsg(2) gets EACCES and
// would spin for ever.
func TestPingProhibitedICMP(t *testing.T) {
	newPeer(t, "trap0", "10.99.1.1/24", "10.99.1.2/24")
	run(t, "ip rule add ipproto icmp to 10.99.1.2 prohibit pref 100", "ip rule del pref 100")
	if err := (Path{}).reach(addr("10.99.1.2")); err != nil {
		t.Fatalf("UDP does not pass, so this test tests nothing: %v", err)
	}
	r := EchoRequest{Target: "10.99.1.2", Count: 3, Spacing: 10 * time.Millisecond, Wait: 5 * time.Second}
	for _, raw := range []bool{true, false} {
		p := newPinger()
		if !raw {
			allowDatagrams(t)
			p.datagram.Store(true)
		}
		slow := within(t, 150*time.Millisecond)
		got := p.Ping(t.Context(), r)
		slow()
		if !errors.Is(got.Err, ErrNoRoute) || got.Unknown() || got.Stats().Loss != 1 {
			t.Errorf("raw %v: %+v", raw, got)
		}
	}
	eventually(t, "the end of pro-bing's goroutines", func() bool { return !strings.Contains(stacks(), "pro-bing") })
}

// TestPingProhibitedOnTheWay closes the way between two requests of a round.
func TestPingProhibitedOnTheWay(t *testing.T) {
	p := newPeer(t, "trap1", "10.99.1.1/24", "10.99.1.2/24")
	for _, where := range []string{"all", "trap1"} { // else the rule would have the kernel drop the answer, too
		if err := os.WriteFile("/proc/sys/net/ipv4/conf/"+where+"/rp_filter", []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan struct{})
	p.respond(func(seq int) reply {
		if seq > 0 {
			t.Error("the rule did not act")
			return reply{}
		}
		defer close(closed)
		run(t, "ip rule add ipproto icmp to 10.99.1.2 prohibit pref 100", "ip rule del pref 100")
		return reply{times: 1}
	})
	// A busy machine takes its time for "ip rule", which is to be done between the two.
	defer within(t, 5*time.Second)()
	r := newPinger().Ping(t.Context(), EchoRequest{
		Target: "10.99.1.2", Count: 2, Spacing: 2 * time.Second, Wait: 10 * time.Second,
	})
	<-closed
	if len(r.RTTs) != 1 || !errors.Is(r.Err, ErrNoRoute) || r.Stats().Loss != 0.5 {
		t.Errorf("%+v", r)
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// TestPingFirewall has netfilter drop outgoing requests, which sendmsg(2)
// reports as EPERM. The others must go out, in the same round.
func TestPingFirewall(t *testing.T) {
	newPeer(t, "fire0", "10.99.1.1/24", "10.99.1.2/24")
	tests := []struct {
		name, rule string
		want       int
	}{
		{"all", "drop", 0},
		{"first of two", "numgen inc mod 2 0 drop", 2},
		{"all but the first", "numgen inc mod 4 != 0 drop", 1},
		{"last", "numgen inc mod 4 3 drop", 3},
	}
	for _, test := range tests {
		run(t, "nft add table ip probe; nft 'add chain ip probe out { type filter hook output priority 0; }';"+
			"nft add rule ip probe out icmp type echo-request "+test.rule, "nft delete table ip probe")
		slow := within(t, 300*time.Millisecond)
		r := newPinger().Ping(t.Context(), EchoRequest{
			Target: "10.99.1.2", Count: 4, Spacing: 20 * time.Millisecond, Wait: 5 * time.Second,
		})
		slow()
		if len(r.RTTs) != test.want || r.Sent != 4 {
			t.Errorf("%s: %+v, want %d answers", test.name, r, test.want)
		}
		if !errors.Is(r.Err, unix.EPERM) || errors.Is(r.Err, ErrLocal) || errors.Is(r.Err, ErrNoRoute) {
			t.Errorf("%s: error %v", test.name, r.Err)
		}
		run(t, "nft delete table ip probe", "true")
	}
}

// TestPingFirewallKeepsToThePlan counts what leaves: a request that could not be
// sent is not made up for by another one.
func TestPingFirewallKeepsToThePlan(t *testing.T) {
	var asked atomic.Int32
	newPeer(t, "fire1", "10.99.1.1/24", "10.99.1.2/24").respond(func(int) reply {
		asked.Add(1)
		return reply{}
	})
	run(t, "nft add table ip probe; nft 'add chain ip probe out { type filter hook output priority 0; }';"+
		"nft add rule ip probe out icmp type echo-request numgen inc mod 2 1 drop", "nft delete table ip probe")
	r := newPinger().Ping(t.Context(), EchoRequest{Target: "10.99.1.2", Count: 4, Wait: 200 * time.Millisecond})
	if asked.Load() != 2 || r.Alive() || r.Sent != 4 || !errors.Is(r.Err, unix.EPERM) {
		t.Errorf("%d requests left: %+v", asked.Load(), r)
	}
}

func TestPingInterfaceGoesAway(t *testing.T) {
	p := newPeer(t, "gone0", "10.99.1.1/24", "10.99.1.2/24")
	path := Path{addr("10.99.1.1"), "gone0"}
	p.respond(func(int) reply {
		run(t, "ip link del gone0", "true")
		return reply{}
	})
	r := EchoRequest{Target: "10.99.1.2", Path: path, Count: 3, Spacing: 500 * time.Millisecond, Wait: 200 * time.Millisecond}
	got := newPinger().Ping(t.Context(), r)
	if got.Alive() || !errors.Is(got.Err, ErrNoRoute) {
		t.Errorf("in the round: %+v", got)
	}
	got = newPinger().Ping(t.Context(), r)
	if want := "no route to 10.99.1.2 by gone0: no such device"; !errors.Is(got.Err, ErrNoRoute) || got.Reason() != want {
		t.Errorf("after it: %+v", got)
	}
}

func TestPingWithoutFileDescriptors(t *testing.T) {
	needRoot(t)
	var before unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	none := before
	none.Cur = 0
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
	r := newPinger().Ping(t.Context(), echo("127.0.0.1"))
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	if !r.Unknown() || !errors.Is(r.Err, unix.EMFILE) {
		t.Errorf("%+v", r)
	}
}

func TestErrorsByErrno(t *testing.T) {
	target := addr("192.0.2.1")
	tests := []struct {
		errno       unix.Errno
		setup, send error
	}{
		{unix.ENETUNREACH, ErrNoRoute, ErrNoRoute},
		{unix.EHOSTUNREACH, ErrNoRoute, ErrNoRoute},
		{unix.ENETDOWN, ErrNoRoute, ErrNoRoute},
		{unix.EADDRNOTAVAIL, ErrNoRoute, ErrNoRoute},
		{unix.ENODEV, ErrNoRoute, ErrNoRoute},
		{unix.EACCES, ErrLocal, ErrNoRoute},
		{unix.EPERM, ErrLocal, unix.EPERM},
		{unix.EMFILE, ErrLocal, ErrLocal},
		{unix.ENFILE, ErrLocal, ErrLocal},
		{unix.ENOMEM, ErrLocal, ErrLocal},
		{unix.ENOBUFS, ErrLocal, ErrLocal},
	}
	for _, test := range tests {
		if err := setupError(target, Path{}, test.errno); !errors.Is(err, test.setup) {
			t.Errorf("%v when making a socket: %v", test.errno, err)
		}
		if err := sendError(target, Path{}, test.errno); !errors.Is(err, test.send) {
			t.Errorf("%v when sending: %v", test.errno, err)
		}
	}
}
