package configure

import (
	"slices"
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/config"
)

// wrongAnswers are all the ways to answer wrongly, by the question, with what is
// said to each of them.
func wrongAnswers() map[string][][2]string {
	const (
		integer  = "% Enter an integer"
		positive = "% Must be greater than 0"
		number   = "% Enter an integer or floating point number"
		above    = "% Must be greater than 0.0"
		host     = "% A DNS name or IP address is required"
		host4    = " must be an IPv4 address or a DNS name"
		gateway  = "% primary-gw must be the IPv4 address of a gateway, auto or none"
		device   = "% primary-if must be an interface name: 1 to 15 bytes without '/', ':', blanks or control characters"
		yes      = "% Answer yes or no"
	)
	return map[string][][2]string{
		"global.action":       {{"/no/such", "% File '/no/such' does not exist"}, {"/etc/passwd", "% File '/etc/passwd' is not executable"}, {"/bin", "% File '/bin' is not executable"}},
		"global.note":         {{"a\x1bb", "% note must be text without control characters"}, {"\xff", "% note must be UTF-8 text"}},
		"ddns.enable":         {{"x", yes}, {"yess", yes}, {"1", yes}, {"true", yes}},
		"ddns.interval":       {{"abc", number}, {"0", above}, {"-1", above}, {"1,5", number}, {"NaN", "% interval must be a number of seconds greater than 0"}, {"1e9", "% interval must be at most 31536000 seconds (one year)"}},
		"updown.pingcount":    {{"two", integer}, {"2.0", integer}, {"0", positive}, {"-3", positive}, {"1001", "% pingcount must be a whole number from 1 to 1000"}, {"99999999999999999999", "% pingcount must be a whole number from 1 to 1000"}},
		"updown.pingwait":     {{"soon", number}, {"0", above}},
		"updown.monitorip":    {{"", host}, {"a b", host}, {"1.2.3", host}, {"a;b", host}, {"0.0.0.0", "% monitorip must be an IP address or a DNS name"}},
		"updown.addping":      {{"1.1.1.1,a b", "% A DNS Name/IP Address is ill-formed"}, {"300.1.1.1", "% A DNS Name/IP Address is ill-formed"}, {"0.0.0.0", "% A DNS Name/IP Address is ill-formed"}},
		"updown.dnsserver":    {{"-x", host}},
		"failover.metric":     {{"low", integer}, {"0", positive}, {"2147483648", "% metric must be a whole number from 0 to 2147483647"}},
		"failover.primary-if": {{"", "% Value required"}, {"eth/1", device}, {"a b", device}, {strings.Repeat("x", 16), device}},

		"failover.prefer-primary":   {{"maybe", yes}, {"true", yes}},
		"failover.primary-name":     {{"", "% Value required"}},
		"failover.primary-gw":       {{"", "% IP Address required"}, {"router", "% IP Address required"}, {"192.168.42", "% IP Address required"}, {"2001:db8::1", gateway}, {"224.0.0.1", gateway}},
		"failover.primary-ping":     {{"a b", host}, {"2001:db8::1", "% primary-ping must be a list of IPv4 addresses or DNS names (with :PORT for method tcp), or URLs for method http"}},
		"failover.primary-postping": {{"..", host}, {"::1", "% primary-postping" + host4}},
	}
}

// A wrong answer gets its sentence, the question comes once more, and in the end the
// file is the same as without it.
func TestWrongAnswers(t *testing.T) {
	for name, answers := range wrongAnswers() {
		k, err := config.FindKey(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range answers {
			r := newRig(t, session()...)
			at := r.questionFor(k)
			r = newRig(t, slices.Insert(session(), at, a[0])...)
			text := r.mustWrite(Request{})
			prompt := r.prompts[at]
			r.saw(prompt + a[0] + "\n" + a[1] + "\n" + prompt)
			if text != sessionFile {
				t.Errorf("%s, after %q:\n%s", name, a[0], text)
			}
		}
	}
}

// questionFor runs and returns which question asked for a setting, from 0.
func (r *rig) questionFor(k config.Key) int {
	r.t.Helper()
	r.mustWrite(Request{})
	section := ""
	for i, prompt := range r.prompts {
		if _, rest, found := strings.Cut(prompt, "* Enable the '"); found {
			section, _, _ = strings.Cut(rest, "'")
		}
		global := k.Section == "global" && section == ""
		if (global || k.Section == section) && strings.Contains(prompt, k.Help) {
			return i
		}
	}
	r.t.Fatalf("%s was not asked for in %q", k, r.prompts)
	return 0
}

func TestRightAnswers(t *testing.T) {
	for name, cases := range map[string][][2]string{
		"global.note":      {{" Café 'x' \"y\" ", "Café 'x' \"y\""}, {"?", "?"}, {"-", ""}},
		"ddns.interval":    {{"0.5", "0.5"}, {"1e1", "10"}, {" 7 ", "7"}},
		"updown.pingwait":  {{"0.25", "0.25"}},
		"updown.pingcount": {{"1000", "1000"}},
		"updown.monitorip": {{"Router", "Router"}, {"fe80::1%eth1", "fe80::1%eth1"}, {"Example.ORG.", "Example.ORG."}},
		"updown.addping":   {{" a.example , 192.0.2.1,", "a.example,192.0.2.1"}, {"", ""}},

		"failover.prefer-primary": {{"y", "true"}, {"YES", "true"}, {"ye", "true"}, {"No", "false"}, {"", "false"}},
		"failover.primary-if":     {{"usb0", "usb0"}, {"Eth1", "Eth1"}},
		"failover.primary-gw":     {{"auto", "auto"}, {"10.9.8.7", "10.9.8.7"}},
	} {
		k, err := config.FindKey(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			answers := session()
			answers[newRig(t, session()...).questionFor(k)] = c[0]
			r := newRig(t, answers...)
			r.mustWrite(Request{})
			if got := r.values(config.Place{Instance: "demo", Path: "/etc/default/imon-demo"})[name]; got != c[1] {
				t.Errorf("%s: %q gave %q, want %q", name, c[0], got, c[1])
			}
		}
	}
}

func TestYesAndNo(t *testing.T) {
	for answer, want := range map[string]bool{"y": true, "Y": true, "yes": true, "Ye": true, "n": false, "NO": false, "": false} {
		r := newRig(t, "", "", "", answer, "", "", "", "n", "n", "n", "y")
		if !want {
			r.answers = slices.Delete(r.answers, 4, 7)
		}
		r.mustWrite(Request{})
		if got := r.values(mainJSON())["ddns.enable"] == "true"; got != want {
			t.Errorf("%q is taken as %v", answer, got)
		}
	}
}
