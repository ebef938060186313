package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// allowDatagrams opens datagram ICMP sockets to everybody, in this namespace.
func allowDatagrams(t testing.TB) {
	t.Helper()
	const file = "/proc/sys/net/ipv4/ping_group_range"
	check(t, os.WriteFile(file, []byte("0 2147483647"), 0))
	t.Cleanup(func() { os.WriteFile(file, []byte("1 0"), 0) })
}

// runErrand is what a copy of the test program without CAP_NET_RAW does. Both
// rounds must be alike: the second one begins where the first one fell back.
func runErrand(target string) int {
	p := newPinger()
	for range 2 {
		r := p.Ping(context.Background(), EchoRequest{Target: target, Count: 2, Wait: time.Second})
		switch {
		case len(r.RTTs) == 2 && r.Err == nil:
			fmt.Println("answered")
		case r.Unknown():
			fmt.Println(r.Reason())
		default:
			fmt.Printf("%+v\n", r)
		}
	}
	return 0
}

// withoutRaw pings target from a copy of this program that lacks CAP_NET_RAW.
func withoutRaw(t *testing.T, target string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), errand+"="+target)
	var out []byte
	done := make(chan error)
	go func() {
		// The thread keeps the smaller bounding set and dies with the goroutine.
		runtime.LockOSThread()
		err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_NET_RAW, 0, 0, 0)
		if err == nil {
			out, err = cmd.CombinedOutput()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestPingUnprivileged(t *testing.T) {
	needRoot(t)
	refused := "cannot probe: permission denied\n"
	for _, target := range []string{"127.0.0.1", "::1"} {
		if got := withoutRaw(t, target); got != refused+refused {
			t.Errorf("%s, closed to datagrams: %q", target, got)
		}
	}
	allowDatagrams(t)
	for _, target := range []string{"127.0.0.1", "::1"} {
		if got := withoutRaw(t, target); got != "answered\nanswered\n" {
			t.Errorf("%s, open to datagrams: %q", target, got)
		}
	}
}

func TestPingDatagramByPath(t *testing.T) {
	twoUplinks(t)
	allowDatagrams(t)
	p := newPinger()
	p.datagram.Store(true)
	r := echo("10.99.9.9")
	r.Path = Path{addr("10.99.2.1"), "wan2"}
	if got := p.Ping(t.Context(), r); len(got.RTTs) != 3 {
		t.Errorf("%+v", got)
	}
	r.Path.Interface = "wan3"
	if got := p.Ping(t.Context(), r); !errors.Is(got.Err, ErrNoRoute) {
		t.Errorf("%+v", got)
	}
}
