package store

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"
	"golang.org/x/sys/unix"
)

func TestState(t *testing.T) {
	s := State{afero.NewOsFs(), filepath.Join(t.TempDir(), "imon", "main.ddns")}
	if text, err := s.Load(); text != nil || err != nil {
		t.Fatalf("%q, %v where nothing was saved", text, err)
	}
	if err := s.Save([]byte("one")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(s.Path, long, long); err != nil {
		t.Fatal(err)
	}
	if err := s.Save([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.Path); err != nil || !info.ModTime().Equal(long) {
		t.Error("the same text was written again")
	}
	if err := s.Save([]byte("two")); err != nil {
		t.Fatal(err)
	}
	if text, err := s.Load(); string(text) != "two" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	to, err := s.SetAside()
	if text, _ := os.ReadFile(to); err != nil || string(text) != "two" {
		t.Errorf("set aside as %q, %v: %q", to, err, text)
	}
	if files := tree(t, s.Fs, filepath.Dir(s.Path)); len(files) != 1 {
		t.Errorf("left %v", files)
	}
}

func TestStateThatCannotBeKept(t *testing.T) {
	s := State{afero.NewReadOnlyFs(afero.NewMemMapFs()), "/var/lib/imon/main.ddns"}
	err := s.Save([]byte("one"))
	if err == nil || !strings.HasPrefix(err.Error(), `cannot write "/var/lib/imon/main.ddns": `) {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	s = State{afero.NewOsFs(), dir}
	if _, err := s.Load(); err == nil || errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("a directory was read: %v", err)
	}
	if _, err := (State{afero.NewOsFs(), filepath.Join(dir, "none")}).SetAside(); err == nil {
		t.Error("nothing was set aside")
	}
}

// A file that is none is neither read, which may never end, nor replaced: "/dev/null" is
// what people write who want no file.
func TestStateIsARegularFile(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	zero := filepath.Join(t.TempDir(), "zero")
	if err := os.Symlink("/dev/zero", zero); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, zero} {
		s := State{afero.NewOsFs(), path}
		if _, err := s.Load(); err == nil || err.Error() != `cannot read "`+path+`": it is not a regular file` {
			t.Errorf("Load: %v", err)
		}
		if err := s.Save([]byte("one")); err == nil || err.Error() != `cannot write "`+path+`": it is not a regular file` {
			t.Errorf("Save: %v", err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().IsRegular() {
			t.Errorf("it is %v now, %v", info.Mode(), err)
		}
	}
}

// What is too large is no file of imon's: it is not read, and it is kept.
func TestStateThatIsTooLarge(t *testing.T) {
	s := State{afero.NewMemMapFs(), "/var/lib/imon/main.ddns"}
	if err := afero.WriteFile(s.Fs, s.Path, make([]byte, mostState+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(); err == nil || !strings.HasSuffix(err.Error(), "it has more than 4194304 bytes") {
		t.Errorf("got %v", err)
	}
	if used := testing.AllocsPerRun(1, func() { _, _ = s.Load() }); used > 20 { // to read it takes 38
		t.Errorf("%v allocations: it is read", used)
	}
	if err := s.Save([]byte("one")); err != nil {
		t.Error(err)
	}
	if text, err := s.Load(); string(text) != "one" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := s.Fs.Stat(s.Path + ".unreadable"); err != nil || info.Size() != mostState+1 {
		t.Errorf("what was there is lost: %v", err)
	}
}
