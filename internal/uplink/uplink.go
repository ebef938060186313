// Package uplink is what the kernel says about the two ways to the internet,
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
// # What is ours
//
// Routes and rules that imon makes carry protocol number [Protocol]. It removes
// no others, with one exception: a default route of exactly our metric through
// an uplink's gateway and device is taken over, because that is what the Python
// imon left behind.
package uplink

import "net/netip"

// Protocol is the rtnetlink protocol number of the routes and rules that imon
// makes (rtm_protocol in rtnetlink(7), FRA_PROTOCOL for rules).
const Protocol = 105

// None stands for "no uplink" where an index of an uplink is expected.
const None = -1

// Spec is one uplink as configured.
type Spec struct {
	Interface string
	Gateway   netip.Addr // IPv4
}

// State is one uplink as the kernel has it now.
type State struct {
	Index   int        // of the interface; 0 when there is none of that name
	Up      bool       // there is an interface, it is up and has a carrier
	Address netip.Addr // source address towards the gateway; invalid when there is none
	Reason  string     // a short clause: why the uplink cannot work now; "" when it may
}

// Usable reports whether the uplink can carry packets as far as this machine
// knows: only a probe can tell whether anybody answers.
func (s State) Usable() bool { return s.Reason == "" }

// Snapshot is what the kernel says at one moment.
type Snapshot struct {
	Uplinks [2]State // in the order of the specs
	// Default is the uplink through which our default route leads, None when
	// we have none in the main table.
	Default int
	// Foreign are the default routes of others in the main table that win over
	// ours, because their metric is not larger; as ip-route(8) prints them.
	Foreign []string
}
