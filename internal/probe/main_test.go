package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

const (
	inside = "IMON_PROBE_TEST_INSIDE" // set in the process that has its own namespaces
	errand = "IMON_PROBE_TEST_ERRAND" // target that a copy without CAP_NET_RAW shall ping
)

// resolvConf is what the tests see as /etc/resolv.conf: a server on this machine
// and one that only an uplink reaches.
const resolvConf = "nameserver 127.0.0.1\nnameserver 10.99.7.53\n"

// TestMain runs all tests of the package in network and mount namespaces of
// their own: no packet leaves, and nothing of the machine changes.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(errand) != "":
		os.Exit(runErrand(os.Getenv(errand)))
	case os.Geteuid() != 0 || os.Getenv(inside) == "ready":
		goleak.VerifyTestMain(m)
	case os.Getenv(inside) == "":
		os.Exit(again())
	default:
		if err := furnish(); err != nil {
			fmt.Fprintln(os.Stderr, "cannot furnish the namespaces:", err)
			os.Exit(1)
		}
		os.Setenv(inside, "ready") // for fuzz workers, which share the namespaces
		goleak.VerifyTestMain(m)
	}
}

// again runs this program in new namespaces.
func again() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=new")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot run the tests in namespaces:", err)
		return 1
	}
	return 0
}

// furnish sets lo up and puts resolvConf in the place of /etc/resolv.conf.
func furnish() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // the mount keeps the file
	file := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(file, []byte(resolvConf), 0o644); err != nil {
		return err
	}
	return unix.Mount(file, "/etc/resolv.conf", "", unix.MS_BIND, "")
}

// needRoot ends a test that needs namespaces when there are none.
func needRoot(t testing.TB) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("IMON_SKIP_ROOT_TESTS") == "1":
		t.Skip("not root, and IMON_SKIP_ROOT_TESTS=1")
	default:
		t.Fatal("this test makes network namespaces: run it as root, or set IMON_SKIP_ROOT_TESTS=1 to skip it")
	}
}

// within fails the test when it takes longer than d from now to the call of the
// returned function.
func within(t testing.TB, d time.Duration) func() {
	t.Helper()
	start := time.Now()
	return func() {
		t.Helper()
		if took := time.Since(start); took > d {
			t.Errorf("took %v, want at most %v", took, d)
		}
	}
}

// unhurried runs f until it takes at most d, up to ten times because this machine may
// be busy with something else, and returns how long the shortest run took.
func unhurried(t testing.TB, d time.Duration, f func()) (shortest time.Duration) {
	t.Helper()
	for i := range 10 {
		start := time.Now()
		f()
		if took := time.Since(start); i == 0 || took < shortest {
			shortest = took
		}
		if shortest <= d {
			return shortest
		}
	}
	t.Errorf("took %v or more, want at most %v", shortest, d)
	return shortest
}

// eventually polls until ok, for at most 5 s.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("not within 5s: %s", what)
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
