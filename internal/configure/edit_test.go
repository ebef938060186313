package configure

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/config"
)

// With Enter at every question an instance stays as it is, whatever it is.
func TestEnterKeepsEverything(t *testing.T) {
	r := newRig(t, session()...)
	r.mustWrite(Request{})
	before := r.text["/etc/default/imon-demo"]
	r.script = &script{answers: append([]string{"demo"}, make([]string, len(session())-1)...), tab: map[string]Completer{}}
	if after := r.mustWrite(Request{}); after != before {
		t.Errorf("%s", cmp.Diff(before, after))
	}
	r.saw("% '/etc/default/imon-demo' exists: Enter keeps what it has\n",
		"% To empty a value in brackets, answer -\nNote to add to config file [one line of info. Or not]: \n",
		"Full path to action script (action) [/bin/action]: \n",
		"* Enable the 'ddns' monitor? [Y/n]: \n",
		"Additional IP addresses to ping (addping) [192.168.92.1,192.168.1.1]: \n",
		"Prefer primary network (prefer-primary) [N]: \n",
		"Primary network interface name (primary-if) [eth1]: \n",
		"Primary network gateway IP Address (primary-gw) [192.168.42.1]: \n",
		"Wrote '/etc/default/imon-demo'\nThe old file is kept as '/etc/default/imon-demo~'\n")
	if strings.Count(r.shown.String(), "answer -") != 1 {
		t.Errorf("more than once:\n%s", r.shown.String())
	}
}

const edited = `{
  "global": { "action-timeout": 5, "debug": false, "datefmt": "%H", "note": "Old" },
  "ddns": { "enable": true, "providers": ["https://a.example/ip"], "interval": 300 },
  "updown": { "enable": false, "monitorip": "192.0.2.1", "addping": ["192.0.2.2", "192.0.2.3"], "pingcount": "3" },
  "failover": { "prefer-primary": true }
}`

