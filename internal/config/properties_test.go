package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// complete is a file that enables every monitor, with what each one needs, as
// sections of keys of JSON values. It leaves every other key out.
func complete() map[string]map[string]string {
	return map[string]map[string]string{
		"global": {},
		"ddns":   {"enable": "true"},
		"updown": {"enable": "true", "monitorip": `"192.0.2.1"`},
		"failover": {"enable": "true", "primary-if": `"eth1"`, "primary-gw": `"192.0.2.1"`,
			"standby-if": `"eth2"`, "standby-gw": `"198.51.100.1"`},
		"ping": {"enable": "true", "monitorip": `"192.0.2.1"`},
	}
}

// encode writes a file, one key per line, in an order of its own each time.
func encode(file map[string]map[string]string) string {
	var sections []string
	for name, keys := range file {
		var lines []string
		for key, value := range keys {
			lines = append(lines, fmt.Sprintf("  %q: %s", key, value))
		}
		sections = append(sections, fmt.Sprintf("%q: {\n%s\n}", name, strings.Join(lines, ",\n")))
	}
	return "{\n" + strings.Join(sections, ",\n") + "\n}\n"
}

// Each key alone, wrong in an otherwise good file, is one fault that names it.
func TestEveryKeyHasItsFault(t *testing.T) {
	for _, k := range Keys() {
		file := complete()
		file[k.Section][k.Name] = `{}`
		_, warnings, err := load(t, encode(file))
		wantWarnings(t, warnings)
		faults, ok := err.(Faults)
		if !ok || len(faults) != 1 {
			t.Errorf("%s: %v, want one fault", k, err)
			continue
		}
		f := faults[0]
		want := fmt.Sprintf("Invalid value '%s' for %s (%s:%d: %s %s)", k.Hide("{}"), k.Name, testFile, f.Line, k, k.Kind.rule())
		if f.Section != k.Section || f.Key != k.Name || f.Line == 0 || f.Error() != want {
			t.Errorf("%s: %+v\nwant %s", k, f, want)
		}
	}
}

// The same in the section of a monitor that is off is one warning.
func TestEveryKeyIsForgivenWhenOff(t *testing.T) {
	for _, k := range Keys() {
		if k.Section == "global" || k.Name == "enable" {
			continue
		}
		file := complete()
		file[k.Section]["enable"] = "false"
		file[k.Section][k.Name] = `{}`
		c, warnings := mustLoad(t, encode(file))
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0].Text, "Invalid value '"+k.Hide("{}")+"' for "+k.Name) {
			t.Errorf("%s: %v, want one warning", k, warnings)
		}
		if got := k.Get(c); got != k.Default {
			t.Errorf("%s = %q, want the default", k, got)
		}
	}
}

// Every slip of one finger in every key leads back to that key, or to one that
// is as near, or is a key of another section.
func TestEverySlipIsNoticed(t *testing.T) {
	for _, k := range Keys() {
		for _, slip := range slips(k.Name) {
			if slices.ContainsFunc(Keys(), func(other Key) bool { return other.Section == k.Section && other.Name == slip }) {
				continue
			}
			file := complete()
			file[k.Section][slip] = "1"
			_, warnings, _ := load(t, encode(file))
			if len(warnings) != 1 {
				t.Fatalf("%q in [%s]: %v", slip, k.Section, warnings)
			}
			text := warnings[0].String()
			if !strings.Contains(text, "did you mean") && !strings.Contains(text, "it belongs to") {
				t.Errorf("no suggestion: %s", text)
			}
		}
	}
}

// slips are the spellings with one letter left out, doubled or swapped.
func slips(word string) []string {
	var all []string
	for i := range len(word) {
		all = append(all, word[:i]+word[i+1:], word[:i+1]+word[i:])
		if i > 0 && word[i] != word[i-1] {
			all = append(all, word[:i-1]+word[i:i+1]+word[i-1:i]+word[i+1:])
		}
	}
	return all
}

