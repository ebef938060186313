package uplink

import (
	"hash/fnv"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// private is what the uplinks need for their probes.
type private struct {
	routes []route
	rules  []rule
	owner  []int // of routes, an uplink
}

// withTables returns ids with a private table for each uplink that has none yet,
// once it has a device and a gateway. An uplink keeps its table for as long as
// the Router lives, whatever becomes of its Spec.
func (k *kernel) withTables(ids []int) []int {
	ids = append(slices.Clone(ids), make([]int, len(k.specs)-len(ids))...)
	for i, spec := range k.specs {
		if ids[i] == 0 && spec.complete() {
			ids[i] = k.chooseTable(spec, ids)
		}
	}
	return ids
}

// chooseTable returns the first id from an uplink's hash on that is not taken,
// and is free or already holds nothing but this uplink's default.
func (k *kernel) chooseTable(s Spec, taken []int) int {
	id := hash(s)
	for n := 0; n < Tables && (slices.Contains(taken, id) || k.foreignTable(id, s.Gateway)); n++ {
		id = FirstTable + (id-FirstTable+1)%Tables
	}
	return id
}

func hash(s Spec) int {
	h := fnv.New32a()
	h.Write([]byte(s.Interface + " " + s.Gateway.String()))
	return FirstTable + int(h.Sum32()%Tables)
}

// foreignTable reports whether a table holds anything but our default via gateway.
func (k *kernel) foreignTable(id int, gateway netip.Addr) bool {
	return slices.ContainsFunc(k.routes, func(r route) bool {
		return r.table == id && (r.protocol != Protocol || r.gateway != gateway || !r.isDefault())
	})
}

// isPrivate reports whether a table's id is in our range.
func isPrivate(table int) bool { return table >= FirstTable && table < FirstTable+Tables }

// wanted is what the uplinks need now. A rule needs only an address; a route
// needs an interface that is set up, but the carrier may come later.
func (k *kernel) wanted() private {
	var w private
	for i, s := range k.states() {
		if !s.Address.IsValid() || k.specs[i].Reason != "" {
			continue
		}
		for _, r := range rules(s.Address, k.tables[i]) {
			if r.suppress && k.guarded() {
				continue
			}
			if !slices.Contains(w.rules, r) {
				w.rules = append(w.rules, r)
			}
		}
		if k.links[i].up {
			r := k.defaultVia(i)
			r.table, r.source, r.metric = k.tables[i], s.Address, k.family.metric(0)
			w.routes = append(w.routes, r)
			w.owner = append(w.owner, i)
		}
	}
	return w
}

// rules are the two rules that an address needs.
func rules(a netip.Addr, table int) [2]rule {
	from := netip.PrefixFrom(a, a.BitLen())
	return [2]rule{
		{priority: PriorityMain, from: from, table: unix.RT_TABLE_MAIN, suppress: true, protocol: Protocol},
		{priority: PriorityTable, from: from, table: table, protocol: Protocol},
	}
}

// guarded reports whether main has a default that is an error, as a guard
// against leaks. A look-up that ends there does not go on with the next rule
// (fib_rules suppress only routes that were found), so main must not be asked
// before a private table. Answers from an uplink's own address to the LAN then
// leave by that uplink, which is the smaller evil.
func (k *kernel) guarded() bool {
	return slices.ContainsFunc(k.routes, func(r route) bool {
		return r.table == unix.RT_TABLE_MAIN && r.isDefault() &&
			(r.kind == unix.RTN_UNREACHABLE || r.kind == unix.RTN_BLACKHOLE || r.kind == unix.RTN_PROHIBIT)
	})
}

// planPrivate says what brings the private tables and rules to what is wanted:
// first what is missing, then what is stale. With adopt set, at a Router's
// start, what a predecessor left for our addresses is stale too; later it is
// another instance's.
func (k *kernel) planPrivate(w private, adopt bool) []op {
	var ops []op
	for n, want := range w.routes {
		if !slices.ContainsFunc(k.routes, func(r route) bool { return r.is(want) }) {
			ops = append(ops, op{verb: replaceRoute, route: want, uplink: w.owner[n]})
		}
	}
	for _, want := range w.rules {
		if !slices.ContainsFunc(k.rules, want.equal) {
			ops = append(ops, op{verb: addRule, rule: want, uplink: k.owner(want)})
		}
	}
	return append(append(ops, k.staleRules(w, adopt)...), k.staleRoutes(w, adopt)...)
}

// owner is the uplink that needs a rule.
func (k *kernel) owner(r rule) int {
	for i, s := range k.states() {
		if s.Address == r.from.Addr() && (r.suppress || r.table == k.tables[i]) {
			return i
		}
	}
	return None
}

// equal compares rules as the kernel does, which before Linux 4.17 knows no
// protocol number for them.
func (r rule) equal(other rule) bool {
	return other.isOurs() && r.priority == other.priority && r.from == other.from &&
		r.table == other.table && r.suppress == other.suppress
}

// isOurs reports whether imon made the rule.
func (r rule) isOurs() bool {
	return (r.protocol == Protocol || r.protocol == unix.RTPROT_UNSPEC) && r.from.IsSingleIP() &&
		(r.priority == PriorityMain && r.suppress && r.table == unix.RT_TABLE_MAIN ||
			r.priority == PriorityTable && !r.suppress && isPrivate(r.table))
}

func (k *kernel) staleRules(w private, adopt bool) []op {
	var ops []op
	served := map[netip.Prefix]bool{} // addresses that keep a private table
	for _, r := range w.rules {
		served[r.from] = true
	}
	// The rules of a table come before those that only go with them.
	for _, suppress := range []bool{false, true} {
		for _, r := range k.rules {
			if !r.isOurs() || r.suppress != suppress || slices.ContainsFunc(w.rules, r.equal) {
				continue
			}
			if suppress && (!served[r.from] || k.guarded()) || !suppress && k.stale(r.table, r.from.Addr(), w, adopt) {
				ops = append(ops, op{verb: deleteRule, rule: r, uplink: None})
			} else {
				served[r.from] = true
			}
		}
	}
	return ops
}

func (k *kernel) staleRoutes(w private, adopt bool) []op {
	var stale []route
	for _, r := range k.routes {
		if !isPrivate(r.table) || r.protocol != Protocol || slices.ContainsFunc(w.routes, r.is) {
			continue
		}
		if k.stale(r.table, r.source, w, adopt) {
			stale = append(stale, r)
		}
	}
	return removeRoutes(stale)
}

// stale reports whether what belongs to a private table and a source address,
// and is not wanted, may go.
func (k *kernel) stale(table int, source netip.Addr, w private, adopt bool) bool {
	if slices.Contains(k.tables, table) || !k.local(source, 0) {
		return true
	}
	return adopt && slices.ContainsFunc(w.rules, func(r rule) bool { return r.from.Addr() == source })
}
