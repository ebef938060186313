package sink

import (
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"github.com/ejgeiger/imon/internal/event"
)

// FuzzEvent makes an event with any names and texts and gives it to everything that
// writes: scripts count on their arguments, readers of the log on its lines.
func FuzzEvent(f *testing.F) {
	f.Add("fibre", "eth1", "192.0.2.1", "no answer", []byte{192, 0, 2, 7})
	f.Add("a:Standby:eth9:6.6.6.6", "\x1b[2J", "x\ny", "\x00\xff\u202e", []byte{})
	f.Add("$(reboot)", "eth1;reboot", "`id`", "%s%n", make([]byte, 16))
	f.Fuzz(func(t *testing.T, name, device, target, text string, address []byte) {
		u := event.Uplink{Role: "Primary", Name: name, Interface: device}
		u.Address, _ = netip.AddrFromSlice(address)
		for _, e := range samples() {
			e.Uplink, e.Other, e.Target, e.Text, e.DNSName, e.DNSServer, e.Source = u, u, target, text, target, target, text
			for _, l := range lines(e) {
				if got := clean(l.text); strings.ContainsFunc(got, unicode.IsControl) || len(got) > maxLine {
					t.Errorf("log %q", got)
				}
			}
			checkArguments(t, e)
		}
	})
}

// checkArguments checks that no value has become two, or another one.
func checkArguments(t *testing.T, e event.Event) {
	t.Helper()
	args, scripted := arguments(e)
	for _, a := range args {
		rest, ok := strings.CutPrefix(a, part(e.Uplink.Name)+":Primary:"+part(e.Uplink.Interface)+":")
		if ok && rest != "" && rest != e.Uplink.Address.String() || ok && strings.Contains(part(e.Uplink.Name), ":") {
			t.Errorf("argument %q", a)
		}
	}
	if e.Kind == event.FailoverPrimary && (len(args) != 1 || !scripted) {
		t.Errorf("%d arguments", len(args))
	}
	names := make(map[string]bool)
	for _, v := range environment("main", e) {
		variable, _, ok := strings.Cut(v, "=")
		if !ok || names[variable] || strings.Contains(v, "\x00") || strings.Trim(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
			t.Errorf("variable %q", v)
		}
		names[variable] = true
	}
}
