package uplink

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// maxLeaving is how many flows are prepared at most; [Router.Forget] finds the rest.
const maxLeaving = 4096

// hurry is how long flows are looked for while the packets of all wait for the route.
const hurry = 3 * time.Millisecond

// leaving are the tracked flows that are to go in the moment in which the default
// route moves. To look for them takes a millisecond or more, as the kernel's whole table
// is gone through; to remove one takes microseconds.
type leaving struct {
	socket   int
	requests [][]byte // to remove one flow each
}

// Prepare looks for the IPv4 flows that leave with source address a, so that the next
// SetDefault can remove them in the moment in which it moves the route. A masqueraded
// flow that the kernel itself finds to have moved loses the packet by which it does
// (nf_nat_oif_changed). An urgent switch, from an uplink that does not work any more,
// waits for what can be found in 3 ms. The error is that of [Router.Forget].
func (r *Router) Prepare(a netip.Addr, urgent bool) error {
	r.leaving = r.leaving.close()
	if !a.Is4() {
		return nil
	}
	patience := time.Second
	if urgent {
		patience = hurry
	}
	requests, err := flowsInText(a, 0, time.Now().Add(patience))
	if err != nil && !urgent {
		requests, err = flowsByNetlink(a)
	}
	if len(requests) == 0 {
		return err
	}
	socket, err := openSocket(unix.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("cannot open a netlink socket: %w", err)
	}
	r.leaving = &leaving{socket, requests}
	return nil
}

// flowsByNetlink returns the requests to remove the IPv4 flows that leave with source
// address a.
func flowsByNetlink(a netip.Addr) (requests [][]byte, err error) {
	err = dump(unix.NETLINK_NETFILTER, flowsOf(a).Serialize(), func(m []byte) {
		if len(m) > nl.SizeofNfgenmsg && len(requests) < maxLeaving && parseFlow(m[nl.SizeofNfgenmsg:]).leaves == a {
			requests = append(requests, removal(m[nl.SizeofNfgenmsg:]))
		}
	})
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("cannot look for flows of %s: %w", a, err)
	}
	return requests, nil
}

// removal is the request to remove the flow that the kernel has described.
func removal(flow []byte) []byte {
	r := newRemoval(0)
	r.AddRawData(slices.Clone(flow))
	return r.Serialize()
}

// newRemoval is the request to remove a flow that is still to be described.
func newRemoval(flags int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(int(netlink.ConntrackTable)<<8|nl.IPCTNL_MSG_CT_DELETE, flags)
	r.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
	return r
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
