package ubustest

import (
	"cmp"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Each runs body against the fake and, where it is found, against the real
// ubusd: the program that IMON_UBUSD names, or ubusd on PATH.
func Each(t *testing.T, body func(t *testing.T, bus Bus)) {
	t.Helper()
	t.Run("fake", func(t *testing.T) { body(t, Start(t)) })
	program, ok := Program("IMON_UBUSD", "ubusd")
	if !ok || os.Getuid() != 0 {
		t.Log("no ubusd here (IMON_UBUSD or PATH), or not root, whom alone it lets do everything: only the fake was tried")
		return
	}
	t.Run("ubusd", func(t *testing.T) { body(t, startReal(t, program)) })
}

// Program finds an installed program by an environment variable, otherwise by
// its name on PATH.
func Program(variable, name string) (string, bool) {
	path, err := exec.LookPath(cmp.Or(os.Getenv(variable), name))
	return path, err == nil
}

// real is the real ubusd.
type real struct {
	tb      testing.TB
	program string
	dir     string
	cmd     *exec.Cmd
}

func startReal(tb testing.TB, program string) *real {
	tb.Helper()
	r := &real{tb: tb, program: program, dir: shortDir(tb)}
	r.Restart()
	tb.Cleanup(r.Kill)
	return r
}

func (r *real) Socket() string { return filepath.Join(r.dir, "ubus.sock") }

func (r *real) Restart() {
	r.tb.Helper()
	r.cmd = exec.Command(r.program, "-s", r.Socket(), "-A", r.dir)
	r.cmd.Stderr = os.Stderr
	if err := r.cmd.Start(); err != nil {
		r.tb.Fatalf("cannot start ubusd: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("unix", r.Socket())
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			r.tb.Fatalf("ubusd does not answer: %v", err)
		}
	}
}

func (r *real) Kill() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.cmd = nil
}
