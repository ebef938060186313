package store

import (
	"errors"
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/afero"
)

// tree lists the files below a directory with their texts.
func tree(t *testing.T, fs afero.Fs, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := afero.Walk(fs, dir, func(path string, info iofs.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := afero.ReadFile(fs, path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestReplace(t *testing.T) {
	fs, dir := afero.NewOsFs(), t.TempDir()
	path := filepath.Join(dir, "default", "imon-main")
	for i, text := range []string{"one", "two", "three"} {
		backup, err := Replace(fs, path, []byte(text), 0o644)
		if err != nil || (backup == "") != (i == 0) {
			t.Fatalf("%s: %q, %v", text, backup, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := tree(t, fs, dir)
	if len(got) != 2 || got[path] != "three" || got[filepath.Join(dir, "default", ".imon-main~")] != "two" {
		t.Errorf("%v", got)
	}
	if _, err := Replace(fs, path, []byte("four"), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]iofs.FileMode{path: 0o644, Backup(path): 0o600} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", file, info.Mode(), err, want)
		}
	}
}

// The shell's imon-* must not take a backup for an instance.
func TestBackupIsHidden(t *testing.T) {
	if got := Backup("/etc/default/imon-main"); got != "/etc/default/.imon-main~" {
		t.Error(got)
	}
	if match, _ := filepath.Match("imon-*", filepath.Base(Backup("/etc/default/imon-main"))); match {
		t.Error("it matches imon-*")
	}
}

// A link stays one; the file that it means is replaced where it is.
func TestReplaceBehindALink(t *testing.T) {
	dir := t.TempDir()
	real, link, second := filepath.Join(dir, "real", "file"), filepath.Join(dir, "link"), filepath.Join(dir, "second")
	if err := errors.Join(os.Mkdir(filepath.Dir(real), 0o755), os.WriteFile(real, []byte("old"), 0o644),
		os.Symlink("real/file", link), os.Symlink(link, second)); err != nil {
		t.Fatal(err)
	}
	backup, err := Replace(afero.NewOsFs(), second, []byte("new"), 0o644)
	if err != nil || backup != filepath.Join(dir, "real", ".file~") {
		t.Errorf("%q, %v", backup, err)
	}
	for _, path := range []string{link, second} {
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", path, info, err)
		}
	}
	if text, _ := os.ReadFile(real); string(text) != "new" {
		t.Errorf("%q", text)
	}
	if err := errors.Join(os.Remove(link), os.Symlink(second, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(afero.NewOsFs(), second, nil, 0o644); err == nil || !strings.HasSuffix(err.Error(), "too many symbolic links") {
		t.Errorf("a circle: %v", err)
	}
}

func TestReplaceKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("IMON_SKIP_ROOT_TESTS") == "1" {
			t.Skip("IMON_SKIP_ROOT_TESTS=1: it gives files to others")
		}
		t.Fatal("this test gives files to others: run it as root, or set IMON_SKIP_ROOT_TESTS=1")
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(path, []byte("old"), 0o644), os.Chown(path, 65534, 65533)); err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(afero.NewOsFs(), path, []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, Backup(path)} {
		var stat syscall.Stat_t
		if err := syscall.Stat(file, &stat); err != nil || stat.Uid != 65534 || stat.Gid != 65533 {
			t.Errorf("%s: %d:%d, %v", file, stat.Uid, stat.Gid, err)
		}
	}
}

func TestNotAFile(t *testing.T) {
	fs, dir := afero.NewOsFs(), t.TempDir()
	if _, err := Replace(fs, dir, nil, 0o644); err == nil || err.Error() != `cannot read "`+dir+`": it is not a regular file` {
		t.Errorf("%v", err)
	}
	if got := tree(t, fs, dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestWritable(t *testing.T) {
	fs := afero.NewMemMapFs()
	if err := fs.MkdirAll("/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Writable(fs, "/etc/default/imon-main"); err != nil {
		t.Error(err)
	}
	if there, _ := afero.Exists(fs, "/etc/default"); there || len(tree(t, fs, "/")) > 0 {
		t.Error("something was left behind")
	}
	err := Writable(afero.NewReadOnlyFs(fs), "/etc/default/imon-main")
	if err == nil || err.Error() != `cannot write "/etc/default/imon-main": operation not permitted` || !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("%v", err)
	}
}

// failing is a file system in which one operation, and all after it, fail.
type failing struct {
	afero.Fs
	left *int // operations until then
}

var errPower = errors.New("the power is gone")

func (f failing) next() error {
	*f.left--
	if *f.left < 0 {
		return errPower
	}
	return nil
}

func (f failing) OpenFile(name string, flag int, perm iofs.FileMode) (afero.File, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	file, err := f.Fs.OpenFile(name, flag, perm)
	return failingFile{file, f}, err
}

func (f failing) Rename(from, to string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Fs.Rename(from, to)
}

func (f failing) Chmod(name string, mode iofs.FileMode) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Fs.Chmod(name, mode)
}

func (f failing) Remove(name string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.Fs.Remove(name)
}

// failingFile writes half of what it is given when its time has come.
type failingFile struct {
	afero.File
	fs failing
}

func (f failingFile) Write(p []byte) (int, error) {
	if err := f.fs.next(); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f failingFile) Sync() error {
	if err := f.fs.next(); err != nil {
		return err
	}
	return f.File.Sync()
}

// Whichever operation is the last one, the file has the old text or the new one; and
// it is the old one when Replace says that it failed.
func TestStoppedAtEachOperation(t *testing.T) {
	const path = "/etc/default/imon-main"
	for steps := 0; ; steps++ {
		disk := afero.NewMemMapFs()
		if err := afero.WriteFile(disk, path, []byte("old text"), 0o644); err != nil {
			t.Fatal(err)
		}
		left := steps
		_, err := Replace(failing{disk, &left}, path, []byte("new text"), 0o644)
		got := tree(t, disk, "/etc/default")
		want := "old text"
		if err == nil {
			want = "new text"
		}
		if got[path] != want || err != nil && !errors.Is(err, errPower) {
			t.Errorf("after %d operations: %q, %v", steps, got[path], err)
		}
		if backup, kept := got[Backup(path)]; kept && backup != "old text" {
			t.Errorf("after %d operations the copy is %q", steps, backup)
		}
		if err == nil {
			if steps < 10 {
				t.Errorf("only %d operations could fail", steps)
			}
			return
		}
	}
}

// TestMain is a program that replaces a file again and again, when it is told to.
func TestMain(m *testing.M) {
	if path := os.Getenv("IMON_TEST_REPLACE"); path != "" {
		for {
			for _, text := range texts() {
				if _, err := Replace(afero.NewOsFs(), path, []byte(text), 0o644); err != nil {
					panic(err)
				}
			}
		}
	}
	os.Exit(m.Run())
}

// texts are long enough to be written in the middle of.
func texts() []string {
	return []string{strings.Repeat("a", 300_000), strings.Repeat("b", 500_000)}
}

// Killed in the middle of it, again and again, the writer leaves a complete file.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	whole := func() bool {
		text, err := os.ReadFile(path)
		return err == nil && (string(text) == texts()[0] || string(text) == texts()[1])
	}
	for i := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "IMON_TEST_REPLACE="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Stat(path)
		for end := time.Now().Add(15 * time.Second); ; {
			now, err := os.Stat(path)
			if err == nil && (before == nil || !os.SameFile(before, now)) {
				break // it is at work
			}
			if time.Now().After(end) {
				_ = cmd.Process.Kill()
				t.Fatal("the writer writes nothing")
			}
		}
		time.Sleep(time.Duration(i*137) * time.Microsecond) // another place each time
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if !whole() {
			t.Fatalf("kill %d left a broken file", i)
		}
	}
}
