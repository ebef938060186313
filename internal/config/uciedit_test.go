package config

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const editable = `# top
config globals 'globals'
	option gogc '50'	# kept

config instance main
	option enabled 1
	# a comment within
	option	action	""
	option updown_monitorip "192.0.2.1"   # gone with its line
	list updown_addping 'a.example'
	option shoe_size 'it'\''s 46'
	list updown_addping "b.example"
	option poem 'two

lines'

config instance 'lte'; option enabled 0
  option ddns_enable 1

config instance 'main'
	option updown_enable 'yes'`

// edit changes settings of editable and returns the new text.
func edit(t testing.TB, text string, values map[string]string) string {
	t.Helper()
	d := mainInUCI().Draft([]byte(text))
	if !d.Found {
		t.Fatal(d.Faults)
	}
	for name, value := range values {
		k, err := FindKey(name)
		if err != nil {
			t.Fatal(err)
		}
		k.Set(&d.Config, value)
	}
	got, err := mainInUCI().Text([]byte(text), d.Config)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// Only the lines of what changes are others than before.
func TestEditUCI(t *testing.T) {
	for _, c := range []struct {
		name, value string
		old, new    string // pairs of what is replaced
	}{
		{"global.action", "", "", ""},
		{"updown.enable", "true", "", ""},
		{"updown.enable", "false", "\toption updown_enable 'yes'", "\toption updown_enable '0'\n"},
		{"updown.monitorip", "192.0.2.9", "option updown_monitorip \"192.0.2.1\"   # gone with its line", "option updown_monitorip '192.0.2.9'"},
		{"updown.addping", "a.example,b.example", "", ""},
		{"updown.addping", "c.example", "\tlist updown_addping 'a.example'\n\toption shoe_size 'it'\\''s 46'\n\tlist updown_addping \"b.example\"\n",
			"\toption updown_addping 'c.example'\n\toption shoe_size 'it'\\''s 46'\n"},
		{"updown.addping", "", "\tlist updown_addping 'a.example'\n\toption shoe_size 'it'\\''s 46'\n\tlist updown_addping \"b.example\"\n", "\toption shoe_size 'it'\\''s 46'\n"},
		{"global.action", "/bin/it's", "\toption\taction\t\"\"\n", "\toption action '/bin/it'\\''s'\n"},
		{"ping.interval", "0.5", "option updown_enable 'yes'", "option updown_enable 'yes'\n\toption ping_interval '0.5'\n"},
	} {
		want := editable
		if c.old != "" {
			want = strings.Replace(editable, c.old, c.new, 1)
		}
		if got := edit(t, editable, map[string]string{c.name: c.value}); got != want {
			t.Errorf("%s = %q:\n%s", c.name, c.value, cmp.Diff(want, got))
		}
	}
}

// A value with line breaks is one that imon refuses: it goes, and the rest stays.
func TestEditOfAFaultyOption(t *testing.T) {
	faulty := strings.Replace(editable, "poem", "note", 1)
	d := mainInUCI().Draft([]byte(faulty))
	if len(d.Faults) != 1 || d.Faults[0].Key != "note" {
		t.Fatalf("%v", d.Faults)
	}
	if got := edit(t, faulty, nil); got != strings.Replace(editable, "\toption poem 'two\n\nlines'\n", "", 1) {
		t.Errorf("%s", got)
	}
	odd := "config instance 'main'\n\toption enabled 'perhaps'\n"
	if got := edit(t, odd, nil); got != strings.Replace(odd, "perhaps", "1", 1) {
		t.Errorf("%s", got)
	}
}

// Commands that share a line cannot be taken apart: then nothing is changed.
func TestEditOfSharedLines(t *testing.T) {
	for _, text := range []string{
		"config instance 'main'\n\toption enabled '1' ; option shoe_size '46'\n\toption ping_interval 3 ; option other 'x'\n",
		"config instance 'main' ; option ping_interval 3\n",
		"config instance 'main'\n\toption ping_interval 3 ; config instance 'lte'\n",
	} {
		d := mainInUCI().Draft([]byte(text))
		d.Config.Enable()
		d.Config.Ping.Interval *= 2
		_, err := mainInUCI().Text([]byte(text), d.Config)
		wantFaults(t, err, "Configuration file '/etc/config/imon' cannot be edited without harm to other parts of it: give each option of instance 'main' a line of its own")
	}
}

func TestEditRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"config instance 'main": "Configuration file '/etc/config/imon' has invalid syntax: line 1, byte 21: the ' of line 1 is never closed",
		"config x main\n":       "Instance configuration file 'main' not found (/etc/config/imon: line 1 has 'config x' where 'config instance' is due)",
	} {
		_, err := mainInUCI().Text([]byte(text), Defaults())
		wantFaults(t, err, want)
	}
	p := mainInUCI()
	p.Instance = "a-b"
	_, err := p.Text(nil, Defaults())
	wantFaults(t, err, "Invalid value 'a-b' for instance ("+ruleUCIName+")")
}

