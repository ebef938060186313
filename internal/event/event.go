// Package event holds the one type in which monitors say what happened, and
// the bus that carries it to the sinks.
//
// A monitor publishes events and knows nothing of syslog, scripts or ubus. A
// sink reads events and never calls a monitor.
package event

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Names of the monitors, in the order in which they start.
const (
	DDNS     = "ddns"
	Updown   = "updown"
	Failover = "failover"
	Ping     = "ping"
)

// DDNS6 is the part of the ddns monitor that tracks the external IPv6 address. Its
// events have the kinds of the other one.
const DDNS6 = "ddns6"

// Failover6 is the part of the failover monitor that keeps the IPv6 default route.
// Its events have the kinds of the other one.
const Failover6 = "failover6"

// Kind names what happened. The kinds that a user's action script sees have
// the name that the script gets as its third argument.
type Kind string

// Kinds, with the fields of [Event] that each one fills beside Monitor and Time.
const (
	// Message is one line of text for the log and nothing else: Severity, Text.
	Message Kind = "message"

	// UpdownInitial is the first verdict after a start, and the first time the
	// target is online: Target, Online, Text (why it is offline, may be empty).
	UpdownInitial Kind = "updown-initial"
	// UpdownOnline is an outage that ended: Target, Outage.
	UpdownOnline Kind = "updown-online"
	// UpdownOffline is an outage that began: Target, Text (why, may be empty).
	UpdownOffline Kind = "updown-offline"
	// UpdownSecondary is the state of one secondary at a transition: Target
	// (the secondary), Online, Text (why it is offline, may be empty).
	UpdownSecondary Kind = "updown-secondary"
	// UpdownRefuted is an unanswered target contradicted by a DNS answer:
	// Target, DNSName, DNSServer.
	UpdownRefuted Kind = "updown-refuted"

	// DDNSUpdate is a new external address: Address, OldAddress (invalid when
	// none was known), Source (who said so), Uplink (whose it is, where each has one).
	DDNSUpdate Kind = "ddns-ip-update"
	// DDNSNoUpdate is an external address that could not be had: Text (why), Uplink.
	DDNSNoUpdate Kind = "ddns-no-update"

	// DDNSResult is one finished poll or look, for those who show the state: Online,
	// Address and Source when there is one, Text (why there is none), Uplink, Lookups. Like the
	// other results below it comes every time, and neither log nor scripts get it.
	DDNSResult Kind = "ddns-result"
	// UpdownResult is one finished round: Target, Online (the verdict after it),
	// Round, Text (why the target did not answer, may be empty).
	UpdownResult Kind = "updown-result"
	// FailoverResult is what one finished round says of one uplink: Uplink,
	// Target (who was asked, empty when nobody), Online (the verdict after it),
	// Round, Text (why nobody answered, may be empty).
	FailoverResult Kind = "failover-result"

	// PingResult is one finished round: Target, Round, Text (why none was
	// answered, may be empty).
	PingResult Kind = "ping-result"

	// PingDegraded is a target that is bad by now: Target, Text (how bad).
	PingDegraded Kind = "ping-degraded"
	// PingRecovered is one that is not bad any more: Target.
	PingRecovered Kind = "ping-recovered"

	// FailoverInitial is the first verdict on an uplink: Uplink, Online, Text.
	FailoverInitial Kind = "failover-initial"
	// FailoverPrimary and FailoverStandby say that the default route of that
	// uplink is in place, as read back from the kernel: Uplink.
	FailoverPrimary Kind = "failover-primary"
	FailoverStandby Kind = "failover-standby"
	// FailoverUplink says the same of the third or a later uplink: Uplink.
	FailoverUplink Kind = "failover-uplink"
	// FailoverBothDown is the moment from which no uplink is online: Uplink
	// (the primary), Other (the standby), Uplinks (how many there are).
	FailoverBothDown Kind = "failover-bothdown"
	// FailoverPostping is the check of a target after a switch: Uplink, Target, Online.
	FailoverPostping Kind = "failover-postping"
	// FailoverUplinkOnline is an uplink that came back: Uplink, Outage.
	FailoverUplinkOnline Kind = "failover-uplink-online"
	// FailoverUplinkOffline is an uplink that was lost: Uplink, Active (it was the
	// active one), Text (why).
	FailoverUplinkOffline Kind = "failover-uplink-offline"
	// FailoverDegraded is an uplink that is online, but bad: Uplink, Text (how bad).
	FailoverDegraded Kind = "failover-degraded"
	// FailoverRecovered is one that is not bad any more: Uplink.
	FailoverRecovered Kind = "failover-recovered"
	// FailoverForced is somebody's wish that an uplink be preferred until
	// further notice: Uplink; the zero Uplink ends it.
	FailoverForced Kind = "failover-forced"
)

