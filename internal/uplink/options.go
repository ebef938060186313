package uplink

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/sys/unix"
)

// Family is the internet protocol whose routes a Router keeps.
type Family int

// The families. Each has tables, rules and a default route of its own.
const (
	V4 Family = iota
	V6
)

// String returns "IPv4" or "IPv6".
func (f Family) String() string {
	if f == V6 {
		return "IPv6"
	}
	return "IPv4"
}

// number is the family in a netlink message.
func (f Family) number() uint8 {
	if f == V6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// Options are what a [Router] is told beside the uplinks.
type Options struct {
	Metric int // of the default route, 0 to 4294967295
	Family Family
	Manage bool // take the default routes of others by the uplinks' devices away
}

func newSettings(specs []Spec, o Options) (settings, error) {
	switch {
	case o.Family == V6:
		return settings{}, fmt.Errorf("cannot keep %s routes yet", o.Family)
	case o.Metric < 0 || uint64(o.Metric) > math.MaxUint32:
		return settings{}, fmt.Errorf("cannot use metric %d: not in 0 to %d", o.Metric, uint32(math.MaxUint32))
	}
	s := settings{specs: slices.Clone(specs), metric: uint32(o.Metric), family: o.Family, manage: o.Manage}
	return s, s.check(specs)
}

// check says what a spec lacks that names no reason for it.
func (k *settings) check(specs []Spec) error {
	for _, s := range specs {
		switch {
		case s.Gateway.IsValid() && s.Gateway.Is4() != (k.family == V4):
			return fmt.Errorf("cannot use gateway %q of %q: not an %s address", s.Gateway, s.Interface, k.family)
		case s.Gateway.IsValid() && s.Direct:
			return fmt.Errorf("cannot use gateway %q of %q: packets go straight to the device", s.Gateway, s.Interface)
		case s.Reason != "":
		case s.Interface == "":
			return fmt.Errorf("cannot use uplink %s: it has no interface", s.way())
		case !s.complete():
			return fmt.Errorf("cannot use gateway %q of %q: not an %s address", s.Gateway, s.Interface, k.family)
		}
	}
	return nil
}
