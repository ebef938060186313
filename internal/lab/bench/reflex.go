package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// reflexCommand is the first argument that makes this program a reflex.
const reflexCommand = "reflex"

// startReflex starts this very program as a reflex in the router.
func startReflex(r *rig) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	a, b := r.lab.Uplink(0), r.lab.Uplink(1)
	return r.run(self, reflexCommand, a.Interface, a.Gateway.String(), a.Address.Addr().String(),
		b.Interface, b.Gateway.String(), b.Address.Addr().String())
}

// reflex is the least that a program can do to move a default route: it hears
// of a link, replaces the route, and removes the flows of the other uplink from
// connection tracking, of which the kernel would drop the next packet. What imon
// takes longer is what imon's care costs: to list, to compare, to read back.
type reflex struct {
	handle  *netlink.Handle
	device  string // of the primary
	primary way
	standby way
	active  *way
}

// way is one of the two uplinks.
type way struct {
	netlink.Route
	address netip.Addr
}

// reflexMain runs a reflex for the given devices, gateways and addresses of two
// uplinks until it is killed.
func reflexMain(args []string) int {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE)
	if err == nil {
		var x *reflex
		if x, err = newReflex(args); err == nil {
			x.use(&x.primary)
			err = x.follow(socket)
		}
	}
	fmt.Fprintln(os.Stderr, "? reflex:", err)
	return 1
}

func newReflex(args []string) (*reflex, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE, unix.NETLINK_NETFILTER)
	if err != nil || len(args) != 6 {
		return nil, fmt.Errorf("cannot begin with %q: %w", args, err)
	}
	x := &reflex{handle: handle, device: args[0]}
	for i, w := range []*way{&x.primary, &x.standby} {
		link, err := handle.LinkByName(args[3*i])
		if err != nil {
			return nil, err
		}
		w.Route = netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, LinkIndex: link.Attrs().Index,
			Gw: net.ParseIP(args[3*i+1]).To4(), Priority: 201}
		if w.address, err = netip.ParseAddr(args[3*i+2]); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// use makes w the default route. That it cannot is no matter: another message follows.
func (x *reflex) use(w *way) {
	if x.handle.RouteReplace(&w.Route) != nil {
		return
	}
	if x.active != nil && x.active != w {
		var former netlink.ConntrackFilter
		former.AddIP(netlink.ConntrackReplyDstIP, x.active.address.AsSlice())
		x.handle.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, &former)
	}
	x.active = w
}

func (x *reflex) follow(socket *nl.NetlinkSocket) error {
	for {
		messages, _, err := socket.Receive()
		if err != nil {
			return err
		}
		for _, m := range messages {
			x.take(m)
		}
	}
}

// take acts on one message.
func (x *reflex) take(m syscall.NetlinkMessage) {
	switch m.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		x.link(m)
	case unix.RTM_NEWADDR:
		if x.active == &x.standby {
			x.use(&x.primary)
		}
	case unix.RTM_DELROUTE:
		// The second byte of struct rtmsg is the length of the destination.
		if len(m.Data) > 1 && m.Data[1] == 0 && x.active != nil {
			x.use(x.active)
		}
	}
}

func (x *reflex) link(m syscall.NetlinkMessage) {
	if len(m.Data) < unix.SizeofIfInfomsg {
		return
	}
	attributes, err := nl.ParseRouteAttr(m.Data[unix.SizeofIfInfomsg:])
	if err != nil || !slices.ContainsFunc(attributes, x.isPrimary) {
		return
	}
	msg := nl.DeserializeIfInfomsg(m.Data)
	x.primary.LinkIndex = int(msg.Index)
	carrier := m.Header.Type == unix.RTM_NEWLINK && msg.Flags&unix.IFF_LOWER_UP != 0
	switch {
	case !carrier && x.active != &x.standby:
		x.use(&x.standby)
	case carrier && x.active != &x.primary:
		x.use(&x.primary)
	}
}

// isPrimary reports whether an attribute is the name of the primary's device.
func (x *reflex) isPrimary(a syscall.NetlinkRouteAttr) bool {
	return a.Attr.Type == unix.IFLA_IFNAME && strings.TrimRight(string(a.Value), "\x00") == x.device
}
