package rpi_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestBoot boots a Debian with systemd as PID 1 in a container and runs
// testdata/boot.sh there, with two versions of the package. Each of its cases is a
// test of its own here. IMON_SUITE is another release than bookworm.
//
// What cannot run there: a mailer (a set-gid program stands for it), loading modules,
// resetting USB devices, setting the clock, and the limits of control groups. The
// Python imon is a stand-in with its paths, unit and command line.
func TestBoot(t *testing.T) {
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
	cmd := exec.Command("../scripts/nspawn-test.sh", "-s", suite, "-t", "600", "-p", "nftables,conntrack,netcat-openbsd",
		"testdata/boot.sh", mustPack(t, runtime.GOARCH, "3.0.0", ""), mustPack(t, runtime.GOARCH, "3.0.1", ""))
	// When this process is ended, the container ends with it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	report(t, out)
}

// report makes a subtest of each case.
func report(t *testing.T, out []byte) {
	t.Helper()
	var name string
	var seen []string
	count, done := 0, false
	flush := func() {
		if name != "" {
			t.Run(name, func(t *testing.T) { t.Error(strings.Join(seen, "\n")) })
		}
		name, seen = "", nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := lines.Text()
		switch kind, rest, _ := strings.Cut(line, " "); {
		case kind == "ok":
			flush()
			count++
			t.Run(rest, func(*testing.T) {})
		case kind == "FAIL":
			flush()
			name = rest
		case kind == "figure":
			t.Log(rest)
		case name != "":
			seen = append(seen, line)
		}
		done = done || line == "# done"
	}
	flush()
	if !done || count < 100 {
		t.Errorf("%d cases held, and the end was reached: %v\n%s", count, done, out)
	}
}
