package uplink

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// attempts is how often a plan is carried out, while others change the same
// tables, until the kernel is found as wanted.
const attempts = 3

// Router keeps the routing tables of this network namespace as the uplinks need
// them. It is for one goroutine at a time, except for Watch. It needs
// CAP_NET_ADMIN.
type Router struct {
	settings
	netlink conn
	fib     fib      // by netlink, or a fake one
	adopted bool     // a predecessor's leftovers were cleared
	writes  int      // changes asked of the kernel, for tests
	leaving *leaving // what Prepare has found; nil for nothing
	contest contest
	// withdrawn says that there is to be no default route of ours.
	withdrawn bool
}

// fib is the kernel's routing: links, addresses, routes and rules (the forwarding
// information base and what it depends on).
type fib interface {
	list(s settings) (*kernel, error)
	apply(o op) error
}

// New returns a Router for the uplinks, in order of preference. It changes
// nothing yet. The error says which spec or option cannot be, or that the kernel
// does not talk to us.
func New(specs []Spec, o Options) (*Router, error) {
	s, err := newSettings(specs, o)
	if err != nil {
		return nil, err
	}
	c, err := dial()
	if err != nil {
		return nil, err
	}
	r := &Router{settings: s, netlink: c, fib: c, contest: contest{}}
	if _, err := r.list(); err != nil {
		c.Close()
		return nil, err
	}
	return r, nil
}

// Succeed tells r that it takes the place of a Router of this process with that
// metric, whatever the uplinks of that one were: the default route that it left
// is ours, too, and goes when [Router.SetDefault] puts another in place.
func (r *Router) Succeed(metric int) {
	former := uint32(metric)
	r.former = &former
}

// SetSpecs replaces the specs: the device behind an uplink, or its gateway, has
// changed or is not known any more. The next Sync and SetDefault go by them;
// until then the kernel stays as it is, the default route included. An error
// says which spec cannot be, and then nothing is replaced.
func (r *Router) SetSpecs(specs []Spec) error {
	err := r.check(specs)
	if err == nil && len(specs) != len(r.specs) {
		err = fmt.Errorf("cannot use %d uplinks instead of %d", len(specs), len(r.specs))
	}
	if err == nil {
		r.specs = slices.Clone(specs)
	}
	return err
}

// list asks the kernel, and chooses the private tables that are still missing.
func (r *Router) list() (*kernel, error) {
	k, err := r.fib.list(r.settings)
	if err != nil {
		return nil, err
	}
	r.tables = k.withTables(r.tables)
	k.tables = r.tables
	k.compete()
	return k, nil
}

// Sync brings the uplinks' private tables and rules to what their interfaces
// and addresses ask for, and says what the kernel has. When the kernel already
// agrees it writes nothing. It leaves our default route alone. When there is one,
// those of others by the uplinks' devices are taken away, if that is wanted
// ([Options.Manage]).
//
// The Snapshot is good with an error, too: an uplink whose probes cannot be
// routed says so in its Reason. It is empty only when the kernel could not be
// asked.
func (r *Router) Sync() (Snapshot, error) {
	k, left, err := r.settle(func(k *kernel) ([]op, error) {
		ops := k.planPrivate(k.wanted(), !r.adopted)
		if !r.manage || r.withdrawn || k.snapshot().Default != None {
			ops = append(ops, k.planManage(r.manage)...)
		}
		if !r.adopted && !r.withdrawn {
			ops = append(ops, k.planOpen()...)
		}
		return ops, nil
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

// SetDefault makes the default route through uplink i the only one of
// ours in the main table, and reads it back. When it already is, nothing is
// written. While the kernel holds one of ours with our metric, and no foreign
// one of that metric, the change is one atomic replacement; in every other case
// the new route is in place before an old one is removed. Routes of others are
// not touched, unless they are to be managed.
//
// With i = [None] our default route is withdrawn. Of IPv4, what others have in the
// main table decides then. Of IPv6, where a router advertisement of a dead uplink
// counts for hours, an unreachable default of ours takes its place, so that
// connections fail at once and clients fall back to IPv4.
//
// An error means that the kernel does not have it so; an old route of ours is
// still there if the new one was refused.
//
// A foreign default route of our metric stays behind ours. The kernel then uses
// ours for as long as our gateway answers ARP (fib_select_default).
func (r *Router) SetDefault(i int) error {
	defer func() { r.leaving = r.leaving.close() }()
	_, _, err := r.settle(func(k *kernel) ([]op, error) {
		ops, err := k.planDefault(i)
		if err == nil && r.manage {
			ops = append(ops, k.planManage(true)...)
		}
		return ops, err
	})
	switch {
	case err == nil:
		r.withdrawn = i == None
		return nil
	case i == None:
		return fmt.Errorf("cannot withdraw the default route: %w", err)
	}
	return fmt.Errorf("cannot set the default route %s: %w", r.specs[i].way(), err)
}

// Close removes our rules and private tables and the spare, puts the routes back that
// were taken from others, and closes the connection to the kernel. Our default route stays, so
// that a restart does not cut the line; an unreachable one goes.
func (r *Router) Close() error {
	r.leaving = r.leaving.close()
	_, _, err := r.settle(func(k *kernel) ([]op, error) {
		return slices.Concat(k.planSpare(None), k.planPrivate(private{}, false), k.planManage(false), k.planOpen()), nil
	})
	r.netlink.Close()
	return err
}

// settle lists, plans and carries out until there is nothing to do: then the
// kernel has been read back. Otherwise it returns what is left to do and why.
func (r *Router) settle(plan func(*kernel) ([]op, error)) (*kernel, []op, error) {
	var failed error
	for n := 0; ; n++ {
		k, err := r.list()
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
		if o.verb == moveRoute && o.table != unix.RT_TABLE_MAIN && r.contest.parked(o.route.dev, time.Now()) {
			r.contested = append(r.contested, o.route.dev)
			continue
		}
		if err := r.fib.apply(o); err != nil {
			errs = append(errs, fmt.Errorf("cannot %s: %w", o, err))
		} else if o.uplink != None && o.route.table == unix.RT_TABLE_MAIN {
			r.leaving.remove()
		}
	}
	return errors.Join(errs...)
}
