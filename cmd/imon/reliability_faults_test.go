package main

import (
	"github.com/ejgeiger/imon/internal/lab"
)

// trouble is one fault that imon has to live with.
type trouble struct {
	fault   func(*trial) lab.Fault
	dead    [2]bool // uplinks that do not work while it lasts
	touches string  // what it changes; two that touch the same do not go together
	blind   bool    // the LAN may have no way out, whatever imon does
}

var (
	first  = [2]bool{true, false}
	second = [2]bool{false, true}
	both   = [2]bool{true, true}
)

// troublesOfLines are those of cables, interfaces and providers.
func troublesOfLines() []trouble {
	return []trouble{
		{fault: func(d *trial) lab.Fault { return d.CutISP(0) }, dead: first, touches: "line 1"},
		{fault: func(d *trial) lab.Fault { return d.CutISP(1) }, dead: second, touches: "line 2"},
		{fault: func(d *trial) lab.Fault { return lab.Together("both cables cut at the ISP", d.CutISP(0), d.CutISP(1)) }, dead: both, touches: "line 1, line 2"},
		{fault: func(d *trial) lab.Fault { return d.CutRouter(0) }, dead: first, touches: "line 1"},
		{fault: func(d *trial) lab.Fault { return d.Blackhole(0) }, dead: first},
		{fault: func(d *trial) lab.Fault { return d.GatewayDead(0) }, dead: first, touches: "line 1"},
		{fault: func(d *trial) lab.Fault { return d.AllDown() }, dead: both, touches: "line 1, line 2"},
		{fault: func(d *trial) lab.Fault { return d.Removed(0) }, dead: first, touches: "line 1"},
		{fault: func(d *trial) lab.Fault { return d.Bounce(0) }, touches: "line 1"},
		{fault: func(d *trial) lab.Fault { return d.DefaultDeleted() }, touches: "routes"},
	}
}
