package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/store"
)

// mode lets root and its group in (unix(7): to connect takes permission to write).
const mode = 0o660

// errTaken says that another process has the name.
var errTaken = errors.New("another imon of this name runs")

// listener is a socket and the lock that goes with it.
type listener struct {
	net.Listener
	lock store.Claim
}

// Close closes the socket, removes its file and lets another process have the name.
func (l listener) Close() error { return errors.Join(l.Listener.Close(), l.lock.Close()) }

// listen makes the socket at path, and its directory where there is none. What a
// process that has died left there is replaced, what belongs to one that lives is
// not: the lock beside it tells, which ends with its process.
func listen(path string) (listener, error) {
	l, err := open(path)
	if err != nil {
		return l, fmt.Errorf("cannot listen on %q: %w", path, err)
	}
	return l, nil
}

// single is a list of one listener, or none and why.
func single(l net.Listener, err error) ([]net.Listener, error) {
	if err != nil {
		return nil, err
	}
	return []net.Listener{l}, nil
}

func open(path string) (listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return listener{}, err
	}
	lock, _, err := store.NewClaim(strings.TrimSuffix(path, ".sock")+".lock", "")
	if errors.Is(err, store.ErrTaken) {
		err = errTaken
	}
	if err != nil {
		return listener{}, err
	}
	l, err := bind(path)
	if err != nil {
		lock.Close()
		return listener{}, err
	}
	return listener{l, lock}, nil
}

// bind makes the socket, with the mode that it is to have from its first moment.
func bind(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), mode) }), err)
	}}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		l.Close()
		return nil, err
	}
	return l, nil
}
