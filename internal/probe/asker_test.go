package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/uplink"
)

func newAsker() *Asker {
	r := NewResolver()
	return NewAsker(NewPinger(r), NewDNS(r), NewHTTP(r, "imon/1.2.3"))
}

// Both uplinks as a round sees them, and the hosts that only the second one reaches.
func path4(i int) Path {
	return Path{addr([]string{"10.99.1.1", "10.99.2.1"}[i]), []string{"wan1", "wan2"}[i]}
}

func path6(i int) Path {
	return Path{addr([]string{"2001:db8:1::1", "2001:db8:2::1"}[i]), []string{"wan1", "wan2"}[i]}
}

const (
	host4 = "10.99.9.9"
	host6 = "2001:db8:9::9"
	named = "10.99.7.53" // the name server that only an uplink reaches, see resolvConf
)

// twoProviders are two uplinks as package uplink routes them, IPv6 in the same
// manner, of which the second one leads to hosts that serve every method. The
// returned function puts the default routes on an uplink; before, there are none.
func twoProviders(t *testing.T) (isps [2]*peer, prefer func(i int)) {
	t.Helper()
	for i := range isps {
		ours, theirs := path4(i).Source.String()+"/24", fmt.Sprintf("10.99.%d.2/24", i+1)
		isps[i] = newPeer(t, path4(i).Interface, ours, theirs)
		isps[i].in(func() { // no real provider answers ARP for the internet
			check(t, os.WriteFile("/proc/sys/net/ipv4/conf/all/arp_ignore", []byte("1"), 0))
		})
		address(t, isps[i].device, path6(i).Source.String()+"/64")
		isps[i].up("eth0", fmt.Sprintf("2001:db8:%d::2/64", i+1))
		run(t, fmt.Sprintf("ip -6 route add default via 2001:db8:%d::2 dev %s table 77%d", i+1, isps[i].device, i), "true")
		run(t, fmt.Sprintf("ip -6 rule add from %s lookup 77%d pref 77%[2]d", path6(i).Source, i), fmt.Sprintf("ip -6 rule del pref 77%d", i))
	}
	for _, a := range []string{host4 + "/32", host6 + "/128", named + "/32"} {
		isps[1].up("lo", a)
	}
	isps[1].in(func() { serveAll(t) })
	router := newRouter(t)
	eventually(t, "IPv6 is ready, which is later than the link", func() bool {
		return newAsker().Ask(t.Context(), questions(host6, path6(1))[0]).Stats().Loss == 0
	})
	return isps, func(i int) {
		check(t, router.SetDefault(i))
		run(t, fmt.Sprintf("ip -6 route replace default via 2001:db8:%d::2", i+1), "ip -6 route del default")
	}
}

// newRouter has package uplink route the probes.
func newRouter(t *testing.T) *uplink.Router {
	t.Helper()
	router, err := uplink.New([]uplink.Spec{
		{Interface: "wan1", Gateway: addr("10.99.1.2")}, {Interface: "wan2", Gateway: addr("10.99.2.2")},
	}, uplink.Options{Metric: 201})
	check(t, err)
	run(t, "true", "for p in 7350 7351; do while ip rule del pref $p; do :; done; done")
	t.Cleanup(func() { router.Close() })
	_, err = router.Sync()
	check(t, err)
	return router
}

// serveAll serves DNS, HTTP (status 204 on any page) and TCP (port 7) on both hosts.
func serveAll(t *testing.T) {
	t.Helper()
	for _, host := range []string{host4, host6, named} {
		serveDNS(t, net.JoinHostPort(host, "53"), func(q *dns.Msg, _ bool) *dns.Msg { return record(q, "host.example. A "+host4) })
		l, err := net.Listen("tcp", net.JoinHostPort(host, "80"))
		check(t, err)
		serveHTTP(t, l, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		accept(t, net.JoinHostPort(host, "7"))
	}
}

// serveHTTP serves l until the test ends.
func serveHTTP(t testing.TB, l net.Listener, page http.HandlerFunc) {
	t.Helper()
	s := &http.Server{Handler: page}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Serve(l)
	}()
	t.Cleanup(func() { s.Close(); <-stopped })
}

// accept takes connections at address until the test ends, waits for the other
// side to close them, and returns the address.
func accept(t testing.TB, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	check(t, err)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-stopped })
	return l.Addr().String()
}

// patience is for answers that do come, on a machine that is busy with something else.
const patience = 5 * time.Second

