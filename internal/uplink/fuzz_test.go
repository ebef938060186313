package uplink

import (
	"slices"
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

// FuzzPlans makes kernels of any lines in any order. Whatever they hold, a
// default of ours is there at each step if there was one, others' routes and
// rules stay, and a second plan is empty.
func FuzzPlans(f *testing.F) {
	f.Add([]byte{0, 8}, false)
	f.Add([]byte{8, 2, 1, 4, 5}, true)
	f.Add([]byte{16, 15, 14, 12, 13, 18, 19}, true)
	f.Fuzz(func(t *testing.T, pick []byte, adopt bool) {
		k := parseKernel(t, twoUplinks)
		for _, p := range pick {
			line := parseKernel(t, twoUplinks+fuzzLines[int(p)%len(fuzzLines)])
			for _, r := range line.routes {
				if !slices.ContainsFunc(k.routes, r.is) {
					k.run(op{verb: prependRoute, route: r})
				}
			}
			for _, r := range line.rules {
				if !slices.Contains(k.rules, r) {
					k.run(op{verb: addRule, rule: r})
				}
			}
		}
		others := k.others()
		for _, o := range k.planPrivate(k.wanted(), adopt) {
			k.run(o)
		}
		if again := k.planPrivate(k.wanted(), adopt); len(again) > 0 {
			t.Errorf("a second plan is %q:\n%s", lines(again), k.text())
		}
		for i := range k.specs {
			fuzzDefault(t, k, i)
		}
		if got := k.others(); got != others {
			t.Errorf("what is others' changed from\n%sto\n%s", others, got)
		}
	})
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
		if had && !slices.ContainsFunc(k.routes, k.ours) {
			t.Errorf("no default of ours after %q", o)
		}
	}
	if again, _ := k.planDefault(i); len(again) > 0 || k.snapshot().Default != i {
		t.Errorf("default %d, a second plan is %q:\n%s", k.snapshot().Default, lines(again), k.text())
	}
}

// others is the text of all routes in main and all rules that are not ours.
func (k *kernel) others() string {
	o := &kernel{}
	for _, r := range k.routes {
		if !k.ours(r) && !isPrivate(r.table) {
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
