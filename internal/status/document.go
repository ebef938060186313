package status

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/ejgeiger/imon/internal/event"
)

// Version is the version of the form of [Document]. It grows when a field goes
// or changes its meaning; a new field leaves it as it is.
const Version = 1

// States of a monitor and of an uplink.
const (
	Online  = "online"
	Offline = "offline"
	Unknown = "unknown" // nothing was found out yet
)

// Document is everything that is known of one instance at one moment. Times of
// day are RFC 3339 and count back from the clock of that moment by the monotonic
// age beside them, so that a clock that was set in between spoils neither. What
// is not known has no field.
type Document struct {
	Version  int    `json:"version"`
	Instance string `json:"instance"`
	Time     string `json:"time"`
	Uptime   int64  `json:"uptime_seconds"`
	Sequence int64  `json:"sequence"` // of the last transition, see Store.Recent
	// Goroutines is how many there are in the process: what grows when imon has a leak.
	Goroutines int64    `json:"goroutines,omitempty"`
	Monitors   Monitors `json:"monitors"`
}

// Monitors are the monitors in the order in which they start; nil for one that
// was not asked for.
type Monitors struct {
	DDNS *DDNS `json:"ddns,omitempty"`
	// DDNS6 is the part of ddns that tracks the IPv6 address; nil when it is off.
	DDNS6    *DDNS     `json:"ddns6,omitempty"`
	Updown   *Monitor  `json:"updown,omitempty"`
	Failover *Failover `json:"failover,omitempty"`
	// Failover6 is the part of failover that keeps the IPv6 route; nil when it is off.
	Failover6 *Failover `json:"failover6,omitempty"`
	Ping      *Ping     `json:"ping,omitempty"`
}

// Monitor is what all monitors have. Since says when State became what it is.
type Monitor struct {
	Enabled  bool    `json:"enabled"`
	State    string  `json:"state"`
	Since    string  `json:"since,omitempty"`
	Age      int64   `json:"age_seconds"`
	Reason   string  `json:"reason,omitempty"` // why it is offline
	Target   string  `json:"target,omitempty"`
	Interval Decimal `json:"interval_seconds"`
	Rounds   int64   `json:"rounds"` // finished since the start
	Events   int64   `json:"events"` // transitions and other news since the start
	Last     *Result `json:"last_result,omitempty"`
	Outage   *Outage `json:"last_outage,omitempty"` // that is over, since the start
}

// Outage is a time during which something was offline.
type Outage struct {
	Ended   string `json:"ended"`
	Age     int64  `json:"age_seconds"` // of its end
	Seconds int64  `json:"seconds"`     // how long it was
}

// Ping is the monitor of round-trip times. What it has as a monitor is of its first target.
type Ping struct {
	Monitor
	Targets []Target `json:"targets,omitempty"` // all of them
}

// Target is one that is measured.
type Target struct {
	Target   string  `json:"target"`
	State    string  `json:"state"`
	Since    string  `json:"since,omitempty"`
	Age      int64   `json:"age_seconds"`
	Reason   string  `json:"reason,omitempty"`   // why it is offline
	Degraded string  `json:"degraded,omitempty"` // how bad it is, while it is bad
	Last     *Result `json:"last_result,omitempty"`
	Outage   *Outage `json:"last_outage,omitempty"`
}

// DDNS is the monitor of the external address. It is online while its last poll
// found the address.
type DDNS struct {
	Monitor
	Address string `json:"address,omitempty"` // the last one known
	Source  string `json:"source,omitempty"`  // who said so
	// Addresses are all that are tracked: one, or where each uplink has a name one of each.
	Addresses []Address `json:"addresses,omitempty"`
	// Deliveries are the names that have the address, nil when imon keeps none.
	Deliveries []Delivery `json:"deliveries,omitempty"`
}

// Address is one external address and those who are asked for it.
type Address struct {
	Uplink  string   `json:"uplink,omitempty"` // role of the one whose it is; "" for the active one
	Address string   `json:"address,omitempty"`
	Source  string   `json:"source,omitempty"` // who said so
	Reason  string   `json:"reason,omitempty"` // why it is not known now
	Time    string   `json:"time"`             // of the last look
	Age     int64    `json:"age_seconds"`
	Next    string   `json:"next_question,omitempty"` // none is needed while the machine has the address itself
	In      int64    `json:"next_question_seconds,omitempty"`
	Sources []Source `json:"sources,omitempty"`
}

// Source is one who is asked for an external address.
type Source struct {
	Kind    string `json:"kind"` // "dns", "http" or "command"
	Name    string `json:"name"`
	Address string `json:"address,omitempty"` // its last answer
	Error   string `json:"error,omitempty"`   // why there was none
	Time    string `json:"time,omitempty"`    // of that answer; not set when it was not asked yet
	Age     int64  `json:"age_seconds,omitempty"`
	Bench   string `json:"bench_until,omitempty"` // it is left alone until then
	Left    int64  `json:"bench_seconds,omitempty"`
	Barred  bool   `json:"barred,omitempty"` // it does not want to be asked
}

