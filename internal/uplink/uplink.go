// Package uplink is what the kernel says about the ways to the internet,
// and the one default route that is imon's.
//
// # How a probe leaves by the uplink under test
//
// Each uplink has a private routing table that holds nothing but
// "default via GATEWAY dev INTERFACE src ADDRESS", and two routing rules, "from
// ADDRESS lookup main suppress_prefixlength 0" (what main knows better than by
// a default stays with main) and "from ADDRESS lookup TABLE". A socket bound to
// that address and that device then leaves by that uplink and gets its answer
// back by it, with rp_filter 0, 1 or 2, whatever the main table says.
//
// The kernel looks only at the routes of the device to which a socket is bound,
// so two uplinks with the same address on two devices are told apart. Two
// uplinks with the same address on one device are not: their gateways can be
// probed, but nothing beyond; [Inspect] says so.
//
// # Numbers
//
// The two rules have the priorities [PriorityMain] and [PriorityTable], clear of
// mwan3 (1000 to 3999), Tailscale (5210 to 5270), netifd (10000, 20000, 90000),
// pbr (from 30000 down) and the main table (32766). The private tables have ids
// from [FirstTable] on, [Tables] of them, clear of the tables 1 to 255 and of
// what people and programs number by hand. Which one an uplink has is a hash
// of its interface name and gateway, so that it has the same one after a
// restart, and two instances of imon with different uplinks have different
// ones. An id whose table holds anything but a default of ours via that gateway
// is passed over for the next. Default routes of others that are managed
// ([Options.Manage]) are parked in tables whose ids are larger by [Tables].
//
// # IPv6
//
// A Router keeps one family, and both have the same numbers. Of IPv6, gateways are
// link-local as a rule and may be the same on both devices. The kernel makes one
// route, with several gateways, of default routes with one metric, and a
// replacement takes whatever has the metric: so ours takes the next smaller metric
// that nobody has. An unreachable default stands in for one that was withdrawn.
// Routes for some sources only ("default from PREFIX") win over all others and
// are left alone.
//
// # What is ours
//
// Routes and rules that imon makes carry protocol number [Protocol]. It removes
// no others, with one exception: a default route of exactly our metric through
// an uplink's gateway and device that ip(8) made and nobody claims ("proto
// boot") is taken over, because that is what the Python imon left behind. Of the
// default routes with our protocol number, those of another metric and other
// uplinks are another instance's, unless [Router.Succeed] says otherwise. Rules
// and private tables are cleared when they are of our tables, or when their
// source address is no longer on this machine: nobody can use them then. Linux
// before 4.17 stores no protocol number for rules; there our two priorities mark
// them.
package uplink

import (
	"fmt"
	"net/netip"
)

// Protocol is the rtnetlink protocol number of the routes and rules that imon
// makes (rtm_protocol in rtnetlink(7), FRA_PROTOCOL for rules).
const Protocol = 105

// Priorities of the two rules that each uplink's address has (ip-rule(8)).
const (
	PriorityMain  = 7350 // from ADDRESS lookup main suppress_prefixlength 0
	PriorityTable = 7351 // from ADDRESS lookup TABLE
)

// The range of the ids of private tables.
const (
	FirstTable = 1_050_000 // the first id
	Tables     = 10_000    // how many ids there are
)

// None stands for "no uplink" where an index of an uplink is expected.
const None = -1

// Spec says what one uplink is made of. It may change while a Router runs, see
// [Router.SetSpecs].
type Spec struct {
	Interface string     // name of the device
	Gateway   netip.Addr // of the Router's family
	// Direct says that the device is one end of a point-to-point link (PPP, LTE):
	// there is no gateway, packets go straight to the device.
	Direct bool
	// Reason is a short clause: why the uplink cannot work, whatever the kernel
	// says. With it, Interface and Gateway may be missing; what there is of them
	// still tells which default route is the uplink's.
	Reason string
}

// complete reports whether there is a device and a gateway, or none is needed,
// reason or not.
func (s Spec) complete() bool { return s.Interface != "" && s.reachable() }

// reachable reports whether it is known where on the device packets go.
func (s Spec) reachable() bool { return s.Gateway.IsValid() || s.Direct }

// way is the uplink as ip-route(8) prints the next hop of a route.
func (s Spec) way() string {
	switch {
	case s.Direct:
		return "dev " + s.Interface
	case s.Interface == "":
		return fmt.Sprintf("via %s", s.Gateway)
	}
	return fmt.Sprintf("via %s dev %s", s.Gateway, s.Interface)
}

// State is one uplink as the kernel has it now.
type State struct {
	Index int  // of the interface; 0 when there is none of that name
	Up    bool // there is an interface, it is up and has a carrier
	// Address is the source address towards the gateway, invalid when there is
	// none: of the interface's addresses the one whose subnet has the gateway,
	// or else its first global one.
	Address netip.Addr
	Reason  string // a short clause: why the uplink cannot work now; "" when it may
}

// Usable reports whether the uplink can carry packets as far as this machine
// knows: only a probe can tell whether anybody answers.
func (s State) Usable() bool { return s.Reason == "" }

// Snapshot is what the kernel says at one moment.
type Snapshot struct {
	Uplinks []State // in the order of the specs
	Specs   []Spec  // that were in force
	Hops    []Hop   // what the kernel tells of the uplinks' devices
	// Default is the uplink through which our default route leads, None when
	// we have none in the main table.
	Default int
	// Foreign are the default routes of others in the main table that win over
	// ours, because their metric is not larger; as ip-route(8) prints them. One
	// of equal metric wins if it was there first, or if our gateway does not
	// answer ARP; [Router.SetDefault] puts ours in front.
	Foreign []string
	// Managed are the default routes of others that were taken out of the main
	// table ([Options.Manage]) and go back there on Close; as ip-route(8) prints
	// them.
	Managed []string
	// Contested is a sentence once another program had put a default route back
	// so often that it is left alone, and ours has a smaller metric instead; else "".
	Contested string
}
