package uplink

import (
	"fmt"
	"math"
	"net/netip"
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
func (f Family) number() int {
	if f == V6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func familyOf(a netip.Addr) Family {
	if a.Is6() {
		return V6
	}
	return V4
}

// Options are what a [Router] is told beside the uplinks.
type Options struct {
	Metric int // of the default route, 0 to 4294967295; for IPv6 0 is 1024
	Family Family
	Manage bool // take the default routes of others by the uplinks' devices away
}

func newSettings(specs []Spec, o Options) (settings, error) {
	if o.Metric < 0 || uint64(o.Metric) > math.MaxUint32 {
		return settings{}, fmt.Errorf("cannot use metric %d: not in 0 to %d", o.Metric, uint32(math.MaxUint32))
	}
	s := settings{specs: slices.Clone(specs), family: o.Family, manage: o.Manage}
	s.metric = s.family.metric(uint32(o.Metric))
	return s, s.check(specs)
}

// metric is the metric that the kernel gives to a route when asked for m.
func (f Family) metric(m uint32) uint32 {
	if f == V6 && m == 0 {
		return 1024 // IP6_RT_PRIO_USER
	}
	return m
}

// zero is the unspecified address.
func (f Family) zero() netip.Addr {
	if f == V6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
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
