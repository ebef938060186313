package uplink

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Inspect returns what on this machine would keep the uplinks, or a default
// route of ours as o wants it, from working: one sentence each, none when
// all is well. It changes nothing and needs no privilege.
func Inspect(specs []Spec, o Options) ([]string, error) {
	k, err := look(specs, o)
	if err != nil {
		return nil, err
	}
	return k.findings(), nil
}

// Rivals tells for each of the uplinks whether the main table has a default
// route of another program by its device, with whatever metric. It changes nothing
// and needs no privilege.
func Rivals(specs []Spec, o Options) ([]bool, error) {
	k, err := look(specs, o)
	if err != nil {
		return nil, err
	}
	return k.rivals(), nil
}

func (k *kernel) rivals() []bool {
	rivals := make([]bool, len(k.links))
	for _, r := range k.routes {
		for i, l := range k.links {
			foreign := r.table == unix.RT_TABLE_MAIN && r.isDefault() && !k.ours(r)
			rivals[i] = rivals[i] || foreign && l.index != 0 && r.index == l.index
		}
	}
	return rivals
}

// look lists what the kernel has, once.
func look(specs []Spec, o Options) (*kernel, error) {
	s, err := newSettings(specs, o)
	if err != nil {
		return nil, err
	}
	c, err := dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.list(s)
}

// nth is the word for uplink i.
func nth(i int) string {
	if i > 1 {
		return fmt.Sprintf("%d.", i+1)
	}
	return [...]string{"primary", "standby"}[i]
}

// compare says what keeps uplinks i and j from being told apart.
func (k *kernel) compare(states []State, i, j int, say func(string, ...any)) {
	switch a := states[i].Address; {
	case k.specs[i].complete() && k.specs[i] == k.specs[j]:
		say("Two uplinks lead %s.", k.specs[i].way())
	case a.IsValid() && a == states[j].Address && states[i].Index == states[j].Index:
		say("Two uplinks have the address %s on %s, so only their gateways can be probed, "+
			"nothing beyond; a second address there would help.", a, k.specs[i].Interface)
	}
}

func (k *kernel) findings() []string {
	var found []string
	say := func(format string, values ...any) { found = append(found, fmt.Sprintf(format, values...)) }
	states := k.states()
	for i, s := range states {
		spec := k.specs[i]
		if !spec.complete() {
			say("The %s uplink cannot work now: %s.", nth(i), s.Reason)
			continue
		}
		if s.Reason != "" {
			say("The uplink %s cannot work now: %s.", spec.way(), s.Reason)
		}
		if s.Address.IsValid() && !spec.Direct && !k.onLink(s.Index, spec.Gateway) {
			say("The gateway %s is on no subnet of %s, so it is taken to be on the link.", spec.Gateway, spec.Interface)
		}
	}
	for _, r := range k.routes {
		if r.from.IsValid() && r.dst.Bits() == 0 && r.table == unix.RT_TABLE_MAIN && k.device(r.index) != None {
			say("The default route %q leads packets from these addresses by %s whatever imon does; "+
				"of netifd, option sourcefilter '0' of that interface ends it.", r, r.dev)
		}
	}
	for i := range states {
		for j := range i {
			k.compare(states, j, i, say)
		}
	}
	for _, r := range k.snapshot().Foreign {
		say("The default route %q of another program wins over imon's, because its metric is not larger than %d.", r, k.metric)
	}
	return append(found, k.neighbours()...)
}
