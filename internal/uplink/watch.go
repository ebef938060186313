package uplink

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Pauses before a lost subscription is renewed.
const (
	minPause = 10 * time.Millisecond
	maxPause = time.Second
)

// Watch returns a channel that says "something changed": an interface, an
// address, a default route or a routing rule of this network namespace. Nothing
// more is said, because the consumer lists anyway ([Router.Sync]); changes while
// nobody listens become one. One's own changes are told, too. The subscription
// is there when Watch returns, so that nothing is lost if the first Sync comes
// after it. The channel is closed soon after ctx ends.
//
// Other programs' routes that are not defaults are passed over: the routes of a
// routing daemon come by the thousand. When the kernel had to drop messages
// (ENOBUFS, netlink(7)), or a subscription had to be renewed, that counts as a
// change.
//
// The kernel itself may report the carrier of a real network card up to a
// second late, if there was another such report in the same second.
func (r *Router) Watch(ctx context.Context) <-chan struct{} {
	return Changes(ctx, r.family)
}

// watch is one running Watch.
type watch struct {
	changes   chan struct{}
	subscribe func() (*os.File, error)
}

// run reads one subscription after the other until ctx ends. Whenever one is
// renewed everything may have changed.
func (w watch) run(ctx context.Context, s *os.File, err error) {
	defer close(w.changes)
	pause := minPause
	for {
		if err == nil {
			begin := time.Now()
			w.follow(ctx, s)
			if time.Since(begin) > maxPause {
				pause = minPause
			}
		}
		if !wait(ctx, pause) {
			return
		}
		pause = min(2*pause, maxPause)
		s, err = w.subscribe()
		w.tell()
	}
}

// follow reads one subscription until it breaks or ctx ends. The kernel says but once
// that it drops messages, and goes on to drop them until the others have been read
// (netlink_overrun in net/netlink/af_netlink.c); so there is news then, too.
func (w watch) follow(ctx context.Context, s *os.File) {
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer s.Close()
	defer stop()
	conn, err := s.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, 8<<10) // what is cut off does not matter
	for dropping := false; ; {
		n, failed := 0, error(nil)
		err := conn.Read(func(fd uintptr) (done bool) {
			n, failed = unix.Read(int(fd), buf)
			if failed == unix.EAGAIN && dropping {
				dropping = false
				w.tell()
			}
			return failed != unix.EAGAIN
		})
		switch {
		case err != nil:
			return
		case failed == unix.ENOBUFS:
			dropping = true
			w.tell()
		case failed != nil && failed != unix.EINTR:
			return
		case failed == nil && matters(buf[:n]):
			w.tell()
		}
	}
}

func (w watch) tell() {
	select {
	case w.changes <- struct{}{}:
	default:
	}
}

// matters reports whether any message in b may change a Snapshot.
func matters(b []byte) bool {
	messages, err := syscall.ParseNetlinkMessage(b)
	for _, m := range messages {
		switch m.Header.Type {
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			// The second byte of struct rtmsg is the length of the destination.
			if len(m.Data) < unix.SizeofRtMsg || m.Data[1] == 0 {
				return true
			}
		default:
			return true
		}
	}
	return err != nil
}

// wait sleeps, and reports whether ctx has not ended meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// subscribe opens a socket that hears of all changes that a Snapshot depends on
// (rtnetlink(7)). It is read as a file: netlink sockets suit Go's poller, and so
// an idle Watch costs a goroutine, and no 128 KB stack.
func subscribe(f Family) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("cannot open a netlink socket: %w", err)
	}
	groups := uint32(1<<(unix.RTNLGRP_LINK-1) | 1<<(unix.RTNLGRP_IPV4_IFADDR-1) |
		1<<(unix.RTNLGRP_IPV4_ROUTE-1) | 1<<(unix.RTNLGRP_IPV4_RULE-1))
	if f == V6 {
		groups = 1<<(unix.RTNLGRP_LINK-1) | 1<<(unix.RTNLGRP_IPV6_IFADDR-1) |
			1<<(unix.RTNLGRP_IPV6_ROUTE-1) | 1<<(unix.RTNLGRP_IPV6_RULE-1)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot subscribe to rtnetlink: %w", err)
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}