// A new section comes at the end, also where the last line has no end.
func TestEditAddsASection(t *testing.T) {
	p := mainInUCI()
	p.Instance = "new"
	c := with(t, map[string]string{"ddns.enable": "true"})
	const section = "config instance 'new'\n\toption enabled '1'\n\toption ddns_enable '1'\n"
	for before, want := range map[string]string{
		"": section, "# only a comment": "# only a comment\n\n" + section, editable: editable + "\n\n" + section,
	} {
		if got, err := p.Text([]byte(before), c); err != nil || string(got) != want {
			t.Errorf("%v\n%s", err, got)
		}
	}
}

// Between any two sets of values: the file has the second one, everything else is as
// it was, the way back too, and uci reads it as imon does.
func TestEditOfRandomFiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	program, found := realUCI(t)
	var run uciRun
	if found {
		run = newUCIRun(t, program)
	}
	place := mainInUCI()
	for range 300 {
		from, _, err := readFrom(t, randomJSON(rng))
		if err != nil {
			t.Fatal(err)
		}
		to, _, err := readFrom(t, randomJSON(rng))
		if err != nil {
			t.Fatal(err)
		}
		section, err := from.UCI("main")
		if err != nil {
			t.Fatal(err)
		}
		before := "# one\nconfig other\n\toption x '1'\n\n" + string(section) + "\toption shoe_size '46'\n# two\n\nconfig instance 'z'\n"
		after, err := place.Text([]byte(before), to)
		if err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		if d := place.Draft(after); differences(d.Config, to) != "" {
			t.Fatalf("%s differ:\n%s", differences(d.Config, to), after)
		}
		for _, part := range []string{"# one\nconfig other\n\toption x '1'\n\nconfig instance 'main'\n", "\toption shoe_size '46'\n", "# two\n\nconfig instance 'z'\n"} {
			if !strings.Contains(string(after), part) {
				t.Fatalf("no %q in\n%s", part, after)
			}
		}
		if same, err := place.Text([]byte(before), from); err != nil || string(same) != before {
			t.Fatalf("without a change: %v\n%s", err, cmp.Diff(before, string(same)))
		}
		if found && !run.compare(t, after) {
			t.Fatalf("uci refuses\n%s", after)
		}
	}
}

// Whatever a file is: it is refused, or has the new value and all that it had besides.
func FuzzEditUCI(f *testing.F) {
	f.Add(editable, "192.0.2.9")
	f.Add("config instance 'main'\n\toption ping_interval 3 ; option other 'x'\n", "a")
	f.Add("config instance main\n list ping_monitorip a\\\nb\n", "b")
	f.Add("\x00config instance main\r\n", "c")
	f.Fuzz(func(t *testing.T, text, host string) {
		c := Defaults()
		k, _ := FindKey("ping.monitorip")
		if k.Set(&c, host) != nil {
			return
		}
		got, err := mainInUCI().Text([]byte(text), c)
		if err != nil {
			return
		}
		if d := mainInUCI().Draft(got); d.Config.Ping.Target != host || d.Config.Off() || len(d.Faults) > 0 {
			t.Errorf("%q, %v in\n%s", d.Config.Ping.Target, d.Faults, got)
		}
	})
}
