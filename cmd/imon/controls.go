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

// Forced is what was forced last.
func (c controls) Forced() (i int, left time.Duration) { return c[uplink.V4].Forced() }

// Resync is [failover.Control.Resync] for both.
func (c controls) Resync() {
	for _, one := range c {
		one.Resync()
	}
}