// What the dialogue does not ask for is kept, so are the values of a monitor that is
// not enabled any more.
func TestEdit(t *testing.T) {
	r := newRig(t, "", "-", "", "n", "y", "", "5", "", "192.0.2.9", "-", "", "", "", "", "")
	r.text["/etc/default/imon-main"] = edited
	text := r.mustWrite(Request{})
	got := r.values(mainJSON())
	changed := map[string]string{}
	was := newRig(t)
	was.text["/etc/default/imon-main"] = edited
	for name, value := range was.values(mainJSON()) {
		if got[name] != value {
			changed[name] = got[name]
		}
	}
	want := map[string]string{
		"global.note": "", "ddns.enable": "false", "updown.enable": "true", "updown.pingcount": "5", "updown.monitorip": "192.0.2.9",
		"updown.addping": "", "global.instance": "main", "global.imon-configure-version": "V9.9",
		"global.imon-configure-created": "2026-01-02 03:04:05",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if r.text["/etc/default/imon-main~"] != edited {
		t.Error("the old file is not kept")
	}
	for _, part := range []string{
		"        \"debug\": false,\n        \"action-timeout\": 5\n    },\n    \"ddns\": {\n        \"enable\": false,\n        \"interval\": 300,\n",
		"        \"providers\": [\n            \"https://a.example/ip\"\n        ]\n    },\n    \"updown\"",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
}

// A broken file is no reason to lose what can be read of it, or the file.
func TestEditOfABrokenFile(t *testing.T) {
	broken := strings.Replace(strings.Replace(edited, `"interval": 300`, `"interval": "soon"`, 1), `"note"`, `"nodes"`, 1)
	r := newRig(t, slices.Repeat([]string{""}, 20)...)
	r.text["/etc/default/imon-main"] = broken
	r.mustWrite(Request{})
	r.saw("% '/etc/default/imon-main' exists: Enter keeps what it has\n",
		"% \"nodes\" in [global]: did you mean \"note\"? (/etc/default/imon-main:2)\n",
		"% Invalid value 'soon' for interval (/etc/default/imon-main:3: ddns.interval must be a number of seconds greater than 0)\n",
		"% What is wrong in it has the defaults now\n",
		"% Comments and unknown keys will be left only in the copy that is kept of it\n",
		"Interval between checks (interval) [10]: \n", "Wrote")
	if got := r.values(mainJSON()); got["global.datefmt"] != "%H" || got["ddns.interval"] != "10" || got["ddns.providers"] != "https://a.example/ip" {
		t.Errorf("%v", got)
	}
	if r.text["/etc/default/imon-main~"] != broken {
		t.Error("the old file is not kept")
	}

	r = newRig(t, onlyUpdown("")...)
	r.text["/etc/default/imon-main"] = "{ \"global\": \n"
	r.mustWrite(Request{})
	r.saw("% Configuration file '/etc/default/imon-main' has invalid syntax: line 1: the file ends before its last brace or quote is closed\n", "Wrote")
	if r.text["/etc/default/imon-main~"] != "{ \"global\": \n" {
		t.Error("the old file is not kept")
	}
}

// A script that has gone is not kept by Enter.
func TestActionThatHasGone(t *testing.T) {
	r := newRig(t, "", "", "", "-", "", "", "", "", "n", "n", "n", "")
	r.text["/etc/default/imon-main"] = `{ "global": { "action": "/gone" }, "ddns": { "enable": true } }`
	r.mustWrite(Request{})
	r.saw("(action) [/gone]: \n% File '/gone' does not exist\nFull path to action script (action) [/gone]: -\n")
	if got := r.values(mainJSON())["global.action"]; got != "" {
		t.Errorf("action %q", got)
	}
}

// A gateway that Enter keeps is looked at again, as the interface may be another.
func TestGatewayOfAnotherInterface(t *testing.T) {
	r := newRig(t, session()...)
	r.mustWrite(Request{})
	answers := append([]string{"demo"}, make([]string, len(session())-1)...)
	answers[slices.Index(session(), "eth1")] = "eth10"
	r.script = &script{answers: answers, tab: map[string]Completer{}}
	r.mustWrite(Request{})
	r.saw("(primary-gw) [192.168.42.1]: \n% 192.168.42.1 is in no network of eth10")
}

// What cannot be read is not written over.
func TestEditOfAnUnreadableFile(t *testing.T) {
	r := newRig(t, session()...)
	r.disk.text = nil
	s := Session{Terminal: r.script, Machine: r.box, Files: &sick{}}
	_, err := s.Run(t.Context(), Request{})
	if err == nil || len(r.answers) > 0 {
		t.Errorf("%v, with answers left: %v", err, r.answers)
	}
	r.saw("% network is unreachable\nInstance name [main]: ")
	if _, err = s.Run(t.Context(), Request{Instance: "main"}); err != errNetwork {
		t.Errorf("%v", err)
	}
}

// sick are files that cannot be read.
type sick struct{ disk }

func (sick) Read(string) ([]byte, error) { return nil, errNetwork }

// Every key that is in the file keeps its value when another one is set.
func TestSetLeavesTheOthers(t *testing.T) {
	for _, k := range config.Keys() {
		if k.Section == "global" || k.Kind != config.KindCount && k.Kind != config.KindSeconds {
			continue
		}
		r := newRig(t)
		r.text["/etc/default/imon-main"] = edited
		before := r.values(mainJSON())
		r.mustWrite(Request{Changes: []Change{{Key: k.String(), Value: "77"}}})
		after := r.values(mainJSON())
		maps.DeleteFunc(after, func(name, value string) bool {
			return value == before[name] || name == "global.instance" || strings.HasPrefix(name, "global.imon-configure-")
		})
		if diff := cmp.Diff(map[string]string{k.String(): "77"}, after); diff != "" {
			t.Errorf("%s (-want +got):\n%s", k, diff)
		}
	}
}
