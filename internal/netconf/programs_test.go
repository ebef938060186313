package netconf

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestPrograms runs testdata/programs.sh in a container, a Debian with the real
// NetworkManager, dhcpcd and systemd-networkd: each installs default routes, imon check
// says so, what it prints is done to the letter, the routes go and stay away, and it is
// silent. Each case is a test of its own here.
//
// IMON_NETCONF=all tries every setting that matters, in some minutes more (make
// test-netconf). IMON_SUITE is another release than bookworm.
func TestPrograms(t *testing.T) {
	if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
		t.Skip("IMON_SKIP_ROOT_TESTS=1")
	}
	if os.Getuid() != 0 {
		t.Fatal("booting a container needs root; IMON_SKIP_ROOT_TESTS=1 passes this test over")
	}
	suite := os.Getenv("IMON_SUITE")
	if suite == "" {
		suite = "bookworm"
	}
	imon := filepath.Join(t.TempDir(), "imon")
	build := exec.Command("go", "build", "-o", imon, "../../cmd/imon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build imon: %v\n%s", err, out)
	}
	args := []string{"-s", suite, "-t", "500", "-p", "network-manager,dhcpcd-base,udhcpd", "testdata/programs.sh", imon}
	least := 25
	if os.Getenv("IMON_NETCONF") == "all" {
		all := filepath.Join(t.TempDir(), "all")
		if err := os.WriteFile(all, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		args, least = append(args, all), 80
	}
	cmd := exec.Command("../../scripts/nspawn-test.sh", args...)
	// When this process is ended, the container ends with it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	if held := report(t, out); !bytes.Contains(out, []byte("\n# done\n")) || held < least {
		t.Errorf("%d cases held, and the end was to be reached:\n%s", held, out)
	}
}

// report makes a test of each case, and counts those that held.
func report(t *testing.T, out []byte) (held int) {
	t.Helper()
	name, seen := "", ""
	flush := func() {
		if name != "" {
			t.Run(name, func(t *testing.T) { t.Error(seen) })
		}
		name, seen = "", ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		switch kind, rest, _ := strings.Cut(lines.Text(), " "); kind {
		case "ok":
			flush()
			held++
			t.Run(rest, func(*testing.T) {})
		case "FAIL":
			flush()
			name = rest
		default:
			seen += lines.Text() + "\n"
		}
	}
	flush()
	return held
}
