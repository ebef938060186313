package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path/filepath"

	"github.com/spf13/afero"
)

// State is a small file that a program keeps for itself. It is written only when
// there is something new to write, and nobody else has to be able to read it.
type State struct {
	Fs   afero.Fs
	Path string
}

// mostState is how many bytes such a file may have: what is larger is something else.
const mostState = 4 << 20

// errTooLarge says that a file is larger than any that was saved.
var errTooLarge = fmt.Errorf("it has more than %d bytes", mostState)

// Load returns what was saved last, nil when nothing was.
func (s State) Load() ([]byte, error) {
	text, err := s.read()
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read %q: %w", s.Path, bare(err))
	}
	return text, nil
}

// Save replaces the file by one with that text and mode 0600. A file that has it
// already is left alone, so that flash memory is, too. Only a regular file is replaced:
// never a device. One that is too large is set aside.
func (s State) Save(text []byte) error {
	old, err := s.read()
	switch {
	case err == nil && bytes.Equal(old, text):
		return nil
	case errors.Is(err, errTooLarge):
		if _, err := s.SetAside(); err != nil {
			return err
		}
		err = nil
	case !errors.Is(err, errKind):
		err = s.Fs.MkdirAll(filepath.Dir(s.Path), 0o755)
	}
	if err == nil {
		err = place(s.Fs, s.Path, text, 0o600, nil)
	}
	if err != nil {
		return fmt.Errorf("cannot write %q: %w", s.Path, bare(err))
	}
	return nil
}

// read returns the text of a regular file of sensible size. To open a FIFO would block,
// and a device may have no end.
func (s State) read() ([]byte, error) {
	info, err := s.Fs.Stat(s.Path)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errKind
	case info.Size() > mostState:
		return nil, errTooLarge
	}
	file, err := s.Fs.Open(s.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostState+1)) // it may grow meanwhile
	if err == nil && len(text) > mostState {
		err = errTooLarge
	}
	return text, err
}

// SetAside renames the file, which makes no sense to its reader, and returns its new
// name.
func (s State) SetAside() (string, error) {
	to := s.Path + ".unreadable"
	if err := s.Fs.Rename(s.Path, to); err != nil {
		return "", fmt.Errorf("cannot rename %q: %w", s.Path, bare(err))
	}
	return to, nil
}
