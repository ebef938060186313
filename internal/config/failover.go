package config

import (
	"net/netip"
	"slices"
	"time"
)

// Failover are the settings of the monitor that owns the default route.
type Failover struct {
	Rounds
	PreferPrimary bool      // fail back as soon as the primary is online again
	Metric        int       // of the default route, 0 to 2147483647
	Uplinks       [2]Uplink // primary, standby
	Further       []Uplink  // the third and later ones, in order of preference
	Family        Family    // whose default route is kept

	Fall            int           // rounds in a row without an answer until an uplink is offline
	Rise            int           // rounds in a row with an answer until it is online again
	FailureInterval time.Duration // between rounds while that is being found out
	Reliability     int           // how many targets of an uplink have to answer
	DNSName         string        // what the targets of method dns are asked for; "" for example.com
	HTTPStatus      int           // what the targets of method http have to answer
	Quality         Quality
	PassiveRounds   int // how many rounds in a row replies to the LAN may stand against the probes; 0 for none

	Hold    time.Duration // how long a better uplink is online before it becomes the active one again
	HoldMax time.Duration // what Hold may grow to while that uplink comes and goes

	WithdrawWhenDown bool // no default route while no uplink is online
	ManageDefaults   bool // take other programs' default routes by the uplinks' devices away, while imon runs
	DryRun           bool // log what would be done, and do nothing
}

// Quality says from when on an uplink or a target that answers is degraded, and when it is not
// any more. A threshold of 0 is none.
type Quality struct {
	Window                        time.Duration // over which is measured
	FailureLoss, RecoveryLoss     float64       // unanswered ÷ sent, 0 to 1
	FailureRTT, RecoveryRTT       time.Duration // mean round-trip time
	FailureJitter, RecoveryJitter time.Duration // mean |RTT(i)-RTT(i+1)|
}

// Measured reports whether there is any threshold.
func (q Quality) Measured() bool { return q.FailureLoss > 0 || q.FailureRTT > 0 || q.FailureJitter > 0 }

// Uplink is one way to the internet.
type Uplink struct {
	Interface  string     // device, or on OpenWrt the logical name of an interface
	Name       string     // shown in the log, may be empty
	Gateway    netip.Addr // IPv4; see AutoGateway and NoGateway
	Gateway6   netip.Addr // IPv6, link-local as a rule; see AutoGateway and NoGateway
	Method     Method     // how the targets are asked
	Targets    []string   // names, addresses or URLs to ask, as Method wants them; none for the gateway
	Targets6   []string   // the same for IPv6
	PostTarget string     // name or address to probe after a switch; "" for none
}

// All returns the uplinks in order of preference: primary, standby, and the
// further ones.
func (f Failover) All() []Uplink { return slices.Concat(f.Uplinks[:], f.Further) }

// V6 returns the settings of the IPv6 monitor as those of an IPv4 one: each
// uplink has its IPv6 gateway and targets in the place of the others.
func (f Failover) V6() Failover {
	f.Further = slices.Clone(f.Further)
	for i := range f.Uplinks {
		f.Uplinks[i] = f.Uplinks[i].v6()
	}
	for i := range f.Further {
		f.Further[i] = f.Further[i].v6()
	}
	return f
}

func (u Uplink) v6() Uplink {
	u.Gateway, u.Targets, u.PostTarget = u.Gateway6, u.Targets6, ""
	return u
}

// AutoGateway reports whether the gateway is to be learned from the system
// ("auto"), instead of being configured. It stands as 0.0.0.0.
func (u Uplink) AutoGateway() bool { return u.Gateway == netip.IPv4Unspecified() }

// NoGateway reports whether there is no gateway ("none"), as on a point-to-point
// link: packets go straight to the device. It stands as "::".
func (u Uplink) NoGateway() bool { return u.Gateway == netip.IPv6Unspecified() }

// Method says how a target is asked.
type Method string

// Methods.
const (
	MethodICMP Method = "icmp" // echo request to a name or address
	MethodDNS  Method = "dns"  // query to a name server
	MethodTCP  Method = "tcp"  // connection to HOST:PORT
	MethodHTTP Method = "http" // status of an http or https URL
)

// Family says whose default route is kept.
type Family string

// Families.
const (
	FamilyV4   Family = "4"
	FamilyV6   Family = "6"
	FamilyBoth Family = "both"
)

// V4 reports whether the IPv4 route is kept.
func (f Family) V4() bool { return f != FamilyV6 }

// V6 reports whether the IPv6 route is kept.
func (f Family) V6() bool { return f == FamilyV6 || f == FamilyBoth }