// questions are one of every method to host, which may be a name.
func questions(host string, path Path) []Question {
	all := []Question{
		{Method: ICMP, Target: host},
		{Method: DNSQuery, Target: host, Name: "x.example"},
		{Method: TCP, Target: net.JoinHostPort(host, "7")},
		{Method: HTTPStatus, Target: "http://" + net.JoinHostPort(host, "80") + "/generate_204", Status: 204},
	}
	for i := range all {
		all[i].Path, all[i].Count = path, 3
		all[i].Spacing, all[i].Wait = 10*time.Millisecond, 200*time.Millisecond
	}
	return all
}

// TestAskLeavesByItsUplink asks hosts that only the second uplink reaches.
func TestAskLeavesByItsUplink(t *testing.T) {
	for _, filter := range []string{"0", "1"} {
		t.Run("rp_filter="+filter, func(t *testing.T) {
			isps, prefer := twoProviders(t)
			for _, device := range []string{"all", isps[0].device, isps[1].device} {
				check(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+device+"/rp_filter", []byte(filter), 0))
			}
			for _, active := range []int{uplink.None, 0, 1} {
				if active != uplink.None {
					prefer(active)
				}
				byEachUplink(t, active)
			}
		})
	}
}

func byEachUplink(t *testing.T, active int) {
	t.Helper()
	a := newAsker()
	var all sync.WaitGroup
	ask := func(qs []Question, reached bool) {
		for _, q := range qs {
			if reached {
				q.Wait = patience
			}
			all.Go(func() { byUplink(t, active, q, a.Ask(t.Context(), q), reached) })
		}
	}
	for i := range 2 {
		ask(questions(host4, path4(i)), i == 1)
		ask(questions(host6, path6(i)), i == 1)
	}
	ask(questions(host4, Path{}), active == 1)
	ask(questions(host6, Path{}), active == 1)
	all.Wait()
}

// byUplink checks the answer to q, which must have reached its target or not.
func byUplink(t *testing.T, active int, q Question, r Result, reached bool) {
	t.Helper()
	want := map[bool]int{true: 3}[reached]
	if reached && q.Method == HTTPStatus {
		want = r.Sent // one is enough
	}
	s := r.Stats()
	if len(r.RTTs) != want || r.Alive() != reached || r.Unknown() || reached && (s.Loss != 0 || s.Min <= 0 || s.Max > time.Second) {
		t.Errorf("default via %d: %s to %s by %q: %+v", active, q.Method, q.Target, q.Path.Interface, r)
	}
}

// TestAskResolvesByItsPath asks for a name that only the second uplink can resolve.
func TestAskResolvesByItsPath(t *testing.T) {
	_, prefer := twoProviders(t)
	prefer(0)
	a := newAsker()
	for _, q := range questions("host.example", path4(1)) {
		q.Wait = patience
		if r := a.Ask(t.Context(), q); !r.Alive() || r.Address != addr(host4) {
			t.Errorf("%s: %+v", q.Method, r)
		}
		q.Path = Path{}
		if r := a.Ask(t.Context(), q); !errors.Is(r.Err, ErrResolve) || r.Unknown() || r.Sent != 3 {
			t.Errorf("%s without a path: %+v", q.Method, r)
		}
	}
}

// blackhole has the second provider drop everything.
func blackhole(t *testing.T, p *peer) {
	t.Helper()
	p.in(func() {
		run(t, "nft add table inet hole; nft 'add chain inet hole in { type filter hook input priority 0; policy drop; }';"+
			"nft add rule inet hole in icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }' accept", "true")
	})
}

func TestAskABlackhole(t *testing.T) {
	isps, _ := twoProviders(t)
	blackhole(t, isps[1])
	for _, q := range append(questions(host4, path4(1)), questions(host6, path6(1))...) {
		var r Result
		want := 220 * time.Millisecond
		took := unhurried(t, want+80*time.Millisecond, func() { r = newAsker().Ask(t.Context(), q) })
		if took < want || r.Alive() || r.Err != nil || r.Sent != 3 || r.Stats().Loss != 1 || r.Reason() != "no answer" {
			t.Errorf("%s after %v: %+v", q.Method, took, r)
		}
	}
}

