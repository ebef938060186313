package uplink

import (
	"slices"
	"strings"
	"testing"
)

// fuzzLines are what a fuzzer composes a kernel of.
var fuzzLines = [...]string{
	first, second,
	"default via 192.0.2.1 dev eth1 src 192.0.2.2 metric 201",
	"default via 198.51.100.1 dev eth2 metric 201",
	"default via 192.0.2.9 dev eth1 proto 105 metric 201",
	"default via 192.0.2.1 dev eth1 proto 105 metric 50",
	"default via 198.51.100.1 dev eth2 proto 105 metric 300",
	"default via 192.0.2.1 dev eth1 proto dhcp metric 100",
	"default via 10.0.0.9 dev eth0 proto static metric 201",
	"default via 10.0.0.8 dev eth0 proto 105 metric 7",
	"unreachable default metric 201",
	"default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2",
	"default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.99",
	"default via 10.0.0.9 dev eth0 table 1050099 proto 105 src 10.0.0.1",
	"rule 7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105",
	"rule 7350: from 192.0.2.99 lookup main suppress_prefixlength 0 proto 105",
	"rule 7351: from 192.0.2.2 lookup B proto 105",
	"rule 7351: from 198.51.100.2 lookup B proto 105",
	"rule 7351: from 10.0.0.1 lookup 1050099 proto 105",
	"rule 7351: from 10.0.0.1 lookup 5 proto static",
}

// fuzzLines6 are the same for IPv6.
var fuzzLines6 = [...]string{
	first6, second6, barrier6, ra1,
	"default via fe80::1 dev eth2 proto ra metric 1024",
	"default via fe80::1 dev eth1 proto ra metric 100",
	"default via fe80::9 dev eth1 proto 105 metric 201",
	"default via fe80::1 dev eth1 proto 105 metric 50",
	"default via fe80::9 dev eth0 proto static metric 201",
	"default via fe80::9 dev eth0 proto static metric 200",
	"unreachable default proto static metric 201",
	"unreachable default proto 105 metric 7",
	"default from 2001:db8:1::/64 via fe80::1 dev eth1 proto static metric 201",
	"default via fe80::1 dev eth1 table PA proto ra metric 100",
	"default via fe80::1 dev eth1 table A proto 105 src 2001:db8:1::2 metric 1024",
	"rule 7350: from 2001:db8:1::2 lookup main suppress_prefixlength 0 proto 105",
	"rule 7351: from 2001:db8:2::2 lookup B proto 105",
}

// FuzzPlans makes kernels of any lines in any order. Whatever they hold, a
// default of ours is there at each step if there was one, others' routes and
// rules stay, and a second plan is empty.
func FuzzPlans(f *testing.F) {
	f.Add([]byte{0, 8}, false)
	f.Add([]byte{8, 2, 1, 4, 5}, true)
	f.Add([]byte{16, 15, 14, 12, 13, 18, 19}, true)
	f.Fuzz(func(t *testing.T, pick []byte, adopt bool) { fuzzPlans(t, twoUplinks, fuzzLines[:], pick, adopt) })
}

// FuzzPlans6 is the same for IPv6, where besides no route of ours ever has the metric
// of another's, because the kernel would make one of both.
func FuzzPlans6(f *testing.F) {
	f.Add([]byte{0, 8}, false)
	f.Add([]byte{2, 3, 7, 11, 14, 15}, true)
	f.Add([]byte{8, 9, 10, 6, 16}, true)
	f.Fuzz(func(t *testing.T, pick []byte, adopt bool) { fuzzPlans(t, twoUplinks6, fuzzLines6[:], pick, adopt) })
}

func fuzzPlans(t *testing.T, machine string, lines []string, pick []byte, adopt bool) {
	k := parseKernel(t, machine)
	for _, p := range pick[:min(len(pick), 40)] {
		k.include(parseKernel(t, machine+lines[int(p)%len(lines)]))
	}
	k.compete()
	others := k.others()
	for _, o := range k.planPrivate(k.wanted(), adopt) {
		k.run(o)
	}
	if again := k.planPrivate(k.wanted(), adopt); len(again) > 0 {
		t.Errorf("a second plan is %v:\n%s", again, k.text())
	}
	for _, i := range []int{0, 1, None, 1} {
		fuzzDefault(t, k, i)
	}
	if got := k.others(); got != others {
		t.Errorf("what is others' changed from\n%sto\n%s", others, got)
	}
	fuzzManage(t, k)
}

// include adds what line has and k has not. Of IPv6, no two have one metric.
func (k *kernel) include(line *kernel) {
	for _, r := range line.routes {
		same := func(b route) bool {
			return b.is(r) || k.family == V6 && b.table == r.table && b.metric == r.metric && b.isDefault() && r.isDefault()
		}
		if !slices.ContainsFunc(k.routes, same) {
			k.run(op{verb: prependRoute, route: r})
		}
	}
	for _, r := range line.rules {
		if !slices.Contains(k.rules, r) {
			k.run(op{verb: addRule, rule: r})
		}
	}
}

func fuzzDefault(t *testing.T, k *kernel, i int) {
	t.Helper()
	had := slices.ContainsFunc(k.routes, k.ours)
	ops, err := k.planDefault(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range ops {
		k.run(o)
		if had && (i != None || k.family == V6) && !slices.ContainsFunc(k.routes, k.ours) {
			t.Errorf("no default of ours after %q", o)
		}
		if k.family == V6 && o.verb == prependRoute {
			t.Errorf("%q joins another's route", o)
		}
	}
	if again, _ := k.planDefault(i); len(again) > 0 || k.snapshot().Default != i {
		t.Errorf("default %d, a second plan is %q:\n%s", k.snapshot().Default, lines(again), k.text())
	}
}

// fuzzManage takes others' routes away and brings them back.
func fuzzManage(t *testing.T, k *kernel) {
	t.Helper()
	settled := func(manage bool) string {
		for _, o := range k.planManage(manage) {
			k.run(o)
		}
		if again := k.planManage(manage); len(again) > 0 {
			t.Errorf("managing %v, a second plan is %q:\n%s", manage, lines(again), k.text())
		}
		return k.others()
	}
	open := settled(false)
	settled(true)
	if s := k.snapshot(); slices.ContainsFunc(k.routes, k.unwanted) {
		t.Errorf("left in main: %+v\n%s", s, k.text())
	}
	if got := settled(false); sortedLines(got) != sortedLines(open) {
		t.Errorf("others' routes were\n%sand came back as\n%s", open, got)
	}
}

func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// others is the text of all routes in main and all rules that are not ours.
func (k *kernel) others() string {
	o := &kernel{}
	for _, r := range k.routes {
		if !k.ours(r) && !isPrivate(r.table) && !isParking(r.table) {
			o.routes = append(o.routes, r)
		}
	}
	for _, r := range k.rules {
		if !r.isOurs() {
			o.rules = append(o.rules, r)
		}
	}
	return o.text()
}