// Severity says how much a line matters. The numbers are those of RFC 5424,
// section 6.2.1, so that a smaller number is worse.
type Severity int

// Severities that imon uses.
const (
	Error   Severity = 3 // imon itself failed at something
	Warning Severity = 4 // the network is worse than it was
	Notice  Severity = 5 // a change that somebody may want to know of
	Info    Severity = 6 // everything else
)

// Event is one thing that happened. Which fields are set depends on Kind; the
// others have their zero value.
type Event struct {
	Kind    Kind
	Monitor string    // one of the monitor names; empty for the process itself
	Time    time.Time // wall clock, for showing only

	Severity Severity // Message only
	Text     string   // Message: the line; other kinds: why, may be empty

	Target string        // the name or address as configured
	Online bool          // the verdict
	Outage time.Duration // length of the outage that ended, by the monotonic clock

	DNSName, DNSServer string // UpdownRefuted

	Address, OldAddress netip.Addr // DDNSUpdate
	Source              string     // DDNSUpdate
	Lookups             *Lookups   // DDNSResult

	Round Round // PingResult, UpdownResult, FailoverResult

	Uplink  Uplink // failover kinds
	Other   Uplink // FailoverBothDown
	Uplinks int    // FailoverBothDown
	Active  bool   // FailoverUplinkOffline
	DryRun  bool   // nothing of it was done, and no action script is to hear of it
}

// Lookups are those who are asked for an external address. It is not changed.
type Lookups struct {
	Sources []Source
	Next    time.Time // of the next question while nothing happens; zero while there is no need for one
}

// Source is one who is asked for the external address, and what came of it.
type Source struct {
	Kind    string     // "dns", "http" or "command"
	Name    string     // of whoever it is
	Address netip.Addr // the last answer; invalid when there was none
	Text    string     // why there was none
	Time    time.Time  // of that answer; zero when nobody has asked yet
	Bench   time.Time  // until when it is not asked; zero when it may be
	Barred  bool       // it does not want to be asked
}

// Round is what one round of echo requests found out.
type Round struct {
	Sent, Received int
	Min, Avg, Max  time.Duration   // zero when nothing was received
	Jitter         time.Duration   // mean |RTT(i)-RTT(i+1)|
	Loss           float64         // unanswered ÷ sent, 0 to 1
	RTTs           []time.Duration // of those that were answered; not changed by anybody
}

// Alive reports whether at least one request was answered.
func (r Round) Alive() bool { return r.Received > 0 }

// Uplink is one way to the internet as the failover monitor saw it at the
// moment of the event.
type Uplink struct {
	Role      string     // see Role
	Name      string     // the user's name for it, may be empty
	Interface string     // as configured: a device, or its logical name
	Link      string     // the device behind a logical name; empty when Interface is one
	Address   netip.Addr // source address, the last known one; invalid when there was none
	Gateway   netip.Addr
}

// Role is the word for uplink i, in order of preference: "Primary", "Standby",
// "Uplink3" and so on.
func Role(i int) string {
	switch i {
	case 0:
		return "Primary"
	case 1:
		return "Standby"
	}
	return "Uplink" + strconv.Itoa(i+1)
}

// Name is the name of e for those outside of imon: that of its kind, with
// "failover6-" in the place of "failover-" and "ddns6-" in the place of "ddns-" where
// it is about IPv6.
func (e Event) Name() string {
	for _, family := range [][2]string{{Failover, Failover6}, {DDNS, DDNS6}} {
		if rest, ok := strings.CutPrefix(string(e.Kind), family[0]+"-"); ok && e.Monitor == family[1] {
			return family[1] + "-" + rest
		}
	}
	return string(e.Kind)
}

// Activates reports whether an event of this kind says that a default route is in place.
func (k Kind) Activates() bool {
	return k == FailoverPrimary || k == FailoverStandby || k == FailoverUplink
}

// IsResult reports whether events of this kind come with every round, and only
// show how it went: the next one supersedes it.
func (k Kind) IsResult() bool {
	return k == PingResult || k == UpdownResult || k == FailoverResult || k == DDNSResult
}

// Device is the uplink as log lines show it: "name (interface)", or the
// interface in quotes when the user gave no name.
func (u Uplink) Device() string {
	if u.Name == "" {
		return "'" + u.Interface + "'"
	}
	return u.Name + " (" + u.Interface + ")"
}

// Publisher takes events. Publish never blocks and may be called from any
// goroutine.
type Publisher interface {
	Publish(Event)
}
