package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// connectTime connects to address from p and returns how long that took.
func (p Path) connectTime(ctx context.Context, address netip.AddrPort) (time.Duration, error) {
	start := time.Now()
	c, err := p.dialBriefly(ctx, address)
	if err != nil {
		return 0, talkError(ctx, address.Addr(), p, err)
	}
	defer c.Close()
	return time.Since(start), nil
}

// dialBriefly is dial by TCP for a connection that a close resets (SO_LINGER of 0 s,
// socket(7)), from its first moment on: one that is given up just when it is
// established is reset, too.
//
// A probe closes first, so an orderly close would leave a TIME-WAIT here for a
// minute (RFC 9293, section 3.6) and a conntrack entry in every router on the way
// for two, and at a probe a second to some targets that fills the small tables of a
// small router. The reset ends the connection at both ends and in between at once.
// What it lacks is a repetition: when it is lost, the peer has a connection on which
// nothing comes until its own time-out, as from any client that was switched off. A
// connection that is not established yet leaves nothing either: closing it is
// silent, and if a SYN-ACK still comes, the kernel resets that.
func (p Path) dialBriefly(ctx context.Context, target netip.AddrPort) (net.Conn, error) {
	return p.dialWith(ctx, "tcp", target, func(fd int) error {
		if err := p.toDevice(fd); err != nil {
			return err
		}
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	})
}

// closeWith closes c when ctx ends, which ends all that waits for it. The returned
// function ends that and closes c, and no goroutine is left when it returns.
func closeWith(ctx context.Context, c net.Conn) (release func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		c.Close()
	})
	return func() {
		if !stop() {
			<-done
		}
		c.Close()
	}
}
