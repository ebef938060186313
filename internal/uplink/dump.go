package uplink

import (
	"encoding/binary"
	"errors"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// dump sends a request for a list (netlink(7)) and calls f with what is behind
// the header of each message. It reads into one buffer, so that a list of any
// length takes no more memory than that; f must not keep what it gets. A list that
// was changed meanwhile is [netlink.ErrDumpInterrupted].
func dump(protocol int, request []byte, f func(message []byte)) error {
	fd, err := openList(protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return receive(fd, request, f)
}

// openList opens a socket for lists.
func openList(protocol int) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, err
	}
	limit := unix.NsecToTimeval(timeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// lists is a socket for lists of routes that stays open, so that the routes can be
// seen, and changed, while there is no file descriptor left for another one.
type lists struct {
	mu sync.Mutex
	fd int // 0 for none
}

// dump is [dump] by that socket. After an error, of which there may be a rest in the
// socket, the next call has another one.
func (l *lists) dump(request []byte, f func(message []byte)) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd == 0 {
		if l.fd, err = openList(unix.NETLINK_ROUTE); err != nil {
			l.fd = 0
			return err
		}
	}
	if err = receive(l.fd, request, f); err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		l.shut()
	}
	return err
}

// close closes the socket, which is opened again if need be.
func (l *lists) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
}

func (l *lists) shut() {
	if l.fd != 0 {
		unix.Close(l.fd)
	}
	l.fd = 0
}

// receive sends a request and reads the answer to its end.
func receive(fd int, request []byte, f func(message []byte)) error {
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var torn bool                      // by changes meanwhile
	for b := make([]byte, 32<<10); ; { // as much as the kernel sends at once (netlink_dump)
		n, _, err := unix.Recvfrom(fd, b, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		done, interrupted, err := messages(b[:n], f)
		torn = torn || interrupted
		switch {
		case err != nil:
			return err
		case done && torn:
			return netlink.ErrDumpInterrupted
		case done:
			return nil
		}
	}
}

// messages calls f with the messages in b, until the one that ends a list or
// tells of an error. Torn is set when the list was changed while it was sent.
func messages(b []byte, f func([]byte)) (done, torn bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		n := int(binary.NativeEndian.Uint32(b))
		if n < unix.SizeofNlMsghdr || n > len(b) {
			return true, torn, nil
		}
		torn = torn || binary.NativeEndian.Uint16(b[6:])&unix.NLM_F_DUMP_INTR != 0
		body := b[unix.SizeofNlMsghdr:n]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			if len(body) >= 4 {
				if errno := -int32(binary.NativeEndian.Uint32(body)); errno > 0 {
					return true, torn, syscall.Errno(errno)
				}
			}
			return true, torn, nil
		default:
			f(body)
		}
		b = b[min((n+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1), len(b)):]
	}
	return false, torn, nil
}
