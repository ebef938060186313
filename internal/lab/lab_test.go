package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// must fails the test when err is not nil.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// pings reports whether an address answers one of two pings.
func pings(ns *NS, address string) bool {
	return ns.Command(context.Background(), "ping", "-n", "-c", "2", "-i", "0.05", "-w", "1", address).Run() == nil
}

// get asks a provider from inside a namespace, on a new connection.
func get(ns *NS, url string) (string, error) {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = ns.Do(func() error {
				conn, err = new(net.Dialer).DialContext(ctx, network, address)
				return err
			})
			return conn, err
		},
	}}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var b strings.Builder
	_, err = fmt.Fprint(&b, response.StatusCode, " ", readAll(response))
	return b.String(), err
}

func readAll(r *http.Response) string {
	var b strings.Builder
	buffer := make([]byte, 1<<16)
	for {
		n, err := r.Body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return b.String()
		}
	}
}

// through puts the router's default route on uplink i.
func through(t testing.TB, l *Lab, i int) {
	t.Helper()
	u := l.Uplink(i)
	_, err := l.Router.Run("route", "replace", "default", "via", u.Gateway.String(), "dev", u.Interface, "metric", "201")
	must(t, err)
}

func TestLANReachesTheInternetByADefaultRoute(t *testing.T) {
	t.Parallel()
	l := Start(t)
	if pings(l.LAN, "1.1.1.1") {
		t.Fatal("the LAN host reaches the internet without a default route")
	}
	for i, want := range []string{"200 5.9.1.2\n", "200 46.4.2.2\n"} {
		through(t, l, i)
		for _, host := range strings.Fields(hosts) {
			if !pings(l.LAN, host) {
				t.Errorf("uplink %d: the LAN host does not reach %s", i, host)
			}
		}
		if got, err := get(l.LAN, l.Providers[i].URL()); err != nil || got != want {
			t.Errorf("uplink %d: provider said %q, %v, want %q", i, got, err, want)
		}
	}
}

func TestIPv6ReachesTheInternet(t *testing.T) {
	t.Parallel()
	l := Start(t)
	for _, ns := range []*NS{l.Router, l.LAN} {
		eventually(t, ns.Name()+" reaches "+Host6, func() bool { return quickPing(ns, Host6) })
	}
}

func TestProgramsSeeTheLabsNameServers(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	for _, ns := range []*NS{l.Router, l.LAN} {
		out, err := ns.Command(t.Context(), "getent", "ahostsv4", "host9.example").Output()
		if err != nil || !strings.HasPrefix(string(out), "9.9.9.9") {
			t.Errorf("%s resolves host9.example to %q, %v", ns.Name(), out, err)
		}
	}
}

func TestTwoLabsDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	a, b := Start(t), Start(t)
	through(t, a, 0)
	through(t, b, 1)
	must(t, a.Blackhole(0).Inject())
	if pings(a.LAN, "1.1.1.1") || !pings(b.LAN, "1.1.1.1") {
		t.Error("a fault of one lab is seen in the other one, or not in its own")
	}
	must(t, a.Close())
	if !pings(b.LAN, "1.1.1.1") {
		t.Error("a lab ended with another one")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	l := Start(t)
	through(t, l, 0)
	orphan := startOrphan(t, l)
	_, err := l.Stream(5 * time.Millisecond)
	must(t, err)
	_, err = l.WatchDefaults(nil)
	must(t, err)
	must(t, l.Close())
	must(t, l.Close())
	for _, ns := range l.all() {
		if exists(ns.path()) || exists(filepath.Join(etcNetns, ns.name)) {
			t.Errorf("%s is still there", ns.name)
		}
	}
	if exists(l.dir) {
		t.Errorf("%s is still there", l.dir)
	}
	if exists("/proc/" + orphan + "/ns/net") {
		t.Errorf("process %s is still there", orphan)
	}
	goleak.VerifyNone(t)
}

// startOrphan starts a program whose child survives it and tells its pid.
func startOrphan(t *testing.T, l *Lab) string {
	t.Helper()
	p, err := l.Start(t.Context(), l.Router, nil, "sh", "-c", "setsid sleep 1000 & echo $!")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	line, err := p.Await(ctx, time.Time{}, "")
	must(t, err)
	return line.Text
}

// Labs of other processes may be raised at the same time, and each of them
// removes what is stale: this one may find it half done.
func TestNewRemovesLabsOfDeadProcesses(t *testing.T) {
	Start(t) // fails without root
	dead := exec.Command("true")
	must(t, dead.Run())
	ns := &NS{fmt.Sprintf("imon-%d-1-router", dead.Process.Pid)}
	must(t, writeEtc(ns.name, "resolv.conf", ""))
	_, err := run(exec.Command("ip", "netns", "add", ns.name))
	must(t, err)
	sleeper := ns.Command(t.Context(), "sleep", "1000")
	must(t, sleeper.Start())
	done := make(chan error, 1)
	go func() { done <- sleeper.Wait() }()
	eventually(t, "process in the namespace", func() bool {
		id, there := identify(ns.path())
		return !there || len(id.pids()) == 1
	})
	Start(t)
	eventually(t, "end of the process", func() bool { return len(done) == 1 })
	eventually(t, "no files", func() bool { return !exists(ns.path()) && !exists(filepath.Join(etcNetns, ns.name)) })
}

func TestStaleNames(t *testing.T) {
	dead := exec.Command("true")
	must(t, dead.Run())
	for name, want := range map[string]bool{
		fmt.Sprintf("imon-%d-1-lan", os.Getpid()):       false,
		fmt.Sprintf("imon-%d-1-lan", dead.Process.Pid):  true,
		fmt.Sprintf("imon-%d-17", dead.Process.Pid):     true,
		fmt.Sprintf("other-%d-1-lan", dead.Process.Pid): false,
		fmt.Sprintf("imon-%d", dead.Process.Pid):        false,
		"imon-main-1-lan":                               false, "imon--1-lan": false, "imon-0-1-lan": false, "imon": false,
	} {
		if got := stale(name); got != want {
			t.Errorf("stale(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestNewLeavesNothingWhenItFails(t *testing.T) {
	Start(t).Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(ctx); err == nil {
		t.Fatal("New succeeded with an ended context")
	}
	left, _ := filepath.Glob(fmt.Sprintf("%s/imon-%d-*", runNetns, os.Getpid()))
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func BenchmarkRaise(b *testing.B) {
	for b.Loop() {
		l, err := New(b.Context())
		must(b, err)
		must(b, l.Close())
	}
}
