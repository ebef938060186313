package failover

import (
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Indexes of the uplinks, in the order of the configuration.
const (
	primary = 0
	standby = 1
)

// verdict is what one observation says about one uplink.
type verdict uint8

const (
	unknown verdict = iota // nothing was learned; it changes nothing
	online                 // somebody beyond the uplink answered
	offline                // nobody answered, or the uplink cannot carry packets
)

// String returns the word that log lines use.
func (v verdict) String() string { return [...]string{"unknown", "online", "offline"}[v] }

// observation is what was seen of one uplink.
type observation struct {
	verdict verdict
	address netip.Addr // source address; invalid when it has none
	device  string     // through which it leads, "" when that is not known
	gateway netip.Addr // invalid when it is not known
	reason  string     // why the verdict is not online
}

// input is what step is told: observed, applied or forced. All times are monotonic and
// count from one common moment.
type input interface{ isInput() }

// observed says how both uplinks are. A finished round of probes brings a
// verdict on both. A change in the kernel brings offline for an uplink that
// cannot carry packets, and unknown for the other.
type observed struct {
	at      time.Duration
	uplinks [2]observation
	holder  int  // whose default route the kernel has now, or uplink.None
	round   bool // a finished round of probes, not a change in the kernel
}

// applied is the result of an activate.
type applied struct {
	at     time.Duration
	uplink int
	err    error
}

// forced is somebody's wish: the uplink is preferred from now on, or none is.
type forced struct{ uplink int }

func (observed) isInput() {}
func (applied) isInput()  {}
func (forced) isInput()   {}

// output is what step wants done: emit, activate, postPing or probeNow. An
// activate is the last one of its step.
type output interface{ isOutput() }

// emit publishes an event; its Time and Monitor are still to be set.
type emit struct{ event event.Event }

// activate lets the default route lead through the uplink. Exactly one applied
// answers it.
type activate struct{ uplink int }

// postPing asks the target that the user wants to see after a switch.
type postPing struct{ uplink int }

// probeNow starts a round without waiting for the next one that is due.
type probeNow struct{}

func (emit) isOutput()     {}
func (activate) isOutput() {}
func (postPing) isOutput() {}
func (probeNow) isOutput() {}
