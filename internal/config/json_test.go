package config

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"
)

func writeFile(t testing.TB, fs afero.Fs, path, text string) {
	t.Helper()
	if err := afero.WriteFile(fs, path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSyntaxFaults(t *testing.T) {
	deep := strings.Repeat("[", 20000)
	tests := []struct{ name, text, want string }{
		{"empty", "", "line 1: the file is empty"},
		{"blank", "\ufeff \r\n\t\n", "line 1: the file is empty"},
		{"only comments", "# a\n  ## b\n", "line 1: the file is empty"},
		{"list", "\n[]", "line 2: the sections must stand in braces"},
		{"text", `"ping"`, "line 1: the sections must stand in braces"},
		{"null", `null`, "line 1: the sections must stand in braces"},
		{"truncated", "{\n\"ping\": {\n\n", "line 2: the file ends before its last brace or quote is closed"},
		{"trailing comma", "{\"ping\": {\n\"enable\": true,\n}}", "line 3: a comma stands before a closing brace, where none may stand"},
		{"missing comma", "{\"ping\": {\n\"enable\": true\n\"interval\": 5}}", "line 3: '\"' where a comma or a closing brace is due"},
		{"open quote", "{\"ping\": {\n\"note\": \"a\n}}", `line 2: '\n' in a text, where it must be written as an escape such as \n`},
		{"NaN", "{\"ping\": {\n\"interval\": NaN}}", "line 2: 'N' where a value is due: a text in double quotes, a number, true, false, null, a list or a section"},
		{"two files", "{}\n{}", "line 2: '{' behind the last brace, where the file must end"},
		{"comment after a value", "{\"ping\": {\n\n\"enable\": true # yes\n}}", "line 3: a comment needs a line of its own that begins with #"},
		{"Latin-1", "{\"global\": {\n\"note\": \"\xe4\"}}", "line 2: not UTF-8 text"},
		{"deep", `{"a":` + "\n" + deep, "line 2: more than 10000 brackets and braces stand in each other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings, err := load(t, tt.text)
			wantFaults(t, err, "Configuration file '/etc/default/imon-main' has invalid syntax: "+tt.want)
			wantWarnings(t, warnings)
		})
	}
}

func TestCommentsMarkAndLineEnds(t *testing.T) {
	text := "# caf\xe9\n{\n\t#{\n  \"ping\": { ### no comment\n"
	_, _, err := load(t, text)
	if err == nil || !strings.Contains(err.Error(), "line 4: ") {
		t.Errorf("Load: %v", err)
	}
	text = "\ufeff# mark\r\n{\r\n### x\r\n\"ping\": {\r\n  #\r\n\"enable\": true,\r\n\"monitorip\":\r\n\"a#b\"}}\r\n#"
	_, _, err = load(t, text)
	wantFaults(t, err, "Invalid value 'a#b' for monitorip "+at+":7: ping.monitorip must be an IP address or a DNS name)")
	mustLoad(t, strings.Replace(text, "a#b", "a.b", 1))
}

func TestBlankCommentsKeepsPlaces(t *testing.T) {
	data := []byte("\ufeff{\n  ### a \"b\"\r\n\"c\": 1 # d\n#")
	blankComments(data)
	want := "   {\n" + strings.Repeat(" ", 12) + "\n\"c\": 1 # d\n "
	if got := string(data); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDuplicates(t *testing.T) {
	c, warnings := mustLoad(t, `{
"ping": {"interval": 5, "enable": true, "monitorip": "192.0.2.1"},
"ping": {
  "interval": 20,
  "enable": true,
  "monitorip": "192.0.2.2",
  "interval": 30
}}`)
	wantWarnings(t, warnings,
		`section "ping" stands there twice: line 2 is ignored, line 3 counts `+at+`:3)`,
		`"interval" in [ping] stands there twice: line 4 is ignored, line 7 counts `+at+`:7)`)
	want := Ping{Rounds: Rounds{Enable: true, Interval: 30 * time.Second, Count: 2, Wait: time.Second}, Target: "192.0.2.2", Quality: Quality{Window: time.Minute}}
	if diff := cmp.Diff(want, c.Ping); diff != "" {
		t.Errorf("the last one must win (-want +got):\n%s", diff)
	}
}

// Nothing of the first section may survive beside the second, as in Python.
func TestDuplicateSectionReplaces(t *testing.T) {
	c, _ := mustLoad(t, `{"ping": {"pingcount": 9}, "ping": {"enable": true, "monitorip": "a"}}`)
	if c.Ping.Count != 2 {
		t.Errorf("Count = %d, want the default 2", c.Ping.Count)
	}
}

func TestNullIsMissing(t *testing.T) {
	c, warnings := mustLoad(t, `{"global": null, "foo": null, "updown": null,
		"ping": {"enable": true, "monitorip": "a", "interval": null, "pingcount": null}}`)
	if c.Ping.Interval != 10*time.Second || c.Ping.Count != 2 {
		t.Errorf("got %+v", c.Ping)
	}
	wantWarnings(t, warnings, `section "foo": unknown section, ignored `+at+`:1)`)
}

func TestTooManyKeys(t *testing.T) {
	const prefix = `{"ping": {"enable": true, "monitorip": "a"`
	mustLoad(t, prefix+strings.Repeat(",\n\"k\": 1", 997)+"}}")
	_, _, err := load(t, prefix+strings.Repeat(",\n\"k\": 1", 998)+"}}")
	wantFaults(t, err, "Configuration file '/etc/default/imon-main' has invalid syntax: line 999: more than 1000 keys")
	_, _, err = load(t, "{"+strings.Repeat("\"k\": 1,\n", 1001)+"\"k\": 1}")
	wantFaults(t, err, "Configuration file '/etc/default/imon-main' has invalid syntax: line 1001: more than 1000 keys")
}

// Whatever stands in a mebibyte, the answer comes at once and is short.
func TestHostileFiles(t *testing.T) {
	const size = 1 << 20
	noise := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	long := strings.Repeat("x", size-100)
	files := map[string]string{
		"noise": string(noise), "zeros": string(make([]byte, size)), "brackets": strings.Repeat("[", size),
		"objects":   strings.Repeat(`{"a":`, size/5),
		"quotes":    strings.Repeat(`"`, size),
		"comments":  strings.Repeat("#\n", size/2),
		"empty":     strings.Repeat("\n", size),
		"keys":      "{" + strings.Repeat(`"a":1,`, size/6-2) + `"a":1}`,
		"long key":  `{"ping":{"` + long + `":1}}`,
		"long name": `{"` + long + `":1}`,
		"long text": `{"ping":{"enable":true,"monitorip":"` + long + `"}}`,
		"digits":    `{"ping":{"interval":` + strings.Repeat("9", size-100) + `,"enable":true}}`,
		"list":      `{"updown":{"enable":true,"addping":"` + strings.Repeat("_;,", size/3-30) + `"}}`,
		"path":      `{"global":{"action":"/` + long + `"}}`,
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			c, warnings, err := load(t, text)
			if err == nil || len(c.Enabled()) > 0 {
				t.Fatal("no fault")
			}
			if n := len(err.Error()); n > 20000 {
				t.Errorf("faults of %d bytes", n)
			}
			for _, w := range warnings {
				if n := len(w.String()); n > 500 {
					t.Errorf("a warning of %d bytes", n)
				}
			}
		})
	}
}

// Each beginning of a good file is a fault with a line.
func TestTruncatedFiles(t *testing.T) {
	text := "{\"ping\": {\n\"enable\": true,\n\"interval\": 1.5e1, \"monitorip\": \"192.0.2.1\"\n}\n}"
	mustLoad(t, text)
	for i := range text {
		_, _, err := load(t, text[:i])
		if err == nil {
			t.Fatalf("%q has no fault", text[:i])
		}
		if f := err.(Faults)[0]; f.Line < 1 || f.Line > 1+strings.Count(text[:i], "\n") {
			t.Errorf("%q: line %d", text[:i], f.Line)
		}
	}
}
