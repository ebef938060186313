package main

import (
	"time"

	"github.com/ejgeiger/imon/internal/failover"
	"github.com/ejgeiger/imon/internal/uplink"
)

// controls are the failover monitors' controls, by family: whoever wants an uplink
// wants it for both.
type controls [2]*failover.Control

func newControls() controls {
	return controls{uplink.V4: failover.NewControl(), uplink.V6: failover.NewControl()}
}

// Force is [failover.Control.Force] for both.
func (c controls) Force(i int, d time.Duration) {
	for _, one := range c {
		one.Force(i, d)
	}
}

// Forced is [failover.Control.Forced]; a family that is not kept any more has none.
func (c controls) Forced() (i int, left time.Duration) {
	if i, left = c[uplink.V4].Forced(); i != uplink.None {
		return i, left
	}
	return c[uplink.V6].Forced()
}

// Renumber is [failover.Control.Renumber] for both.
func (c controls) Renumber(i int) {
	for _, one := range c {
		one.Renumber(i)
	}
}

// Resync is [failover.Control.Resync] for both.
func (c controls) Resync() {
	for _, one := range c {
		one.Resync()
	}
}
