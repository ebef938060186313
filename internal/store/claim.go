package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrTaken says that another process has what was asked for.
var ErrTaken = errors.New("another process has it")

// Claim is what this process alone may use, until [Claim.Close] or its end, however it comes.
type Claim struct{ file *os.File }

// NewClaim claims what the file at path stands for. The file stays for the next process: to
// remove it would let two of them have a claim each. With [ErrTaken], owner is the name that
// the other process has given.
func NewClaim(path, name string) (c Claim, owner string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return Claim{}, "", err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return Claim{}, "", err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrTaken
		text, _ := io.ReadAll(io.LimitReader(file, 100))
		owner = string(text)
	}
	if err != nil {
		file.Close()
		return Claim{}, owner, fmt.Errorf("cannot claim %q: %w", path, err)
	}
	if file.Truncate(0) == nil { // a disk that is full costs the name, not the claim
		_, _ = file.WriteString(name)
	}
	return Claim{file}, "", nil
}

// Close lets another process have it.
func (c Claim) Close() error { return c.file.Close() }