// together is a text for a key that goes with those for all others.
func together(k Key) string {
	switch k.Kind {
	case KindTargets:
		return "192.0.2.1,host.example"
	case KindTargets6:
		return "2001:db8::1,host.example"
	case KindUplinks:
		return "if=eth3 gw=auto; if=eth4 name=lte gw=192.0.2.1"
	}
	switch k.Name {
	case "reliability":
		return "2"
	case "sources":
		return "http,dns"
	}
	return sampleTexts()[k.Kind]
}

// The order of sections and keys in a file means nothing.
func TestOrderMeansNothing(t *testing.T) {
	file := complete()
	for _, k := range Keys() {
		if _, ok := file[k.Section][k.Name]; ok || k.Kind == KindPath {
			continue
		}
		text, err := json.Marshal(together(k))
		if err != nil {
			t.Fatal(err)
		}
		file[k.Section][k.Name] = string(text)
	}
	first, _ := mustLoad(t, encode(file))
	for range 20 {
		again, _ := mustLoad(t, encode(file))
		if diff := diffConfig(first, again); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
		if diff := cmp.Diff(first.Listing(), again.Listing()); diff != "" {
			t.Fatalf("listing (-first +again):\n%s", diff)
		}
	}
}

func TestFaultsAreSortedByLine(t *testing.T) {
	for range 20 {
		file := complete()
		for _, k := range Keys() {
			file[k.Section][k.Name] = `{}`
		}
		_, _, err := load(t, encode(file))
		var lines []int
		for _, f := range err.(Faults) {
			lines = append(lines, f.Line)
		}
		if len(lines) != len(Keys()) || !slices.IsSorted(lines) {
			t.Fatalf("%d keys, lines of the faults: %v", len(Keys()), lines)
		}
	}
}

func TestFaultsWithoutALineComeLast(t *testing.T) {
	faults := Faults{{Line: 0, Key: "a"}, {Line: 3}, {Line: 0, Key: "b"}, {Line: 1}}
	sortFaults(faults)
	want := Faults{{Line: 1}, {Line: 3}, {Line: 0, Key: "a"}, {Line: 0, Key: "b"}}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Nothing is shared: what one caller does to its copy is not seen by another.
func TestNothingIsShared(t *testing.T) {
	Keys()[0].Section = "changed"
	Sections()[0] = "changed"
	Defaults().DDNS.Providers[0] = "changed"
	if Keys()[0].Section != "global" || Sections()[0] != "global" ||
		strings.Contains(strings.Join(Defaults().DDNS.Providers, ","), "changed") {
		t.Error("a caller changed the table")
	}
	fs := disk(t, encode(complete()))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, _, err := Load(fs, "main", ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestEnabledInTheOrderOfTheStart(t *testing.T) {
	c, _ := mustLoad(t, encode(complete()))
	if diff := cmp.Diff([]string{"ddns", "updown", "failover", "ping"}, c.Enabled()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range c.Enabled() {
		file := complete()
		for section, keys := range file {
			if section != name {
				delete(keys, "enable")
			}
		}
		one, _ := mustLoad(t, encode(file))
		if diff := cmp.Diff([]string{name}, one.Enabled(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestRefutesNeedsServerAndName(t *testing.T) {
	for keys, want := range map[string]bool{
		`"dnsserver": "192.0.2.53", "dnslookup": "a.example"`: true,
		`"dnsserver": "192.0.2.53", "dnslookup": ""`:          false,
		`"dnslookup": "a.example"`:                            false,
		`"dnsserver": null`:                                   false,
	} {
		c, _ := mustLoad(t, `{"updown": {"enable": true, "monitorip": "a", `+keys+`}}`)
		if got := c.Updown.Refutes(); got != want {
			t.Errorf("%s: Refutes = %v", keys, got)
		}
	}
}
