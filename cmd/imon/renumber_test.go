package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/uplink"
)

// uplinksOf are failover settings with uplinks "INTERFACE", "GATEWAY" in pairs, two at least.
func uplinksOf(pairs ...string) (f config.Failover) {
	f.Enable = true
	for i := 0; i < len(pairs); i += 2 {
		u := config.Uplink{Interface: pairs[i], Gateway: netip.MustParseAddr(pairs[i+1])}
		if i < 4 {
			f.Uplinks[i/2] = u
		} else {
			f.Further = append(f.Further, u)
		}
	}
	return f
}

// The third of three uplinks is preferred when the configuration changes.
func TestRenumber(t *testing.T) {
	off := uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1")
	off.Enable = false
	for name, c := range map[string]struct {
		next config.Failover
		want int
	}{
		"the same":         {uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1", "eth3", "10.0.3.1"), 2},
		"first now":        {uplinksOf("eth3", "10.0.3.1", "eth1", "10.0.1.1", "eth2", "10.0.2.1"), 0},
		"another gateway":  {uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1", "eth3", "10.0.3.9"), 2},
		"another device":   {uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1", "eth4", "10.0.3.1"), uplink.None},
		"fewer":            {uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1"), uplink.None},
		"twins, reordered": {uplinksOf("eth1", "10.0.1.1", "eth3", "10.0.3.1", "eth3", "10.0.3.9"), 1},
		"off":              {off, 2}, // the end of the monitor ends it
	} {
		p := &process{control: newControls(), say: teller{silent{}}}
		p.current.Failover = uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1", "eth3", "10.0.3.1")
		p.control.Force(2, time.Hour)
		p.renumber(c.next)
		for family, one := range p.control {
			if i, left := one.Forced(); i != c.want || (left > 0) != (c.want != uplink.None) {
				t.Errorf("%s, family %d: number %d for another %v, want %d", name, family, i, left, c.want)
			}
		}
	}
}

// What nobody prefers stays so, in each family.
func TestRenumberPrefersNothing(t *testing.T) {
	p := &process{control: newControls(), say: teller{silent{}}}
	p.current.Failover = uplinksOf("eth1", "10.0.1.1", "eth2", "10.0.2.1")
	p.control.Force(1, 0)
	p.control[uplink.V6].Force(uplink.None, 0) // its monitor has ended
	p.renumber(uplinksOf("eth2", "10.0.2.1", "eth1", "10.0.1.1"))
	four, _ := p.control[uplink.V4].Forced()
	if six, _ := p.control[uplink.V6].Forced(); four != 0 || six != uplink.None {
		t.Errorf("numbers %d and %d", four, six)
	}
}
