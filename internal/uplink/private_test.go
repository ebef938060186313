package uplink

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inPlace is what two working uplinks have in the kernel.
const inPlace = `default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2
default via 198.51.100.1 dev eth2 table B proto 105 src 198.51.100.2
rule 7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105
rule 7351: from 192.0.2.2 lookup A proto 105
rule 7350: from 198.51.100.2 lookup main suppress_prefixlength 0 proto 105
rule 7351: from 198.51.100.2 lookup B proto 105
`

func TestPlanPrivate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change []string // pairs for strings.NewReplacer
		kernel string
		adopt  bool
		want   []string
	}{
		{"in place", nil, inPlace, true, nil},
		{"nothing there", nil, "", false, []string{
			"route replace default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2",
			"route replace default via 198.51.100.1 dev eth2 table B proto 105 src 198.51.100.2",
			"rule add 7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105",
			"rule add 7351: from 192.0.2.2 lookup A proto 105",
			"rule add 7350: from 198.51.100.2 lookup main suppress_prefixlength 0 proto 105",
			"rule add 7351: from 198.51.100.2 lookup B proto 105",
		}},
		{"renumbered: the new first, then the stale", []string{"addr 192.0.2.2/24 dev eth1", "addr 192.0.2.77/24 dev eth1"}, inPlace, false, []string{
			"route replace default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.77",
			"rule add 7350: from 192.0.2.77 lookup main suppress_prefixlength 0 proto 105",
			"rule add 7351: from 192.0.2.77 lookup A proto 105",
			"rule delete 7351: from 192.0.2.2 lookup A proto 105",
			"rule delete 7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105",
			"route delete default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2",
		}},
		{"no carrier keeps all", []string{"eth1 up carrier", "eth1 up"}, inPlace, false, nil},
		{"interface down keeps the rules", []string{"eth1 up carrier", "eth1"},
			strings.Replace(inPlace, "default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2\n", "", 1), false, nil},
		{"interface gone", []string{"link 3: eth1 up carrier", "", "addr 192.0.2.2/24 dev eth1", ""},
			strings.Replace(inPlace, "default via 192.0.2.1 dev eth1 table A proto 105 src 192.0.2.2\n", "", 1), false, []string{
				"rule delete 7351: from 192.0.2.2 lookup A proto 105",
				"rule delete 7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105",
			}},
		{"rules of others stay", nil, inPlace + "rule 7351: from 10.9.9.9 lookup 7 proto static\nrule 7351: from 192.0.2.2 lookup A proto static\n", true, nil},
		{"another instance's stay", nil, inPlace +
			"default via 10.0.0.9 dev eth0 table 1050099 proto 105 src 10.0.0.1\n" +
			"rule 7350: from 10.0.0.1 lookup main suppress_prefixlength 0 proto 105\nrule 7351: from 10.0.0.1 lookup 1050099 proto 105\n", true, nil},
		{"a predecessor's address is gone", nil, inPlace +
			"default via 10.0.0.9 dev eth0 table 1050099 proto 105 src 10.0.0.7\n" +
			"rule 7350: from 10.0.0.7 lookup main suppress_prefixlength 0 proto 105\nrule 7351: from 10.0.0.7 lookup 1050099 proto 105\n", false, []string{
			"rule delete 7351: from 10.0.0.7 lookup 1050099 proto 105",
			"rule delete 7350: from 10.0.0.7 lookup main suppress_prefixlength 0 proto 105",
			"route delete default via 10.0.0.9 dev eth0 table 1050099 proto 105 src 10.0.0.7",
		}},
		{"a predecessor's other gateway on our address, at start", nil, inPlace +
			"default via 192.0.2.9 dev eth1 table 1050099 proto 105 src 192.0.2.2\nrule 7351: from 192.0.2.2 lookup 1050099 proto 105\n", true, []string{
			"rule delete 7351: from 192.0.2.2 lookup 1050099 proto 105",
			"route delete default via 192.0.2.9 dev eth1 table 1050099 proto 105 src 192.0.2.2",
		}},
		{"the same later is another instance's", nil, inPlace +
			"default via 192.0.2.9 dev eth1 table 1050099 proto 105 src 192.0.2.2\nrule 7351: from 192.0.2.2 lookup 1050099 proto 105\n", false, nil},
		{"a kernel without rule protocols", nil, strings.ReplaceAll(inPlace, "7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto 105",
			"7350: from 192.0.2.2 lookup main suppress_prefixlength 0 proto unspec"), false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := parseKernel(t, strings.NewReplacer(c.change...).Replace(twoUplinks)+c.kernel)
			w := k.wanted()
			ops := k.planPrivate(w, c.adopt)
			if diff := cmp.Diff(c.want, lines(ops)); diff != "" {
				t.Error("plan, -want +got:\n", diff)
			}
			for _, o := range ops {
				k.run(o)
			}
			if again := k.planPrivate(k.wanted(), c.adopt); len(again) > 0 {
				t.Errorf("a second plan is %q, want none", lines(again))
			}
		})
	}
}

