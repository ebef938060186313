package rpi_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
)

func testTime() time.Time { return time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC) }

func TestEveryKeyIsDocumented(t *testing.T) {
	page := read(t, "man/imon.conf.5")
	for _, k := range config.Keys() {
		line := ".It Cm " + k.String()
		if k.Default != "" && k.Kind != config.KindURLs {
			line += " Bq Li " + k.Default
		}
		if !strings.Contains(page, line+"\n") {
			t.Errorf("imon.conf(5) has no line %q", line)
		}
		for _, url := range strings.Split(k.Default, ",") {
			if k.Kind == config.KindURLs && !strings.Contains(page, "\n"+url+"\n") {
				t.Errorf("imon.conf(5) does not name %s", url)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\.It Cm (\w+\.\S+)`).FindAllStringSubmatch(page, -1) {
		known := func(k config.Key) bool { return k.String() == m[1] }
		if !slices.ContainsFunc(config.Keys(), known) {
			t.Errorf("imon.conf(5) has a key %s that imon does not know", m[1])
		}
	}
}

func TestEveryEventAndVariableIsDocumented(t *testing.T) {
	page := read(t, "man/imon.8")
	sample := read(t, "imon-action.sample")
	for _, m := range regexp.MustCompile(`(?m)^#   ((?:updown|ddns|failover|ping)-\w+(?:-\w+)?) `).FindAllStringSubmatch(sample, -1) {
		if !strings.Contains(page, ".It Cm "+m[1]) {
			t.Errorf("imon(8) does not tell of event %s", m[1])
		}
	}
	for _, name := range regexp.MustCompile(`IMON_[A-Z_]+`).FindAllString(sample, -1) {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(page) {
			t.Errorf("imon(8) does not tell of variable %s", name)
		}
	}
}

// usage is what imon --help and imon-configure --help print.
func usage(t *testing.T) (text string) {
	t.Helper()
	for name, file := range map[string]string{"usage": "cli.go", "configureUsage": "configurecli.go"} {
		_, rest, _ := strings.Cut(read(t, "../cmd/imon/"+file), "const "+name+" = `")
		part, _, found := strings.Cut(rest, "`")
		if !found {
			t.Fatalf("cmd/imon/%s has no %s", file, name)
		}
		text += part
	}
	return text
}

func TestEveryCommandAndFlagIsDocumentedAndCompleted(t *testing.T) {
	page, completion := read(t, "man/imon.8")+read(t, "man/imon-configure.8"), read(t, "completion.bash")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) {3}`).FindAllStringSubmatch(usage(t), -1) {
		if !strings.Contains(page, "Cm "+m[1]) || !strings.Contains(completion, m[1]) {
			t.Errorf("command %s is not documented or not completed", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`--([a-z]+)`).FindAllStringSubmatch(usage(t), -1) {
		if !strings.Contains(page, "Fl -"+m[1]) || !strings.Contains(completion, "--"+m[1]) {
			t.Errorf("--%s is not documented or not completed", m[1])
		}
	}
}

func TestManPagesAreClean(t *testing.T) {
	pages := []string{"man/imon.8", "man/imon-configure.8", "man/imon.conf.5"}
	if mandoc := tool(t, "mandoc"); mandoc != "" {
		if out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	man := tool(t, "man")
	for _, page := range pages {
		if man == "" {
			break
		}
		cmd := exec.Command(man, "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page)
		var stderr strings.Builder
		cmd.Stderr, cmd.Env = &stderr, append(cmd.Environ(), "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANWIDTH=80")
		if err := cmd.Run(); err != nil || stderr.String() != "" {
			t.Errorf("%s: %v\n%s", page, err, stderr.String())
		}
	}
}

// complete returns what the shell offers for a line, the last word of which is
// unfinished.
func complete(t *testing.T, words ...string) []string {
	t.Helper()
	script := `. ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _imon; printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command("bash", append([]string{"-c", script, "bash"}, words...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

func TestCompletion(t *testing.T) {
	cases := []struct {
		line string
		want []string
	}{
		{"imon c", []string{"check", "configure", "convert"}},
		{"imon convert --to ", []string{"uci", "json"}},
		{"imon f", []string{"failover"}},
		{"imon ddns --o", []string{"--once"}},
		{"imon failover ", []string{"primary", "standby", "auto", "--for", "--instance", "--help"}},
		{"imon failover standby --for ", []string{"30m", "2h", "1d"}},
		{"imon check --inst", []string{"--instance"}},
		{"imon --instance x --nosys", []string{"--nosyslog"}},
		{"imon-configure --u", []string{"--unset", "--uci"}},
		{"/usr/bin/imon-configure --set updown.d", []string{"updown.dnsserver=", "updown.dnslookup="}},
		{"imon-configure --set ping.enable = t", []string{"true"}},
		{"imon nonsense ", nil},
	}
	for _, c := range cases {
		if got := complete(t, strings.Split(c.line, " ")...); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.line, got, c.want)
		}
	}
}

func TestCompletionHasEveryKey(t *testing.T) {
	var want []string
	for _, k := range config.Keys() {
		want = append(want, k.String()+"=")
	}
	got := complete(t, "imon-configure", "--set", "")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("completed:\n%v\nwant:\n%v", got, want)
	}
}

func TestExampleConfiguration(t *testing.T) {
	for _, replace := range []*strings.Replacer{strings.NewReplacer(), strings.NewReplacer(`"enable": false`, `"enable": true`)} {
		fs := afero.NewMemMapFs()
		if err := afero.WriteFile(fs, "/etc/default/imon-main", []byte(replace.Replace(read(t, "imon-main.example"))), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, warnings, err := config.Load(fs, "main", ""); err != nil || len(warnings) > 0 {
			t.Errorf("%v %v", warnings, err)
		}
	}
}

// examples are the blocks of a page that are fenced as language.
func examples(t *testing.T, page, language string) (all []string) {
	t.Helper()
	for i, part := range strings.Split("\n"+read(t, page), "\n```") {
		if text, is := strings.CutPrefix(part, language+"\n"); is && i%2 == 1 {
			all = append(all, text)
		}
	}
	return all
}

func TestExamplesOfThePages(t *testing.T) {
	files := map[string]string{}
	for _, text := range examples(t, "../README.md", "json") {
		if list, is := strings.CutPrefix(text, `"uplinks"`); is {
			text = `{ "failover": { "enable": true, "primary-if": "a", "primary-gw": "auto", "standby-if": "b", "standby-gw": "auto", "uplinks"` + list + "} }"
		}
		files[text] = "/etc/default/imon-main"
	}
	for _, text := range append(examples(t, "../README.md", ""), examples(t, "../docs/from-mwan3.md", "")...) {
		if strings.HasPrefix(text, "config instance") {
			files[strings.Replace(text, "/usr/bin/imon-action", "", 1)] = config.UCIPath
		}
	}
	if len(files) != 7 {
		t.Errorf("%d examples", len(files))
	}
	for text, path := range files {
		fs := afero.NewMemMapFs()
		for name, content := range map[string]string{path: text, "/usr/local/bin/imon-action": ""} {
			if err := afero.WriteFile(fs, name, []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if _, warnings, err := config.Load(fs, "main", ""); err != nil || len(warnings) > 0 {
			t.Errorf("%v %v\n%s", warnings, err, text)
		}
	}
}

// The table of the README has each key, in full or behind one that it shares a line with.
func TestEveryKeyIsInTheReadme(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../README.md"), "\n## All keys\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, k := range config.Keys() {
		name := regexp.QuoteMeta(k.Name)
		if !regexp.MustCompile("(?m)^\\|[^|]*`(" + k.Section + "\\.|\\*\\.)?" + name + "`").MatchString(table) {
			t.Errorf("the README has no key %s", k)
		}
	}
}
