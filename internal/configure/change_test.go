package configure

import (
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/config"
)

// changes makes Changes of what the command line says; "-key" unsets.
func changes(t *testing.T, texts ...string) []Change {
	t.Helper()
	var all []Change
	for _, text := range texts {
		if key, unset := strings.CutPrefix(text, "-"); unset {
			all = append(all, Change{Key: key, Unset: true})
			continue
		}
		c, err := ParseChange(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestSet(t *testing.T) {
	r := newRig(t)
	text := r.mustWrite(Request{Changes: changes(t, "updown.monitorip=1.1.1.1", "updown.enable=true", "global.note=a = b", "ddns.providers=https://a.example/,b.example")})
	if r.shown.String() != "Wrote '/etc/default/imon-main'\n" {
		t.Errorf("said %q", r.shown.String())
	}
	got := r.values(mainJSON())
	if got["updown.monitorip"] != "1.1.1.1" || got["updown.enable"] != "true" || got["global.note"] != "a = b" || got["ddns.providers"] != "https://a.example/,http://b.example/" {
		t.Errorf("%v", got)
	}
	if !strings.Contains(text, "\"interval\": 10.0,\n        \"pingcount\": 2,\n        \"pingwait\": 1,\n        \"monitorip\": \"1.1.1.1\"") {
		t.Errorf("%s", text)
	}

	r.shown.Reset()
	if done, err := r.run(Request{Changes: changes(t, "updown.enable=true")}); err != nil || done.Written {
		t.Errorf("the same once more: %v, %v", done, err)
	}
	r.mustLeave()
	r.saw("'/etc/default/imon-main' has these settings already\n")

	r.mustWrite(Request{Changes: changes(t, "-ddns.providers", "-global.note", "updown.interval=0.5")})
	if got := r.values(mainJSON()); got["global.note"] != "" || len(got["ddns.providers"]) < 100 || got["updown.interval"] != "0.5" {
		t.Errorf("%v", got)
	}
	if strings.Contains(r.text["/etc/default/imon-main"], "providers") {
		t.Errorf("a default is there:\n%s", r.text["/etc/default/imon-main"])
	}
}

// All faults come at once, and nothing is written.
func TestSetRefuses(t *testing.T) {
	const one = "{ \"updown\": { \"enable\": true, \"monitorip\": \"192.0.2.1\",\n \"interval\": \"soon\" }, \"ddns\": { \"pingwait\": [] } }"
	for _, c := range []struct {
		file    string
		changes []string
		want    string
	}{
		{"", []string{"updown.enable=true"}, "updown monitor requires an IP Address to monitor (updown.monitorip is missing)"},
		{"", []string{"updown.monitorip=1.1.1.1"}, "No monitors are enabled. See documentation"},
		{"", []string{"failover.enable=true", "failover.primary-if=eth1", "failover.standby-gw=10.0.0.1"}, "Missing settings for failover monitor:  primary-gw standby-if"},
		{"", []string{"updown.pingcout=2", "updown.enable=yes", "monitorip=1", "updown_enable=true", "x.y=1", "updwn.enable=true"},
			"\"pingcout\" in [updown]: did you mean \"pingcount\"?\n" +
				"Invalid value 'yes' for enable (updown.enable must be true or false)\n" +
				"\"monitorip\": it belongs to [updown] or [ping], write SECTION.monitorip\n" +
				"\"updown_enable\": did you mean \"updown.enable\"?\n" +
				"\"x.y\": unknown key, see imon.conf(5)\n" +
				"\"updwn.enable\": did you mean \"updown.enable\"?"},
		{"", []string{"-updown.nothing"}, "\"nothing\" in [updown]: unknown key"},
		{"", []string{"global.action=/gone", "ddns.enable=true"}, "Action script '/gone' not found"},
		{"", []string{"global.note=\xff", "ddns.enable=true"}, "Invalid value '\ufffd' for note (global.note must be UTF-8 text in JSON)"},
		{one, []string{"ddns.enable=true"}, "Invalid value 'soon' for interval (/etc/default/imon-main:2: updown.interval must be a number of seconds greater than 0)"},
		{"{", []string{"ddns.enable=true"}, "Configuration file '/etc/default/imon-main' has invalid syntax: line 1: the file ends before its last brace or quote is closed"},
		{"{ \"ddns\": { \"enable\": true } }", []string{"ddns.enable=false"}, "No monitors are enabled. See documentation"},
	} {
		r := newRig(t)
		if c.file != "" {
			r.text["/etc/default/imon-main"] = c.file
		}
		_, err := r.run(Request{Changes: changes(t, c.changes...)})
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v\nwant %s", c.changes, err, c.want)
		}
		r.mustLeave()
	}
}

// A change may mend what is wrong in a file. A wrong value of a monitor that is off
// is only said.
func TestSetMends(t *testing.T) {
	r := newRig(t)
	r.text["/etc/default/imon-main"] = "{ \"updown\": { \"enable\": true, \"monitorip\": \"192.0.2.1\", \"interval\": \"soon\" }, \"ddns\": { \"pingwait\": [] } }"
	r.mustWrite(Request{Changes: changes(t, "updown.interval=3")})
	r.saw("% Invalid value '[]' for pingwait is ignored, as [ddns] is not enabled (/etc/default/imon-main:1: ddns.pingwait must be")
	if got := r.values(mainJSON()); got["updown.interval"] != "3" || got["updown.monitorip"] != "192.0.2.1" {
		t.Errorf("%v", got)
	}
}

func TestSetThatCannotBeWritten(t *testing.T) {
	r := newRig(t)
	r.locked = errDenied
	if done, err := r.run(Request{Changes: changes(t, "ddns.enable=true")}); err != errDenied || done.Written {
		t.Errorf("%v, %v", done, err)
	}
}

func TestParseChange(t *testing.T) {
	if _, err := ParseChange("updown.enable"); err == nil || err.Error() != `"updown.enable" has no =: write SECTION.KEY=VALUE` {
		t.Errorf("%v", err)
	}
}

const router = `# mine
config globals 'globals'
	option gogc '50'

config instance 'main'
	option enabled '0' # not yet
	# where to
	option updown_monitorip '192.0.2.1'
	option updown_enable 'yes'
	option shoe_size '46'

config instance 'lte'
	option enabled 'on'
	option ddns_enable '1'
`

// On OpenWrt the section is edited, and nothing else.
func TestUCI(t *testing.T) {
	r := newRig(t, "", "", "", "n", "", "", "", "", "192.0.2.7", "", "", "", "n", "n", "")
	r.text[config.UCIPath] = router
	text := r.mustWrite(Request{OpenWrt: true})
	want := strings.Replace(strings.Replace(router, "option enabled '0' # not yet", "option enabled '1'", 1), "192.0.2.1", "192.0.2.7", 1)
	if text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	if mode := r.modes[config.UCIPath]; mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
	r.saw("% Instance 'main' of '/etc/config/imon' exists: Enter keeps what it has\n",
		"% option \"shoe_size\": unknown option, ignored (/etc/config/imon:10)\n",
		"* Enable the 'updown' monitor? [Y/n]: \n",
		"Write configuration file '/etc/config/imon'? [Y/n] \nWrote '/etc/config/imon'\nThe old file is kept as '/etc/config/imon~'\n")
	if strings.Count(r.shown.String(), "shoe_size") != 1 {
		t.Error("said twice")
	}
}

func TestUCIOfANewInstance(t *testing.T) {
	for _, before := range []string{"", router} {
		r := newRig(t, onlyUpdown("")...)
		r.answers[0] = "new"
		if before != "" {
			r.text[config.UCIPath] = before
			before += "\n"
		}
		text := r.mustWrite(Request{Format: UCI})
		want := before + "config instance 'new'\n\toption enabled '1'\n\toption updown_enable '1'\n\toption updown_monitorip '1.1.1.1'\n"
		if text != want {
			t.Errorf("%s\nwant\n%s", text, want)
		}
	}
}

// Setting does not enable an instance.
func TestSetInUCI(t *testing.T) {
	r := newRig(t)
	r.text[config.UCIPath] = router
	done, err := r.run(Request{OpenWrt: true, Changes: changes(t, "updown.addping=192.0.2.8,192.0.2.9")})
	want := strings.Replace(router, "'46'\n", "'46'\n\toption updown_addping '192.0.2.8,192.0.2.9'\n", 1)
	if err != nil || !done.Written || done.Enabled || r.text[config.UCIPath] != want {
		t.Errorf("%v, %v\n%s", done, err, r.text[config.UCIPath])
	}
}

func TestUCIThatCannotBeEdited(t *testing.T) {
	for text, want := range map[string]string{
		"config instance 'main\n": "Configuration file '/etc/config/imon' has invalid syntax: line 1, byte 22: the ' of line 1 is never closed",
		"config other 'main'\n":   "Instance configuration file 'main' not found (/etc/config/imon: line 1 has 'config other' where 'config instance' is due)",
	} {
		r := newRig(t, onlyUpdown("")...)
		r.text[config.UCIPath] = text
		if _, err := r.run(Request{Instance: "main", OpenWrt: true}); err == nil || err.Error() != want || len(r.prompts) > 0 {
			t.Errorf("%v\nwant %s", err, want)
		}
		r.mustLeave()
	}
}

// Which file is read and which one is written.
func TestWhichFile(t *testing.T) {
	const json = `{ "ddns": { "enable": true, "interval": 300 } }`
	both := map[string]string{"/etc/default/imon-main": json, config.UCIPath: router}
	for _, c := range []struct {
		files   map[string]string
		request Request
		want    string
	}{
		{nil, Request{}, "/etc/default/imon-main"},
		{nil, Request{OpenWrt: true}, config.UCIPath},
		{nil, Request{OpenWrt: true, Format: JSON}, "/etc/default/imon-main"},
		{nil, Request{Format: UCI}, config.UCIPath},
		{both, Request{OpenWrt: true}, "/etc/default/imon-main"},
		{both, Request{OpenWrt: true, Format: UCI}, config.UCIPath},
		{map[string]string{config.UCIPath: router}, Request{OpenWrt: true, Format: JSON}, "/etc/default/imon-main"},
	} {
		r := newRig(t)
		for path, text := range c.files {
			r.text[path] = text
		}
		c.request.Changes = changes(t, "ping.enable=true", "ping.monitorip=192.0.2.1")
		done, err := r.run(c.request)
		if err != nil || done.Place.Path != c.want || r.text[c.want] == c.files[c.want] {
			t.Errorf("%+v: %+v, %v", c, done, err)
		}
		ddns, updown := c.files["/etc/default/imon-main"] != "", c.files[config.UCIPath] != "" && c.files["/etc/default/imon-main"] == ""
		got := r.values(done.Place)
		if (got["ddns.interval"] == "300") != ddns || (got["updown.monitorip"] == "192.0.2.1") != updown {
			t.Errorf("%+v: begins with %v", c, got)
		}
		shadowed := strings.Contains(r.shown.String(), "% As long as '/etc/default/imon-main' exists, imon reads it instead: remove it\n")
		if shadowed != (ddns && c.want == config.UCIPath) {
			t.Errorf("%+v: said\n%s", c, r.shown.String())
		}
	}
}

func TestPendingChangesOfUCI(t *testing.T) {
	r := newRig(t)
	r.text[config.UCIPath] = router
	r.files["tmp/.uci/imon"] = r.files["bin/action"]
	r.files["tmp/.uci/imon"].Data = []byte("imon.main.enabled='1'\n")
	r.mustWrite(Request{OpenWrt: true, Changes: changes(t, "updown.interval=3")})
	r.saw("% There are changes that are not committed, 'uci changes imon' shows them: 'uci commit imon' puts them over this\n")
}