// TestAskCancelled ends rounds in the middle, and those that have not begun.
func TestAskCancelled(t *testing.T) {
	isps, _ := twoProviders(t)
	blackhole(t, isps[1])
	for _, q := range append(questions(host4, path4(1)), questions(host6, path6(1))...) {
		q.Wait = time.Minute
		var r Result
		unhurried(t, 130*time.Millisecond, func() { // 50 ms, and what the machine takes
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			r = newAsker().Ask(ctx, q)
		})
		if !r.Unknown() || !errors.Is(r.Err, context.DeadlineExceeded) || r.Sent != 3 {
			t.Errorf("%s: %+v", q.Method, r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r := newAsker().Ask(ctx, q); !r.Unknown() || !errors.Is(r.Err, context.Canceled) {
			t.Errorf("%s, with an ended context: %+v", q.Method, r)
		}
	}
}

// TestAskLeavesNothing lets rounds of all methods succeed, fail and be cancelled,
// and then looks for what is left of them here.
func TestAskLeavesNothing(t *testing.T) {
	twoProviders(t)
	a := newAsker()
	all := append(questions(host4, path4(1)), questions(host6, path6(1))...)
	all = append(append(all, questions(host4, path4(0))...), Question{Method: TCP, Target: host4 + ":1", Path: path4(1)})
	goroutines, fds := runtime.NumGoroutine(), openFiles(t)
	for round := range 6 {
		for _, q := range all {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5+30*round)*time.Millisecond)
			a.Ask(ctx, q)
			cancel()
			for _, s := range []string{"crypto/tls", "probe.one", "http.(*persistConn)"} {
				if strings.Contains(stacks(), s) {
					t.Errorf("%s: %s goes on", q.Method, s)
				}
			}
		}
	}
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "as many files as before", func() bool { return openFiles(t) <= fds })
}

// TestAskResetsItsConnections cancels rounds of connections at all moments, so that
// some end just when they are established.
func TestAskResetsItsConnections(t *testing.T) {
	isps, _ := twoProviders(t)
	a := newAsker()
	before := len(tcpStates(t))
	for range 20 {
		var all sync.WaitGroup
		for i := range 10 {
			for _, q := range questions(host4, path4(1))[2:] {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*300*time.Microsecond)
					defer cancel()
					a.Ask(ctx, q)
				})
			}
		}
		all.Wait()
	}
	if states := tcpStates(t); len(states) > before {
		t.Errorf("connections are left: %v", states)
	}
	isps[1].in(func() {
		eventually(t, "the host has listening sockets only", func() bool {
			return !slices.ContainsFunc(tcpStates(t), func(s string) bool { return s != "0A" })
		})
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(files)
}

// tcpStates are the states of all TCP sockets in the namespace of this thread,
// as proc(5) has them: 01 established, 06 TIME-WAIT, 0A listening.
func tcpStates(t *testing.T) (states []string) {
	t.Helper()
	for _, file := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile("/proc/thread-self/net/" + file)
		check(t, err)
		for _, line := range strings.Split(string(text), "\n")[1:] {
			if fields := strings.Fields(line); len(fields) > 3 {
				states = append(states, fields[3])
			}
		}
	}
	return states
}

func TestAskALinkLocalGateway(t *testing.T) {
	isps, _ := twoProviders(t)
	isps[1].up("eth0", "fe80::2/64")
	q := questions("fe80::2%wan2", path6(1))[0]
	eventually(t, "three answers", func() bool {
		r := newAsker().Ask(t.Context(), q)
		return len(r.RTTs) == 3 && r.Address.Zone() == "wan2"
	})
}

func TestAskWithoutFileDescriptors(t *testing.T) {
	needRoot(t)
	var before unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	none := before
	none.Cur = 0
	for _, q := range questions("127.0.0.1", Path{}) {
		check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
		r := newAsker().Ask(t.Context(), q)
		check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
		if !r.Unknown() || !errors.Is(r.Err, unix.EMFILE) {
			t.Errorf("%s: %+v", q.Method, r)
		}
	}
}

func TestTalkErrorByCallAndErrno(t *testing.T) {
	tests := []struct {
		call  string
		errno unix.Errno
		want  error
	}{
		{"socket", unix.EMFILE, ErrLocal},
		{"socket", unix.EACCES, ErrLocal},
		{"setsockopt", unix.EPERM, ErrLocal},
		{"setsockopt", unix.ENODEV, ErrNoRoute},
		{"bind", unix.EADDRNOTAVAIL, ErrNoRoute},
		{"bind", unix.EADDRINUSE, ErrLocal},
		{"connect", unix.EACCES, ErrNoRoute},
		{"connect", unix.EHOSTUNREACH, ErrNoRoute},
		{"connect", unix.EPERM, unix.EPERM},
		{"connect", unix.ECONNREFUSED, unix.ECONNREFUSED},
		{"connect", unix.ETIMEDOUT, errSilent},
		{"write", unix.ENOBUFS, ErrLocal},
		{"read", unix.ECONNRESET, unix.ECONNRESET},
	}
	for _, test := range tests {
		err := &net.OpError{Op: "dial", Err: os.NewSyscallError(test.call, test.errno)}
		got := talkError(t.Context(), netip.Addr{}, Path{}, err)
		if !errors.Is(got, test.want) || errors.Is(got, ErrLocal) != (test.want == ErrLocal) {
			t.Errorf("%s: %v: %v", test.call, test.errno, got)
		}
	}
}
