package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/afero"
)

const (
	asJSON = `{
    "global": {
        "note": "it's here"
    },
    "updown": {
        "enable": true,
        "monitorip": "192.0.2.1",
        "addping": [
            "192.0.2.2",
            "192.0.2.2"
        ]
    }
}
`
	asUCI = `config instance 'main'
	option enabled '1'
	option note 'it'\''s here'
	option updown_enable '1'
	option updown_monitorip '192.0.2.1'
	list updown_addping '192.0.2.2'
	list updown_addping '192.0.2.2'
`
)

func TestConvert(t *testing.T) {
	files := map[string]string{"/etc/default/imon-main": asJSON, "/etc/default/imon-wan-2": asJSON, "/tmp/x": asUCI,
		"/tmp/y": strings.Replace(asJSON, "note", "nodes", 1), "/tmp/off": strings.Replace(asUCI, "'1'", "'0'", 1),
		"/tmp/bad": strings.Replace(asJSON, "192.0.2.1", "a;b", 1), "/tmp/rubbish": "{ \"updown\": { \"enable\": true, \"monitorip\": \"192.0.2.1\" },\n\"ddns\": { \"providers\": [\"https://a/ x\"] } }",
		"/tmp/bytes": strings.Replace(asUCI, "here", "\xff", 1)}
	synopsis, _, _ := strings.Cut(usage, "\n\n")
	cases := []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--to uci", 0, asUCI, ""},
		{"--to json", 0, asJSON, ""},
		{"--to json --config /tmp/x", 0, asJSON, ""},
		{"--to uci --config /tmp/x", 0, asUCI, ""},
		{"--to uci --config /etc/default/imon-main --instance lab", 0, strings.Replace(asUCI, "main", "lab", 1), ""},
		{"--to uci --config /tmp/y", 0, strings.Replace(asUCI, "\toption note 'it'\\''s here'\n", "", 1),
			"% \"nodes\" in [global]: did you mean \"note\"? (/tmp/y:3)\n"},
		{"--to json --instance wan-2", 0, asJSON, ""},
		{"--to uci --instance wan-2", 1, "", "? Invalid value 'wan-2' for instance (names in UCI have only A-Z a-z 0-9 _)\n"},
		{"--to json --config /tmp/off", 0, asJSON, "% Instance 'main' is not enabled; JSON cannot say so\n"},
		{"--to uci --config /tmp/off", 0, strings.Replace(asUCI, "'1'", "'0'", 1), ""},
		{"--to uci --config /tmp/rubbish", 1, "", "? Invalid value 'https://a/ x' for providers (/tmp/rubbish:2: ddns.providers must be a list of http:// or https:// URLs without blanks, commas and passwords)\n"},
		{"--to json --config /tmp/bytes", 1, "", "? Invalid value 'it's \ufffd' for note (global.note must be UTF-8 text in JSON)\n"},
		{"--to uci --config /tmp/bad", 1, "", "? Invalid value 'a;b' for monitorip (/tmp/bad:7: updown.monitorip must be an IP address or a DNS name)\n"},
		{"--to uci --instance none", 1, "", "? Instance configuration file 'none' not found (/etc/default/imon-none, /etc/config/imon)\n"},
		{"", 2, "", "imon: convert needs --to uci or --to json\n\n" + synopsis + "\n\n\"imon --help\" tells more.\n"},
		{"--to xml", 2, "", "imon: convert needs --to uci or --to json\n\n" + synopsis + "\n\n\"imon --help\" tells more.\n"},
	}
	for _, c := range cases {
		got := invoke(t, files, append([]string{"convert"}, strings.Fields(c.args)...)...)
		if want := (outcome{c.code, c.stdout, c.stderr}); got != want {
			t.Errorf("%s: %+v\nwant %+v", c.args, got, want)
		}
	}
	if got := invoke(t, files, "check", "--to", "uci"); got.code != 2 || !strings.HasPrefix(got.stderr, "imon: --to goes with convert\n") {
		t.Errorf("check --to uci: %+v", got)
	}
}

// refusing is a stream that takes nothing.
type refusing struct{ why error }

func (r refusing) Write([]byte) (int, error) { return 0, r.why }

// An answer that could not be written is no success: the file that was to have it is empty. But
// who has read enough (head) is content.
func TestAnswerThatCannotBeWritten(t *testing.T) {
	fs := afero.NewMemMapFs()
	left := filepath.Join(os.Getenv(stateVariable), "main.outages")
	const outages = `{"version":1,"watching":[{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}],"things":[{"monitor":"updown","target":"a","since":"2026-01-01T00:00:00Z"}]}`
	for path, text := range map[string]string{"/x": asUCI, left: outages} {
		if err := afero.WriteFile(fs, path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(directoryVariable, t.TempDir())
	for _, line := range []string{"convert --to json --config /x", "check --config /x", "report", "report --csv", "report --json"} {
		for why, want := range map[error]int{errors.New("no space left on device"): 1, syscall.EPIPE: 0} {
			var stderr buffer
			e := env{args: strings.Fields("imon " + line), fs: fs, stdout: refusing{why}, stderr: &stderr}
			code := run(t.Context(), e)
			if said := strings.HasSuffix(stderr.String(), "? no space left on device\n"); code != want || said != (want == 1) {
				t.Errorf("%s, %v: code %d, %q", line, why, code, stderr.String())
			}
		}
	}
}

// The line that says what was read says which section, too.
func TestCheckOfUCI(t *testing.T) {
	got := invoke(t, map[string]string{"/etc/config/imon": asUCI}, "check")
	if want := "Configuration file /etc/config/imon (instance main)\n** [global] ** \n"; got.code != 0 || !strings.HasPrefix(got.stdout, want) {
		t.Errorf("%+v", got)
	}
	got = invoke(t, map[string]string{"/etc/config/imon": strings.Replace(asUCI, "192.0.2.1", "a b", 1)}, "check")
	want := "? Invalid value 'a b' for monitorip (/etc/config/imon:5: updown_monitorip must be an IP address or a DNS name)\n"
	if got.code != 1 || got.stderr != want {
		t.Errorf("%+v", got)
	}
}
