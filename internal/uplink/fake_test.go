package uplink

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// parseKernel reads a kernel from text like that of ip(8): lines that begin
// with "metric", "uplink", "link", "addr", "rule" or are routes. A and B stand
// for the private tables of the two uplinks.
func parseKernel(t testing.TB, text string) *kernel {
	t.Helper()
	k := &kernel{settings: settings{metric: 201}}
	devs := map[string]link{}
	for line := range strings.Lines(text) {
		w := words(strings.Fields(line))
		switch {
		case len(w) == 0:
		case w[0] == "IPv6":
			k.family = V6
		case w[0] == "metric":
			k.metric = uint32(number(t, w[1]))
		case w[0] == "uplink":
			k.specs = append(k.specs, Spec{Interface: w.after("dev"), Gateway: w.addr("via"), Direct: !w.has("via")})
		case w[0] == "link":
			devs[w[2]] = link{number(t, w[1]), w.has("up"), w.has("carrier"), w.has("pointopoint")}
		case w[0] == "addr":
			k.addrs = append(k.addrs, parseAddress(w, devs))
		case w[0] == "rule":
			k.rules = append(k.rules, parseRule(t, w))
		default:
			r := parseRoute(t, w, devs)
			r.dst = netip.PrefixFrom(k.family.zero(), 0)
			k.routes = append(k.routes, r)
		}
	}
	for _, s := range k.specs {
		k.links = append(k.links, devs[s.Interface])
	}
	k.tables = []int{tableA, tableB}
	k.base = k.metric
	return k
}

// Stand-ins for chosen tables.
const (
	tableA = FirstTable + 1
	tableB = FirstTable + 2
)

type words []string

func (w words) has(key string) bool { return slices.Contains(w, key) }

func (w words) after(key string) string {
	if i := slices.Index(w, key); i >= 0 && i+1 < len(w) {
		return w[i+1]
	}
	return ""
}

func (w words) addr(key string) netip.Addr {
	a, _ := netip.ParseAddr(w.after(key))
	return a
}

func number(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(s, ":"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func parseAddress(w words, devs map[string]link) address {
	p := netip.MustParsePrefix(w[1])
	a := address{index: devs[w.after("dev")].index, addr: p.Addr(), subnet: p.Masked()}
	if w.has("peer") {
		a.subnet = netip.MustParsePrefix(w.after("peer"))
	}
	switch w.after("scope") {
	case "link":
		a.scope = unix.RT_SCOPE_LINK
	case "host":
		a.scope = unix.RT_SCOPE_HOST
	}
	for name, flag := range map[string]int{"tentative": unix.IFA_F_TENTATIVE, "deprecated": unix.IFA_F_DEPRECATED, "temporary": unix.IFA_F_TEMPORARY, "dadfailed": unix.IFA_F_DADFAILED} {
		if w.has(name) {
			a.flags |= flag
		}
	}
	return a
}

func parseTable(t testing.TB, s string) int {
	t.Helper()
	switch s {
	case "", "main":
		return unix.RT_TABLE_MAIN
	case "A":
		return tableA
	case "B":
		return tableB
	case "PA":
		return tableA + Tables
	case "PB":
		return tableB + Tables
	}
	return number(t, s)
}

func parseProtocol(t testing.TB, s string) int {
	t.Helper()
	switch s {
	case "":
		return unix.RTPROT_BOOT
	case "dhcp":
		return unix.RTPROT_DHCP
	case "static":
		return unix.RTPROT_STATIC
	case "ra":
		return unix.RTPROT_RA
	case "unspec":
		return unix.RTPROT_UNSPEC
	}
	return number(t, s)
}

func parseRule(t testing.TB, w words) rule {
	a := w.addr("from")
	return rule{
		priority: number(t, w[1]), from: netip.PrefixFrom(a, a.BitLen()), table: parseTable(t, w.after("lookup")),
		suppress: w.has("suppress_prefixlength"), protocol: parseProtocol(t, w.after("proto")),
	}
}

func parseRoute(t testing.TB, w words, devs map[string]link) route {
	r := route{
		table: parseTable(t, w.after("table")), dst: netip.MustParsePrefix("0.0.0.0/0"), kind: unix.RTN_UNICAST,
		gateway: w.addr("via"), index: devs[w.after("dev")].index, dev: w.after("dev"),
		protocol: parseProtocol(t, w.after("proto")), source: w.addr("src"),
	}
	if w.has("from") {
		r.from = netip.MustParsePrefix(w.after("from"))
	}
	if w.has("metric") {
		r.metric = uint32(number(t, w.after("metric")))
	}
	if w.after("scope") == "link" {
		r.scope = unix.RT_SCOPE_LINK
	}
	if w.has("unreachable") {
		r.kind = unix.RTN_UNREACHABLE
	}
	for name, flag := range map[string]int{"onlink": unix.RTNH_F_ONLINK, "linkdown": unix.RTNH_F_LINKDOWN, "dead": unix.RTNH_F_DEAD} {
		if w.has(name) {
			r.flags |= flag
		}
	}
	return r
}

// text is the routes and rules of k, one a line.
func (k *kernel) text() string {
	var b strings.Builder
	for _, r := range k.routes {
		fmt.Fprintln(&b, lettered(r.String()))
	}
	for _, r := range k.rules {
		fmt.Fprintln(&b, "rule", lettered(r.String()))
	}
	return b.String()
}

func lettered(s string) string {
	return strings.NewReplacer(strconv.Itoa(tableA), "A", strconv.Itoa(tableB), "B",
		strconv.Itoa(tableA+Tables), "PA", strconv.Itoa(tableB+Tables), "PB").Replace(s)
}

func lines(ops []op) []string {
	var out []string
	for _, o := range ops {
		out = append(out, lettered(o.String()))
	}
	return out
}

// run makes one change as fib_table_insert and fib_nl_newrule do.
func (k *kernel) run(o op) {
	first := slices.IndexFunc(k.routes, func(r route) bool {
		return r.table == o.route.table && r.metric == o.route.metric && r.isDefault()
	})
	end := slices.IndexFunc(k.routes, func(r route) bool {
		return r.table == o.route.table && r.metric > o.route.metric
	})
	if end < 0 {
		end = len(k.routes)
	}
	switch {
	case o.verb == addRoute && first >= 0:
	case o.verb == deleteRoute:
		k.routes = slices.DeleteFunc(k.routes, func(r route) bool { return r == o.route })
	case o.verb == moveRoute:
		k.routes = slices.DeleteFunc(k.routes, func(r route) bool { return r == o.route })
		o.route.table = o.table
		if !slices.ContainsFunc(k.routes, o.route.is) {
			k.run(op{verb: map[bool]verb{true: prependRoute, false: replaceRoute}[o.table == unix.RT_TABLE_MAIN], route: o.route})
		}
	case o.verb == addRule:
		k.rules = append(k.rules, o.rule)
	case o.verb == deleteRule:
		k.rules = slices.DeleteFunc(k.rules, func(r rule) bool { return r == o.rule })
	case o.verb == replaceRoute && first >= 0:
		k.routes[first] = o.route
	case first >= 0:
		k.routes = slices.Insert(k.routes, first, o.route)
	default:
		k.routes = slices.Insert(k.routes, end, o.route)
	}
}