// Delivery is how far the delivery of one name is.
type Delivery struct {
	Uplink   string `json:"uplink,omitempty"`   // role of the one whose address it has; "" for the active one
	Hostname string `json:"hostname,omitempty"` // "" where the server knows it
	Server   string `json:"server,omitempty"`   // who takes the address; "" for the action script
	Address  string `json:"address,omitempty"`  // delivered last, IPv4
	Address6 string `json:"address6,omitempty"` // and IPv6
	Time     string `json:"time,omitempty"`     // when
	Age      int64  `json:"age_seconds,omitempty"`
	Next     string `json:"next_try,omitempty"` // of a delivery that failed, or is refused
	Failures int64  `json:"failures"`           // in a row
	Error    string `json:"error,omitempty"`    // of the last try
	// Unverified is why the name could not be compared with its name server.
	Unverified string `json:"unverified,omitempty"`
	// Drifted is a name that was something else there when it was compared last.
	Drifted bool `json:"drifted,omitempty"`
}

// Failover is the monitor of the default route. It is online while an uplink is
// active, and offline while both are down.
type Failover struct {
	Monitor
	Active string `json:"active"` // a role, or "" for none
	Forced string `json:"forced"` // what was asked for by hand: a role, or "auto"
	// ForcedUntil and ForcedSeconds say when that ends by itself; not set when it does not.
	ForcedUntil   string   `json:"forced_until,omitempty"`
	ForcedSeconds int64    `json:"forced_seconds,omitempty"`
	Uplinks       []Uplink `json:"uplinks,omitempty"`
}

// Uplink is one way to the internet.
type Uplink struct {
	Role      string  `json:"role"` // "primary", "standby", "uplink3" and so on
	Name      string  `json:"name,omitempty"`
	Interface string  `json:"interface"`        // as configured
	Device    string  `json:"device,omitempty"` // behind a logical interface
	Gateway   string  `json:"gateway,omitempty"`
	Address   string  `json:"address,omitempty"`
	Target    string  `json:"target,omitempty"` // what is probed
	State     string  `json:"state"`
	Since     string  `json:"since,omitempty"`
	Age       int64   `json:"age_seconds"`
	Reason    string  `json:"reason,omitempty"`   // why it is offline
	Degraded  string  `json:"degraded,omitempty"` // how bad it is, while it is online and bad
	Last      *Result `json:"last_result,omitempty"`
	Outage    *Outage `json:"last_outage,omitempty"`
}

// Result is what one round found out. Sent is 0 when nobody was asked.
type Result struct {
	Time     string  `json:"time"`
	Age      int64   `json:"age_seconds"`
	Online   bool    `json:"online"` // the verdict after it
	Sent     int64   `json:"sent"`
	Received int64   `json:"received"`
	RTT      *RTT    `json:"rtt,omitempty"` // nil when nothing was received
	Loss     Decimal `json:"loss"`          // unanswered ÷ sent, 0 to 1
	Reason   string  `json:"reason,omitempty"`
}

// RTT are the round-trip times of one round in milliseconds.
type RTT struct {
	Min    Decimal `json:"min_ms"`
	Avg    Decimal `json:"avg_ms"`
	Max    Decimal `json:"max_ms"`
	Jitter Decimal `json:"jitter_ms"`
}

// Decimal is a number that is written with one to three decimals, so that a
// reader can tell its type from any of its values.
type Decimal float64

// MarshalJSON returns "12.0" for 12. What is no number is 0.0.
func (d Decimal) MarshalJSON() ([]byte, error) {
	v := math.Round(float64(d)*1000) / 1000
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	text := strconv.AppendFloat(nil, v, 'f', -1, 64)
	if !bytes.ContainsRune(text, '.') {
		text = append(text, ".0"...)
	}
	return text, nil
}

// Offline reports whether a monitor that is enabled is offline.
func (d Document) Offline() bool {
	return slices.ContainsFunc(d.Monitors.All(), func(m Named) bool { return m.Enabled && m.State == Offline })
}

// Named is a monitor with its name.
type Named struct {
	Name string
	*Monitor
}

// All are the monitors of which something is known, in the order in which they start.
func (m Monitors) All() (all []Named) {
	add := func(name string, one *Monitor) { all = append(all, Named{name, one}) }
	if m.DDNS != nil {
		add(event.DDNS, &m.DDNS.Monitor)
	}
	if m.DDNS6 != nil {
		add(event.DDNS6, &m.DDNS6.Monitor)
	}
	if m.Updown != nil {
		add(event.Updown, m.Updown)
	}
	if m.Failover != nil {
		add(event.Failover, &m.Failover.Monitor)
	}
	if m.Failover6 != nil {
		add(event.Failover6, &m.Failover6.Monitor)
	}
	if m.Ping != nil {
		add(event.Ping, &m.Ping.Monitor)
	}
	return all
}

// FailoverOf is the failover monitor of that name, nil when it is none or not there.
func (m Monitors) FailoverOf(name string) *Failover {
	switch name {
	case event.Failover:
		return m.Failover
	case event.Failover6:
		return m.Failover6
	}
	return nil
}

// JSON is the document as text on one line.
func (d Document) JSON() ([]byte, error) { return json.Marshal(d) }
