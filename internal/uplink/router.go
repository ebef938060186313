package uplink

import (
	"errors"
	"fmt"
	"math"
)

// attempts is how often a plan is carried out, while others change the same
// tables, until the kernel is found as wanted.
const attempts = 3

// Router keeps the routing tables of this network namespace as two uplinks need
// them. It is for one goroutine at a time, except for Watch. It needs
// CAP_NET_ADMIN.
type Router struct {
	settings
	netlink conn
	adopted bool // a predecessor's leftovers were cleared
	writes  int  // changes asked of the kernel, for tests
}

// New returns a Router for the two uplinks, and for a default route of the given
// metric (0 to 4294967295). It changes nothing yet. The error says which spec
// cannot be, or that the kernel does not talk to us.
func New(specs [2]Spec, metric int) (*Router, error) {
	s, err := newSettings(specs, metric)
	if err != nil {
		return nil, err
	}
	c, err := dial()
	if err != nil {
		return nil, err
	}
	k, err := c.list(s)
	if err != nil {
		c.Close()
		return nil, err
	}
	s.tables = k.chooseTables()
	return &Router{settings: s, netlink: c}, nil
}

func newSettings(specs [2]Spec, metric int) (settings, error) {
	for _, s := range specs {
		if s.Interface == "" {
			return settings{}, fmt.Errorf("cannot use uplink via %s: it has no interface", s.Gateway)
		}
		if !s.Gateway.Is4() {
			return settings{}, fmt.Errorf("cannot use gateway %q of %q: not an IPv4 address", s.Gateway, s.Interface)
		}
	}
	if metric < 0 || uint64(metric) > math.MaxUint32 {
		return settings{}, fmt.Errorf("cannot use metric %d: not in 0 to %d", metric, uint32(math.MaxUint32))
	}
	return settings{specs: specs, metric: uint32(metric)}, nil
}

// Sync brings both uplinks' private tables and rules to what their interfaces
// and addresses ask for, and says what the kernel has. When the kernel already
// agrees it writes nothing. It leaves the default route alone.
//
// The Snapshot is good with an error, too: an uplink whose probes cannot be
// routed says so in its Reason. It is empty only when the kernel could not be
// asked.
func (r *Router) Sync() (Snapshot, error) {
	k, left, err := r.settle(func(k *kernel) ([]op, error) {
		return k.planPrivate(k.wanted(), !r.adopted), nil
	})
	if k == nil {
		return Snapshot{Default: None}, err
	}
	s := k.snapshot()
	for _, o := range left {
		if o.uplink != None && s.Uplinks[o.uplink].Usable() {
			s.Uplinks[o.uplink].Reason = "its probes cannot be routed"
		}
	}
	r.adopted = r.adopted || err == nil
	return s, err
}

// SetDefault makes the default route through uplink i (0 or 1) the only one of
// ours in the main table, and reads it back. When it already is, nothing is
// written. While the kernel holds one of ours with our metric, and no foreign
// one of that metric, the change is one atomic replacement; in every other case
// the new route is in place before an old one is removed. Routes of others are
// never touched.
//
// An error means that the kernel does not have it so; an old route of ours is
// still there if the new one was refused.
//
// A foreign default route of our metric stays behind ours. The kernel then uses
// ours for as long as our gateway answers ARP (fib_select_default).
func (r *Router) SetDefault(i int) error {
	_, _, err := r.settle(func(k *kernel) ([]op, error) { return k.planDefault(i) })
	if err != nil {
		return fmt.Errorf("cannot set the default route via %s dev %s: %w", r.specs[i].Gateway, r.specs[i].Interface, err)
	}
	return nil
}

// Close removes our rules and private tables and closes the connection to the
// kernel. The default route stays, so that a restart does not cut the line.
func (r *Router) Close() error {
	_, _, err := r.settle(func(k *kernel) ([]op, error) { return k.planPrivate(private{}, false), nil })
	r.netlink.Close()
	return err
}

// settle lists, plans and carries out until there is nothing to do: then the
// kernel has been read back. Otherwise it returns what is left to do and why.
func (r *Router) settle(plan func(*kernel) ([]op, error)) (*kernel, []op, error) {
	var failed error
	for n := 0; ; n++ {
		k, err := r.netlink.list(r.settings)
		if err != nil {
			return nil, nil, err
		}
		ops, err := plan(k)
		if err != nil || len(ops) == 0 {
			return k, nil, err
		}
		if n == attempts {
			if failed == nil {
				failed = fmt.Errorf("the kernel does not keep %q", ops[0])
			}
			return k, ops, failed
		}
		failed = r.carryOut(ops)
	}
}

// carryOut makes the changes in their order. When one fails, the others are made
// all the same, but no route of the main table is removed any more.
func (r *Router) carryOut(ops []op) error {
	var errs []error
	for _, o := range ops {
		if len(errs) > 0 && o.verb == deleteRoute && !isPrivate(o.route.table) {
			break
		}
		r.writes++
		if err := r.netlink.apply(o); err != nil {
			errs = append(errs, fmt.Errorf("cannot %s: %w", o, err))
		}
	}
	return errors.Join(errs...)
}
