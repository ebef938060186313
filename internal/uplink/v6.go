package uplink

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Where IPv6 is different from IPv4.

// lacking is the clause on an interface without an address that can be used.
func (f Family) lacking() string {
	if f == V6 {
		return "no global IPv6 address"
	}
	return "no IPv4 address"
}

// source6 is the global address of an interface from which probes are sent. It is
// one that lasts rather than one that is to be given up (deprecated) or made up for
// a day (temporary, RFC 8981), one that the internet knows rather than a local one
// (RFC 4193), and none that an uplink before has taken if there is a choice. Of
// several such it is always the same.
func (k *kernel) source6(index int, before []State) netip.Addr {
	var best address
	for _, a := range k.addrs {
		if index == 0 || a.index != index || a.scope != unix.RT_SCOPE_UNIVERSE || a.flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0 {
			continue
		}
		if !best.addr.IsValid() || better6(a, best, before) < 0 {
			best = a
		}
	}
	return best.addr
}

func better6(a, b address, before []State) int {
	demerits := func(a address) (n int) {
		for _, bad := range []bool{taken(a, before), a.flags&unix.IFA_F_DEPRECATED != 0, a.flags&unix.IFA_F_TEMPORARY != 0, a.addr.IsPrivate()} {
			n *= 2
			if bad {
				n++
			}
		}
		return n
	}
	return cmp.Or(cmp.Compare(demerits(a), demerits(b)), a.addr.Compare(b.addr))
}

// barrier reports whether r is the unreachable default that we have in the place of
// one that was withdrawn.
func (k *kernel) barrier(r route) bool {
	return k.family == V6 && r.table == unix.RT_TABLE_MAIN && r.isDefault() && r.kind == unix.RTN_UNREACHABLE && r.protocol == Protocol
}

// rivals6 reports whether r is a default route of others with our metric: with NLM_F_REPLACE
// ours would take its place, and appended it would join it (ip6_fib.c).
func (k *kernel) rivals6(r route) bool {
	return r.table == unix.RT_TABLE_MAIN && r.isDefault() && r.metric == k.metric && !k.ours(r)
}

// planWithdraw says what takes our default route away. Of IPv6, an unreachable one
// comes in its place; before that go the rules that ask the main table first, as they
// must, see guarded.
func (k *kernel) planWithdraw() (ops []op) {
	stale := slices.DeleteFunc(slices.Clone(k.routes), func(r route) bool { return !k.ours(r) })
	if k.family == V4 {
		return removeRoutes(stale)
	}
	want := route{
		table: unix.RT_TABLE_MAIN, dst: netip.PrefixFrom(k.family.zero(), 0), kind: unix.RTN_UNREACHABLE,
		protocol: Protocol, metric: k.metric,
	}
	if n := slices.IndexFunc(stale, func(r route) bool { return r.is(want) }); n >= 0 {
		return removeRoutes(slices.Delete(stale, n, n+1))
	}
	for _, r := range k.rules {
		if r.isOurs() && r.suppress {
			ops = append(ops, op{verb: deleteRule, rule: r, uplink: None})
		}
	}
	o, stale := place(want, stale, false)
	o.uplink = None
	return append(append(ops, o), removeRoutes(stale)...)
}

// planOpen says what takes an unreachable default of ours away.
func (k *kernel) planOpen() []op {
	return removeRoutes(slices.DeleteFunc(slices.Clone(k.routes), func(r route) bool { return !k.barrier(r) }))
}
