package configure

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const listing = `  eth1   up    192.168.42.2/24
  eth10  down  192.168.62.2/24, 2001:db8::2/64
  ppp0   up    10.0.0.9/32
  wwan0  down
`

const primaryIf = "Primary network interface name (primary-if): "

func TestInterfacesAreListed(t *testing.T) {
	answers := slices.Insert(session(), slices.Index(session(), "eth1"), "?")
	r := newRig(t, answers...)
	if text := r.mustWrite(Request{}); text != sessionFile {
		t.Errorf("%s", text)
	}
	r.saw(primaryIf + "?\n" + listing + primaryIf + "eth1\n")

	r = newRig(t, answers...)
	r.interfaces = nil
	r.mustWrite(Request{})
	r.saw(primaryIf + "?\n% There is no such interface at the moment\n" + primaryIf)

	r = newRig(t, answers...)
	r.interfaces = []Interface{{Name: "wan", Up: true, Device: "eth1", Addresses: r.interfaces[0].Addresses}}
	r.mustWrite(Request{})
	r.saw(primaryIf + "?\n  wan  up    192.168.42.2/24  (eth1)\n" + primaryIf)
}

func TestTab(t *testing.T) {
	r := newRig(t, session()...)
	r.mustWrite(Request{})
	if len(r.tab) != 2 {
		t.Errorf("Tab is of use at %v", r.tab)
	}
	for typed, want := range map[string]struct {
		completed, choices string
	}{
		"":      {"", listing},
		"e":     {"eth1", ""},
		"eth1":  {"eth1", strings.Join(strings.SplitAfter(listing, "\n")[:2], "")},
		"eth10": {"eth10", ""},
		"w":     {"wwan0", ""},
		"x":     {"x", "% There is no such interface at the moment\n"},
	} {
		completed, choices := r.tab[primaryIf](typed)
		got := ""
		for _, c := range choices {
			got += c + "\n"
		}
		if completed != want.completed || strings.ReplaceAll(got, "   ", " ") != strings.ReplaceAll(want.choices, "   ", " ") {
			t.Errorf("%q: %q, %q", typed, completed, got)
		}
	}
}

// remarks runs the session with one answer replaced and returns the lines that begin
// with a percent sign.
func (r *rig) remarks(old, answer string) []string {
	r.t.Helper()
	r.answers[slices.Index(r.answers, old)] = answer
	r.mustWrite(Request{})
	var lines []string
	for line := range strings.Lines(r.shown.String()) {
		if strings.HasPrefix(line, "%") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// What this machine does not know is said and taken.
func TestRemarks(t *testing.T) {
	for _, c := range []struct{ old, answer, want string }{
		{"eth1", "usb0", "% Interface 'usb0' does not exist at the moment"},
		{"192.168.42.1", "192.168.43.1", "% 192.168.43.1 is in no network of eth1 (192.168.42.2/24)"},
		{"192.168.62.1", "192.168.42.1", "% 192.168.42.1 is in no network of eth10 (192.168.62.2/24, 2001:db8::2/64)"},
		{"192.168.42.1", "auto", ""},
		{"eth1", "eth1", ""},
	} {
		if got := strings.Join(newRig(t, session()...).remarks(c.old, c.answer), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", c.answer, got, c.want)
		}
	}
	for _, name := range []string{"ppp0", "wwan0"} { // a peer needs no network; no address, no opinion
		answers := session()
		answers[slices.Index(answers, "eth1")] = name
		if got := newRig(t, answers...).remarks("192.168.42.1", "10.9.9.9"); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNamesAreLookedUp(t *testing.T) {
	r := newRig(t, session()...)
	r.names = map[string]error{"no.example": ErrNoSuchName}
	got := r.remarks("192.168.92.1,192.168.1.1", "no.example, yes.example,192.0.2.1,no.example")
	if diff := cmp.Diff([]string{"% No address is known for 'no.example'", "% No address is known for 'no.example'"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"no.example", "yes.example", "no.example", "microsoft.com"}, r.asked); diff != "" {
		t.Errorf("looked up (-want +got):\n%s", diff)
	}
}

// A network in which nothing can be looked up costs one look-up, one without an
// address none.
func TestNamesAreNotLookedUpInVain(t *testing.T) {
	r := newRig(t, session()...)
	r.names = map[string]error{"a.example": errNetwork}
	got := r.remarks("192.168.92.1,192.168.1.1", "a.example,b.example")
	if want := "% Names cannot be looked up at the moment, and are not checked"; len(got) != 1 || got[0] != want || len(r.asked) != 1 {
		t.Errorf("%q, looked up %q", got, r.asked)
	}
	r = newRig(t, session()...)
	r.interfaces[0].Up, r.interfaces[2].Up = false, false
	r.interfaces = append(r.interfaces, Interface{Name: "eth3", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("169.254.1.1/16")}})
	if got = r.remarks("192.168.92.1,192.168.1.1", "a.example"); len(got) > 0 || len(r.asked) > 0 {
		t.Errorf("%q, looked up %q", got, r.asked)
	}
}
