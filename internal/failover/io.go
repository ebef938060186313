package failover

import (
	"github.com/ejgeiger/imon/internal/quality"
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Indexes of the first two uplinks, in the order of the configuration.
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
	address netip.Addr     // source address; invalid when it has none
	device  string         // through which it leads, "" when that is not known
	gateway netip.Addr     // invalid when it is not known, or there is none
	reason  string         // why the verdict is not online
	past    bool           // of a round: it is about a past state of the uplink, and says nothing
	changed bool           // its interface, address or gateway is another one than before
	sample  quality.Sample // of a round: what it measured
	replies evidence       // of a round that fails: whether the LAN's own flows were answered by this uplink meanwhile
}

// evidence is what the LAN's traffic says for an uplink.
type evidence uint8

const (
	quiet   evidence = iota // nothing came in, or nobody looked
	replied                 // replies came in
	pending                 // the counters were read for the first time: the next round can tell
)

// input is what step is told: observed, applied or forced. All times are monotonic and
// count from one common moment.
type input interface{ isInput() }

// observed says how all uplinks are. A finished round of probes brings a verdict
// on each, which is counted. What is seen outside of a round is a fact, and counts
// at once: a change in the kernel brings offline for an uplink that cannot carry
// packets, and unknown for the others; and the first answer after all uplinks were
// down brings online for that one.
type observed struct {
	at      time.Duration
	uplinks []observation
	holder  int  // whose default route the kernel has now, or uplink.None
	round   bool // a finished round of probes
}

// applied is the result of an activate.
type applied struct {
	at     time.Duration
	uplink int // uplink.None for a withdrawal
	err    error
}

// forced is somebody's wish: the uplink is preferred from now on, or none is.
type forced struct {
	at     time.Duration
	uplink int
}

func (observed) isInput() {}
func (applied) isInput()  {}
func (forced) isInput()   {}

// output is what step wants done: emit, activate, postPing or probeNow. An
// activate is the last one of its step.
type output interface{ isOutput() }

// emit publishes an event; its Time and Monitor are still to be set.
type emit struct{ event event.Event }

// activate lets the default route lead through the uplink, or withdraws it when
// that is uplink.None. Exactly one applied answers it.
type activate struct{ uplink int }

// postPing asks the target that the user wants to see after a switch.
type postPing struct{ uplink int }

// probeNow starts a round without waiting for the next one that is due.
type probeNow struct{}

func (emit) isOutput()     {}
func (activate) isOutput() {}
func (postPing) isOutput() {}
func (probeNow) isOutput() {}
