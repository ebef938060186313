package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// noRouteErrno means that the kernel has no way to the target, whichever system
// call says so: connect(2), bind(2), sendmsg(2) or setsockopt(2).
func noRouteErrno(err error) bool {
	return isAny(err, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.ENETDOWN,
		unix.EADDRNOTAVAIL, unix.ENODEV, unix.EAFNOSUPPORT)
}

// forbiddenErrno means that a route to the target exists and says no: EACCES is
// a prohibit route, EINVAL a blackhole route (ip-route(8)). That holds for
// connect(2) and sendmsg(2) only; socket(2) gives EACCES for lack of permission.
func forbiddenErrno(err error) bool { return isAny(err, unix.EACCES, unix.EINVAL) }

// exhaustedErrno means that this machine is short of something.
func exhaustedErrno(err error) bool {
	return isAny(err, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOBUFS)
}

func isAny(err error, errnos ...unix.Errno) bool {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return false
	}
	for _, e := range errnos {
		if errno == e {
			return true
		}
	}
	return false
}

// plain reduces the errors of package net, which name both ends of the socket,
// to the errno that matters.
func plain(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// noRoute is ErrNoRoute with the target and the reason.
func noRoute(target netip.Addr, path Path, err error) error {
	if path.Interface == "" {
		return fmt.Errorf("%w to %s: %w", ErrNoRoute, target, plain(err))
	}
	return fmt.Errorf("%w to %s by %s: %w", ErrNoRoute, target, path.Interface, plain(err))
}

// local is ErrLocal with the reason.
func local(err error) error { return fmt.Errorf("%w: %w", ErrLocal, plain(err)) }

// ended is the error of a question whose context ended before the answer: it
// says nothing about the network.
func ended(ctx context.Context) error { return local(context.Cause(ctx)) }

// setupError tells what it means that a socket could not be made.
func setupError(target netip.Addr, path Path, err error) error {
	if noRouteErrno(err) {
		return noRoute(target, path, err)
	}
	return local(err)
}

// talkError tells what it means that a connection to target could not be made, or
// broke. Before connect(2) it is this machine's fault as in setupError; EPERM from
// there on is a firewall as in sendError.
func talkError(ctx context.Context, target netip.Addr, path Path, err error) error {
	var (
		n    net.Error
		call *os.SyscallError
	)
	switch {
	case ctx.Err() != nil, errors.As(err, &n) && n.Timeout():
		return errSilent
	case errors.Is(err, ErrNoRoute):
		return err
	case errors.As(err, &call) && (call.Syscall == "socket" || call.Syscall == "setsockopt" || call.Syscall == "bind"):
		return setupError(target, path, err)
	case noRouteErrno(err), forbiddenErrno(err):
		return noRoute(target, path, err)
	case exhaustedErrno(err):
		return local(err)
	default:
		return plain(err)
	}
}

// errSilent means that the time was over before an answer came.
var errSilent = errors.New("no answer from")

// sendError tells what it means that a packet could not be sent on a good
// socket. EPERM there is a firewall that drops what we send, which is an
// unanswered request and neither lack of a route nor of permission.
func sendError(target netip.Addr, path Path, err error) error {
	switch {
	case noRouteErrno(err), forbiddenErrno(err):
		return noRoute(target, path, err)
	case exhaustedErrno(err):
		return local(err)
	default:
		return fmt.Errorf("cannot send to %s: %w", target, plain(err))
	}
}
