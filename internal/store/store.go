// Package store keeps small files that outlive the process. A file is replaced by
// renaming a complete one into its place: whenever the process or the machine
// stops, there is the old text or the new one.
package store

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"syscall"

	"github.com/spf13/afero"
)

const maxLinks = 40 // symbolic links on the way to a file, as in the kernel

// errKind says that a file is a directory, a FIFO or a device.
var errKind = errors.New("it is not a regular file")

// Backup is where [Replace] keeps the former text of the file at path: beside it,
// with a name that no pattern like "imon-*" matches.
func Backup(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"~")
}

// Replace gives the file at path a new text and the permissions mode. A symbolic
// link stays and the file behind it is replaced; the owner stays, and directories
// that are missing are made. The former text is kept as [Backup] of the file, whose
// path is returned, or "" when there was none. An error means that the file is as
// it was.
func Replace(fs afero.Fs, path string, text []byte, mode iofs.FileMode) (backup string, err error) {
	path, err = resolve(fs, path)
	if err != nil {
		return "", fmt.Errorf("cannot write %q: %w", path, err)
	}
	if err := fs.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("cannot write %q: %w", path, bare(err))
	}
	old, info, err := former(fs, path)
	if err != nil {
		return "", fmt.Errorf("cannot read %q: %w", path, bare(err))
	}
	if info != nil {
		backup = Backup(path)
		if err := place(fs, backup, old, info.Mode().Perm(), info); err != nil {
			return "", fmt.Errorf("cannot keep the old file as %q: %w", backup, bare(err))
		}
	}
	if err := place(fs, path, text, mode, info); err != nil {
		return "", fmt.Errorf("cannot write %q: %w", path, bare(err))
	}
	return backup, nil
}

// Writable returns why the file at path cannot be replaced, nil when it can. It
// leaves nothing behind.
func Writable(fs afero.Fs, path string) error {
	path, err := resolve(fs, path)
	if err != nil {
		return fmt.Errorf("cannot write %q: %w", path, err)
	}
	dir := filepath.Dir(path)
	for there, _ := afero.DirExists(fs, dir); !there && dir != filepath.Dir(dir); there, _ = afero.DirExists(fs, dir) {
		dir = filepath.Dir(dir)
	}
	file, err := afero.TempFile(fs, dir, "."+filepath.Base(path)+".")
	if err != nil {
		return fmt.Errorf("cannot write %q: %w", path, bare(err))
	}
	_ = file.Close()
	return fs.Remove(file.Name())
}

// resolve follows symbolic links to the file that they mean.
func resolve(fs afero.Fs, path string) (string, error) {
	reader, ok := fs.(afero.LinkReader)
	for range maxLinks {
		if !ok {
			return path, nil
		}
		to, err := reader.ReadlinkIfPossible(path)
		if err != nil {
			return path, nil // no link, or nothing at all
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path, errors.New("too many symbolic links")
}

// former returns what stands at path, no info when there is nothing.
func former(fs afero.Fs, path string) ([]byte, iofs.FileInfo, error) {
	info, err := fs.Stat(path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, errKind
	}
	text, err := afero.ReadFile(fs, path)
	return text, info, err
}

// place puts a complete file at path, owned by the owner of like, if there is one.
func place(fs afero.Fs, path string, text []byte, mode iofs.FileMode, like iofs.FileInfo) error {
	file, err := afero.TempFile(fs, filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return err
	}
	err = errors.Join(fill(fs, file, text, mode, like), file.Close())
	if err == nil {
		err = fs.Rename(file.Name(), path)
	}
	if err != nil {
		_ = fs.Remove(file.Name())
		return err
	}
	settle(fs, filepath.Dir(path))
	return nil
}

// fill writes a file that nobody sees yet, down to the disk.
func fill(fs afero.Fs, file afero.File, text []byte, mode iofs.FileMode, like iofs.FileInfo) error {
	if _, err := file.Write(text); err != nil {
		return err
	}
	if like != nil {
		if owner, ok := like.Sys().(*syscall.Stat_t); ok {
			if err := fs.Chown(file.Name(), int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	if err := fs.Chmod(file.Name(), mode); err != nil {
		return err
	}
	return file.Sync()
}

// settle brings a rename down to the disk. The file is in place already: where a
// directory cannot be synchronised, that is all that can be done.
func settle(fs afero.Fs, dir string) {
	if d, err := fs.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// bare is an error without the path, which the sentence has already.
func bare(err error) error {
	var path *iofs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