func TestPlanPrivateClose(t *testing.T) {
	others := "default via 10.0.0.9 dev eth0 table 1050099 proto 105 src 10.0.0.1\n" +
		"default via 192.0.2.1 dev eth1 proto 105 metric 201\n" +
		"rule 7350: from 10.0.0.1 lookup main suppress_prefixlength 0 proto 105\n" +
		"rule 7351: from 10.0.0.1 lookup 1050099 proto 105\n"
	k := parseKernel(t, twoUplinks+inPlace+others)
	for _, o := range k.planPrivate(private{}, false) {
		k.run(o)
	}
	if diff := cmp.Diff(others, k.text()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
}

func TestPlanPrivateOneInterface(t *testing.T) {
	one := strings.NewReplacer("dev eth2", "dev eth1")
	k := parseKernel(t, one.Replace(twoUplinks))
	w := k.wanted()
	if len(w.routes) != 2 || len(w.rules) != 4 {
		t.Errorf("two subnets on one interface want %v and %v", w.routes, w.rules)
	}
	// One address for both: the rule that leads to main is there once.
	k = parseKernel(t, strings.ReplaceAll(one.Replace(twoUplinks), "198.51.100.1 ", "192.0.2.254 "))
	if w := k.wanted(); len(w.routes) != 2 || len(w.rules) != 3 {
		t.Errorf("one address wants %v and %v", w.routes, w.rules)
	}
}

func TestChooseTables(t *testing.T) {
	a := Spec{Interface: "eth1", Gateway: netip.MustParseAddr("192.0.2.1")}
	b := Spec{Interface: "eth2", Gateway: netip.MustParseAddr("192.0.2.1")}
	k := &kernel{settings: settings{specs: []Spec{a, b}}}
	ids := k.withTables(nil)
	if ids[0] == ids[1] || !isPrivate(ids[0]) || !isPrivate(ids[1]) {
		t.Fatalf("tables %v", ids)
	}
	k.specs = []Spec{b, a}
	if got := k.withTables(nil); !slices.Equal(got, []int{ids[1], ids[0]}) {
		t.Errorf("in the other order %v, want those of %v", got, ids)
	}
	k.specs = []Spec{a, a}
	if got := k.withTables(nil); got[0] != ids[0] || got[1] == got[0] {
		t.Errorf("the same uplink twice has %v", got)
	}
	k.specs = []Spec{a, b}
	k.routes = []route{{table: ids[0], dst: netip.MustParsePrefix("0.0.0.0/0"), gateway: a.Gateway, protocol: Protocol}}
	if got := k.withTables(nil); !slices.Equal(got, ids) {
		t.Errorf("with our own route there %v, want %v", got, ids)
	}
	k.routes[0].protocol = 4
	if got := k.withTables(nil); got[0] == ids[0] || got[1] != ids[1] {
		t.Errorf("with another's route there %v, want the next id", got)
	}
}

func TestChooseTablesWraps(t *testing.T) {
	gateway := netip.MustParseAddr("192.0.2.1")
	k := &kernel{settings: settings{specs: []Spec{{Interface: "eth1", Gateway: gateway}, {Interface: "eth2", Gateway: gateway}}}}
	last := FirstTable + Tables - 1
	for id := hash(k.specs[0]); id <= last; id++ {
		k.routes = append(k.routes, route{table: id})
	}
	if got := k.withTables(nil); got[0] != FirstTable {
		t.Errorf("after the last id comes %d, want %d", got[0], FirstTable)
	}
}
