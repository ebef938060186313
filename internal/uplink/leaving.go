package uplink

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// maxLeaving is how many flows are prepared at most; [Router.Forget] finds the rest.
const maxLeaving = 4096

// leaving are the tracked flows that are to go in the moment in which the default
// route moves. To look for them takes up to tens of milliseconds, as the kernel's
// whole table is gone through; to remove one takes microseconds.
type leaving struct {
	socket   int
	requests [][]byte // to remove one flow each
}

// Prepare looks for the IPv4 flows that leave with source address a, so that the next
// SetDefault can remove them in the moment in which it moves the route. A masqueraded
// flow that the kernel itself finds to have moved loses the packet by which it does
// (nf_nat_oif_changed). It is for a switch from an uplink that still works: from one
// that does not there is no time to lose. The error is that of [Router.Forget].
func (r *Router) Prepare(a netip.Addr) error {
	r.leaving = r.leaving.close()
	if !a.Is4() {
		return nil
	}
	var requests [][]byte
	err := dump(unix.NETLINK_NETFILTER, flowsOf(a).Serialize(), func(m []byte) {
		if len(m) > nl.SizeofNfgenmsg && len(requests) < maxLeaving && parseFlow(m[nl.SizeofNfgenmsg:]).leaves == a {
			requests = append(requests, removal(m[nl.SizeofNfgenmsg:]))
		}
	})
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return fmt.Errorf("cannot look for flows of %s: %w", a, err)
	}
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("cannot open a netlink socket: %w", err)
	}
	r.leaving = &leaving{socket, requests}
	return nil
}

// removal is the request to remove the flow that the kernel has described.
func removal(flow []byte) []byte {
	r := nl.NewNetlinkRequest(int(netlink.ConntrackTable)<<8|nl.IPCTNL_MSG_CT_DELETE, 0)
	r.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
	r.AddRawData(slices.Clone(flow))
	return r.Serialize()
}

// remove removes the flows. The kernel has done it when the request is sent; one that
// has ended meanwhile is none the worse for it.
func (l *leaving) remove() {
	if l == nil {
		return
	}
	for _, request := range l.requests {
		_ = unix.Sendto(l.socket, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}
	l.requests = nil
}

// close returns nil, for what is no longer prepared.
func (l *leaving) close() *leaving {
	if l != nil {
		unix.Close(l.socket)
	}
	return nil
}
