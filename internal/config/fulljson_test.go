package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"
)

func mainInJSON() Place { return Place{Instance: "main", Path: "/etc/default/imon-main"} }

func mainInUCI() Place { return Place{Instance: "main", Path: UCIPath, UCI: true} }

// with returns the defaults with some settings, "section.key", changed.
func with(t testing.TB, values map[string]string) Config {
	t.Helper()
	c := Defaults()
	for name, value := range values {
		k, err := FindKey(name)
		if err != nil {
			t.Fatal(err)
		}
		if faults := k.Set(&c, value); len(faults) > 0 {
			t.Fatal(faults)
		}
	}
	return c
}

// Every line of it is what the Python imon-configure wrote, for a monitor that is
// enabled and for one that is not.
func TestFullJSONOfTheDefaults(t *testing.T) {
	want, err := os.ReadFile("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := mainInJSON().Text([]byte("of no interest"), with(t, map[string]string{
		"failover.enable": "true", "failover.pingwait": "0.25", "failover.interval": "1", "updown.interval": "1.5", "updown.pingwait": "0.5",
		"updown.addping": " a.example, 192.0.2.1", "global.note": "Büro \"x\" \\ 😀 \u2028 <&> \x7e", "failover.prefer-primary": "true",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the Python imon does not know is there only when it says something.
func TestFullJSONOfNewKeys(t *testing.T) {
	got, err := mainInJSON().Text(nil, with(t, map[string]string{
		"global.action-timeout": "5", "global.debug": "true", "ddns.providers": "https://a.example/,https://b.example/"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"\"imon-configure-created\": \"\",\n        \"debug\": true,\n        \"action-timeout\": 5\n    },\n",
		"\"pingwait\": 1,\n        \"providers\": \"https://a.example/,https://b.example/\"\n    },\n",
	} {
		if !strings.Contains(string(got), part) {
			t.Errorf("no %s in\n%s", part, got)
		}
	}
}

func TestFullJSONIsReadBack(t *testing.T) {
	for name, sample := range sampleConfigs(t) {
		text, err := mainInJSON().Text(nil, sample)
		if err != nil {
			t.Fatal(err)
		}
		d := mainInJSON().Draft(text)
		if diff := differences(sample, d.Config); diff != "" || !d.Found || len(d.Faults)+len(d.Warnings) > 0 {
			t.Errorf("%s: %s%v %v", name, diff, d.Faults, d.Warnings)
		}
		if again, _ := mainInJSON().Text(nil, d.Config); string(again) != string(text) {
			t.Errorf("%s is written in two ways", name)
		}
	}
}

// sampleConfigs has for each key a configuration in which it is not at its default.
func sampleConfigs(t testing.TB) map[string]Config {
	samples := map[string]Config{"nothing": Defaults()}
	for _, k := range Keys() {
		samples[k.String()] = with(t, map[string]string{k.String(): sampleTexts()[k.Kind], "ping.enable": "true"})
	}
	return samples
}

// differences names the settings in which two configurations differ.
func differences(a, b Config) string {
	var names strings.Builder
	for _, k := range Keys() {
		if k.Get(a) != k.Get(b) {
			names.WriteString(k.String() + " ")
		}
	}
	return names.String()
}

func TestFullJSONRefusesOtherText(t *testing.T) {
	c := Defaults()
	c.Global.Note = "\xff"
	_, err := mainInJSON().Text(nil, c)
	wantFaults(t, err, "Invalid value '\ufffd' for note (global.note must be UTF-8 text in JSON)")
}

// A draft has what is right in a file, and says what is not.
func TestDraft(t *testing.T) {
	text := []byte("{ \"ping\": { \"enable\": true, \"interval\": \"x\", \"pingcount\": 5 },\n # c\n \"updown\": { \"interval\": -1, \"pingwait\": 3 } }")
	before := string(text)
	d := mainInJSON().Draft(text)
	wantFaults(t, d.Faults, "Invalid value 'x' for interval "+at+":1: ping.interval must be a number of seconds greater than 0)")
	if d.Config.Ping.Interval != Defaults().Ping.Interval || d.Config.Ping.Count != 5 || !d.Config.Ping.Enable || len(d.Warnings) != 1 || !d.Found {
		t.Errorf("%+v", d)
	}
	if string(text) != before {
		t.Error("it changed the text")
	}
	if d = mainInJSON().Draft([]byte("{")); d.Found || len(d.Faults) != 1 || differences(d.Config, Defaults()) != "" {
		t.Errorf("%+v", d)
	}
	if d = mainInJSON().Draft([]byte("{}")); !d.Found || len(d.Faults) > 0 {
		t.Errorf("%+v", d)
	}
	if d = mainInUCI().Draft([]byte("config instance 'other'\n")); d.Found || len(d.Faults) != 1 {
		t.Errorf("%+v", d)
	}
	if d = mainInUCI().Draft([]byte("config instance 'main'\n")); !d.Found || len(d.Faults) > 0 || !d.Config.Off() {
		t.Errorf("%+v", d)
	}
}

// The sentences about a text that is not written yet name no line.
func TestCheckOfAText(t *testing.T) {
	fs := afero.NewMemMapFs()
	for text, want := range map[string]string{
		"{\n\"ping\": { \"enable\": true } }":                                     "ping monitor requires an IP Address to monitor (ping.monitorip is missing)",
		"{\n\"ping\": { \"interval\": \"x\" } }":                                  "No monitors are enabled. See documentation",
		"{\n\"ddns\": { \"enable\": true, \"interval\": \"x\" } }":                "Invalid value 'x' for interval (ddns.interval must be a number of seconds greater than 0)",
		"{\n\"ddns\": { \"enable\": true }, \"global\": { \"action\": \"/a\" } }": "Action script '/a' not found",
	} {
		_, err := mainInJSON().Check(fs.Stat, []byte(text))
		wantFaults(t, err, want)
		if faults, _ := err.(Faults); faults[0].Idle() != strings.HasPrefix(want, "No monitors") {
			t.Errorf("%s: idle %v", want, faults[0].Idle())
		}
	}
	warnings, err := mainInUCI().Check(fs.Stat, []byte("config instance main\n option ddns_enable 1\n option x 1\n"))
	if err != nil || len(warnings) != 1 || warnings[0].Text != `option "x": unknown option, ignored` {
		t.Errorf("%v, %v", warnings, err)
	}
}

func TestUnset(t *testing.T) {
	d := mainInJSON().Draft([]byte(`{ "ping": { "interval": 10, "pingcount": 5 } }`))
	kept := d.Config
	for _, name := range []string{"ping.interval", "ping.pingcount"} {
		k, err := FindKey(name)
		if err != nil {
			t.Fatal(err)
		}
		d.Config.Unset(k)
	}
	if differences(d.Config, Defaults()) != "" || len(d.Config.settings()) > 0 {
		t.Errorf("%v", d.Config.settings())
	}
	if kept.Ping.Count != 5 || len(kept.settings()) != 2 {
		t.Errorf("a copy changed too: %v", kept.settings())
	}
}

func TestFindKey(t *testing.T) {
	for _, k := range Keys() {
		if found, err := FindKey(k.String()); err != nil || found.String() != k.String() {
			t.Errorf("%s: %v, %v", k, found, err)
		}
	}
	for name, want := range map[string]string{
		"ping.monitoripp": `"monitoripp" in [ping]: did you mean "monitorip"?`,
		"ping.dnsserver":  `"dnsserver" in [ping]: it belongs to [updown]`,
		"primary-if":      `"primary-if": it belongs to [failover], write SECTION.primary-if`,
		"pingg.enable":    `"pingg.enable": did you mean "ping.enable"?`,
		"":                `"": unknown key, see imon.conf(5)`,
	} {
		if _, err := FindKey(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}
