package uplink

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// monitor hears all changes of this namespace from its making on.
type monitor struct {
	w    *world
	file *os.File
	only uint16 // message type; 0 for all
}

func (w *world) monitor(only uint16) monitor { w.t.Helper(); return w.monitorOf(V4, only) }

func (w *world) monitorOf(family Family, only uint16) monitor {
	w.t.Helper()
	f, err := subscribe(family)
	w.set(err)
	w.t.Cleanup(func() { f.Close() })
	return monitor{w, f, only}.buffer(8 << 20)
}

// buffer sets the size of the receive buffer in bytes.
func (m monitor) buffer(size int) monitor {
	m.w.t.Helper()
	c, err := m.file.SyscallConn()
	m.w.set(err)
	c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) })
	m.w.set(err)
	return m
}

// read returns the types of the messages so far. The kernel sends them before
// it answers the request that caused them, so none is still under way.
func (m monitor) read() []uint16 {
	m.w.t.Helper()
	var types []uint16
	for b := make([]byte, 64<<10); ; {
		m.w.set(m.file.SetReadDeadline(time.Now().Add(time.Millisecond)))
		n, err := m.file.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return types
		}
		m.w.set(err)
		messages, err := syscall.ParseNetlinkMessage(b[:n])
		m.w.set(err)
		for _, msg := range messages {
			// The kernel refreshes a link's message by itself, whatever we do.
			if msg.Header.Type != unix.RTM_NEWLINK && (m.only == 0 || m.only == msg.Header.Type) {
				types = append(types, msg.Header.Type)
			}
		}
	}
}

// sorted makes cmp compare lines in any order.
func sorted() cmp.Option {
	return cmp.Transformer("sorted", func(lines []string) string {
		return strings.Join(slices.Sorted(slices.Values(lines)), "\n")
	})
}
