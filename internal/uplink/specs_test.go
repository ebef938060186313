package uplink

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An uplink's gateway becomes another one: the default route follows in one
// replacement, and nothing of the old one stays.
func TestSetSpecsMovesTheDefaultWithoutAGap(t *testing.T) {
	w := newWorld(t)
	r := w.router()
	w.sync(r)
	w.setDefault(r, 0)
	tables := r.tables
	w.address(w.isp[0].netlink, "peer", "192.0.2.9/24")
	specs := w.specs
	specs[0].Gateway = netip.MustParseAddr("192.0.2.9")
	w.set(r.SetSpecs(specs))
	s := w.sync(r)
	if s.Default != None || !slices.Equal(s.Specs, specs) || !s.Uplinks[0].Usable() {
		t.Errorf("before the default follows: %+v", s)
	}
	if got := w.text(r); !strings.Contains(got, first) {
		t.Errorf("the old default went before there was a new one:\n%s", got)
	}
	w.setDefault(r, 0)
	want := strings.ReplaceAll(first+"\n"+inPlace, "192.0.2.1 ", "192.0.2.9 ")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(w.text(r), "\n"), sorted()); diff != "" {
		t.Error("-want +got:\n", diff)
	}
	if !slices.Equal(r.tables, tables) {
		t.Errorf("tables %v, want still %v", r.tables, tables)
	}
}

// An uplink that is not known yet, or no longer, has no table and no rules; its
// default route stays until the other one's takes its place.
func TestSetSpecsOfAnUplinkThatComesAndGoes(t *testing.T) {
	w := newWorld(t)
	whole := slices.Clone(w.specs)
	w.specs[0] = Spec{Reason: "wan is down"}
	r := w.router()
	s := w.sync(r)
	if got := s.Uplinks[0]; got != (State{Reason: "wan is down"}) || !s.Uplinks[1].Usable() {
		t.Errorf("states %+v", s.Uplinks)
	}
	if r.tables[0] != 0 || !isPrivate(r.tables[1]) {
		t.Errorf("tables %v", r.tables)
	}
	if err := r.SetDefault(0); err == nil || !strings.Contains(err.Error(), "wan is down") {
		t.Errorf("SetDefault of an unknown uplink: %v", err)
	}
	w.set(r.SetSpecs(whole))
	if s = w.sync(r); !s.Uplinks[0].Usable() || !isPrivate(r.tables[0]) || r.tables[0] == r.tables[1] {
		t.Errorf("once it is known: %+v, tables %v", s.Uplinks[0], r.tables)
	}
	w.setDefault(r, 0)

	gone := slices.Clone(whole)
	gone[0].Reason = "wan is down"
	w.set(r.SetSpecs(gone))
	if s = w.sync(r); s.Uplinks[0].Usable() || s.Default != 0 {
		t.Errorf("once it is gone: %+v", s)
	}
	if got := w.text(r); strings.Contains(got, "lookup A") || !strings.Contains(got, first) {
		t.Errorf("in the kernel:\n%s", got)
	}
	w.setDefault(r, 1)
	if got := w.text(r); strings.Contains(got, first) || !strings.Contains(got, second) {
		t.Errorf("after the switch:\n%s", got)
	}
}

func TestSetSpecsRefusesWhatCannotBe(t *testing.T) {
	gateway := netip.MustParseAddr("192.0.2.1")
	unset := []Spec{{Reason: "unset"}, {Reason: "unset"}}
	r := &Router{settings: settings{specs: unset}}
	for _, s := range []Spec{
		{}, {Interface: "eth1"}, {Gateway: gateway}, {Interface: "eth1", Gateway: netip.MustParseAddr("fe80::1")},
		{Gateway: netip.MustParseAddr("fe80::1"), Reason: "x"}, {Direct: true}, {Interface: "eth1", Gateway: gateway, Direct: true},
	} {
		if err := r.SetSpecs([]Spec{{Interface: "eth2", Gateway: gateway}, s}); err == nil || !slices.Equal(r.specs, unset) {
			t.Errorf("%+v: error %v, specs %v", s, err, r.specs)
		}
	}
}

// An uplink without a gateway is not the one of a route without a gateway.
func TestRouteWithoutGatewayBelongsToNoUnknownUplink(t *testing.T) {
	k := parseKernel(t, twoUplinks+"default dev eth1 proto static metric 5\n")
	k.specs[0].Gateway, k.specs[0].Reason = netip.Addr{}, "no gateway yet"
	if i := k.via(k.routes[len(k.routes)-1]); i != None {
		t.Errorf("it is uplink %d's", i)
	}
}

func TestFindingsOfAnUnknownUplink(t *testing.T) {
	k := parseKernel(t, twoUplinks)
	k.specs[0], k.specs[1] = Spec{Reason: "there is no netifd"}, Spec{Reason: "there is no netifd"}
	k.links = make([]link, 2)
	want := []string{
		"The primary uplink cannot work now: there is no netifd.", "The standby uplink cannot work now: there is no netifd.",
	}
	if diff := cmp.Diff(want, k.findings()); diff != "" {
		t.Error(diff)
	}
}
