package socket

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// place is where a socket is to be, in a directory that does not exist yet.
func place(t *testing.T) string { return filepath.Join(t.TempDir(), "run", "main.sock") }

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		path := place(t)
		before := syscall.Umask(umask)
		l, err := listen(path)
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		if m := modeOf(t, path); m != fs.ModeSocket|0o660 {
			t.Errorf("umask %#o: socket %v", umask, m)
		}
		if m := modeOf(t, filepath.Dir(path)).Perm(); m != 0o755&^fs.FileMode(umask) {
			t.Errorf("umask %#o: directory %v", umask, m)
		}
		l.Close()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after the end there is still a socket: %v", err)
		}
	}
}

// What a predecessor that was killed has left is in nobody's way.
func TestStaleSocketIsReplaced(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"a socket": func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		},
		"a link to nowhere": func(path string) error { return os.Symlink("main/main.sock", path) },
		"a lock":            func(path string) error { return os.WriteFile(strings.TrimSuffix(path, "sock")+"lock", nil, 0o600) },
	} {
		path := place(t)
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := leave(path); err != nil {
			t.Fatal(err)
		}
		l, err := listen(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.Close()
		l.Close()
	}
}

// The socket of a live process is not taken from it, however many try and however
// busy it is; when it has ended, the next one gets it.
func TestLiveSocketIsNotStolen(t *testing.T) {
	r := begin(t, nil)
	r.dial().Close()
	second := &rig{t: t, fake: &fake{}}
	second.Server = New(r.path, second.fake, second.hear)
	second.retry = r.retry
	end := second.run(second.Server)
	second.until("the second says so", func() bool { return second.said() != "" })
	want := `No socket for "imon failover": cannot listen on "` + r.path + `": another imon of this name runs; trying again until it works`
	if got := second.said(); got != want {
		t.Errorf("said %s", got)
	}
	r.put(post("to=standby"))
	if r.done() != "standby 0s" || second.done() != "" {
		t.Errorf("told the first %q, the second %q", r.done(), second.done())
	}
	end()
	r.dial().Close() // it has removed nothing
}

func TestNextInLineGetsTheSocket(t *testing.T) {
	first := &rig{t: t, fake: &fake{}}
	first.Server = New(place(t), first.fake, first.hear)
	end := first.run(first.Server)
	first.dial().Close()
	second := &rig{t: t, fake: &fake{}}
	second.Server = New(first.path, second.fake, second.hear)
	second.retry = 1e6
	second.run(second.Server)
	second.until("the second waits", func() bool { return second.said() != "" })
	end()
	second.until("the second listens", func() bool { return strings.HasSuffix(second.said(), "\nListens on "+first.path+" now") })
	second.put(post("to=auto"))
	if second.done() != "auto 0s" {
		t.Errorf("told the second %q", second.done())
	}
}

// Where there can be no socket, one line says so and the job stays.
func TestCannotListen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, fake: &fake{}}
	r.Server = New(dir+"/file/main.sock", r.fake, r.hear)
	r.retry = 1e6
	end := r.run(r.Server)
	r.until("it says so", func() bool { return r.said() != "" })
	if err := os.Remove(dir + "/file"); err != nil {
		t.Fatal(err)
	}
	r.until("it listens", func() bool { return strings.Contains(r.said(), "Listens on") })
	end()
	if n := strings.Count(r.said(), "\n"); n != 1 {
		t.Errorf("said %s", r.said())
	}
}
