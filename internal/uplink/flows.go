package uplink

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// Forget removes from connection tracking (conntrack(8)) the flows that leave with
// source address a, and no others. A masqueraded flow finds its new
// way by itself when the default route changes; one under an snat rule goes on
// with the old address, by a way that does not lead back, until it is forgotten.
//
// An error says that the kernel has no connection tracking to ask, or not the
// part that answers (nf_conntrack_netlink), or that flows could not be removed.
func (r *Router) Forget(a netip.Addr) error {
	if a.Is4() && forgetByText(a) == nil {
		return nil
	}
	leaving := &netlink.ConntrackFilter{}
	if err := leaving.AddIP(netlink.ConntrackReplyDstIP, a.AsSlice()); err != nil {
		return fmt.Errorf("cannot look for flows of %s: %w", a, err)
	}
	if _, err := r.netlink.ConntrackDeleteFilters(netlink.ConntrackTable, netlink.InetFamily(familyOf(a).number()), leaving); err != nil {
		return fmt.Errorf("cannot remove the flows of %s: %w", a, err)
	}
	return nil
}
