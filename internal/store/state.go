package store

import (
	"bytes"
	"errors"
	"fmt"
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

// Load returns what was saved last, nil when nothing was.
func (s State) Load() ([]byte, error) {
	text, err := afero.ReadFile(s.Fs, s.Path)
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read %q: %w", s.Path, bare(err))
	}
	return text, nil
}

// Save replaces the file by one with that text and mode 0600. A file that has it
// already is left alone, so that flash memory is, too.
func (s State) Save(text []byte) error {
	if old, err := afero.ReadFile(s.Fs, s.Path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	err := s.Fs.MkdirAll(filepath.Dir(s.Path), 0o755)
	if err == nil {
		err = place(s.Fs, s.Path, text, 0o600, nil)
	}
	if err != nil {
		return fmt.Errorf("cannot write %q: %w", s.Path, bare(err))
	}
	return nil
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
