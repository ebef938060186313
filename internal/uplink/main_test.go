package uplink

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// inside marks the process that has a network namespace of its own.
const inside = "IMON_TEST_IN_NAMESPACE"

// TestMain runs the tests again in a private network namespace, so that every
// thread of the process is in it and no test can touch the machine's network.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" || os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "cannot run the tests in a network namespace:", err)
		os.Exit(1)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// needKernel fails a test that needs a real kernel when there is no namespace.
func needKernel(t testing.TB) {
	t.Helper()
	if os.Getenv(inside) != "" {
		return
	}
	if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
		t.Skip("IMON_SKIP_ROOT_TESTS=1")
	}
	t.Fatal("this test makes network namespaces and needs root; IMON_SKIP_ROOT_TESTS=1 skips it")
}
