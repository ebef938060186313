package scripts_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// zeros makes a program of 50,000 bytes, and cannot make one for mips64.
const zeros = `[ "$GOARCH" != mips64 ] || { echo 'undefined: x' >&2; exit 1; }
head -c 50000 /dev/zero >"$out"`

func TestCrossBuild(t *testing.T) {
	root := tree(t, zeros)
	write(t, root+"/scripts/size-limit", "# target raw gzip xz\nmipsle 50000 - 1000\narm6 49999 - -\n386 - 20 -\n")
	out, complaint, err := run(root, "scripts/cross-build.sh")
	if err == nil {
		t.Error("one does not compile, two are too large, and all is well")
	}
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
		if !regexp.MustCompile(`^\S+ +50000 +\d\d +\d{2,3}$`).MatchString(line) {
			t.Errorf("line %q", line)
		}
		names = append(names, strings.Fields(line)[0])
	}
	if len(names) != len(targets(t))-1 {
		t.Errorf("built: %v", names)
	}
	for _, want := range []string{"mips64 does not compile", "arm6 has 50000 bytes (raw), 49999 at most", "386 has", "(gzip), 20 at most"} {
		if !strings.Contains(complaint, want) {
			t.Errorf("no %q in\n%s", want, complaint)
		}
	}
	if strings.Contains(complaint, "mipsle has") {
		t.Errorf("%s", complaint)
	}
}

func TestCrossBuildOfSome(t *testing.T) {
	root := tree(t, zeros)
	for args, want := range map[string]string{
		"mipsle": "mipsle", "arm": "arm5 arm6 arm7", "386 arm64": "386 arm64",
	} {
		out := mustRun(t, root, "scripts/cross-build.sh", strings.Fields(args)...)
		var names []string
		for _, line := range strings.Split(out, "\n")[1:] {
			names = append(names, strings.Fields(line)[0])
			if _, err := os.Stat(root + "/dist/imon-" + strings.Fields(line)[0]); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", args, got)
		}
	}
	if _, complaint, err := run(root, "scripts/cross-build.sh", "armhf"); err == nil || complaint != "cross-build.sh: no target 'armhf' in scripts/targets\n" {
		t.Errorf("an unknown one: %v, %q", err, complaint)
	}
}

// Only Go is needed: where xz is missing its column is "-".
func TestCrossBuildWithoutXZ(t *testing.T) {
	root := tree(t, zeros)
	for _, tool := range []string{"sh", "awk", "dirname", "mkdir", "env", "head", "wc", "tr", "gzip"} {
		write(t, root+"/only/"+tool, "#!/bin/sh\nexec "+mustRun(t, root, "sh", "-c", "command -v "+tool)+" \"$@\"\n")
	}
	out := mustRun(t, root, "env", "PATH="+root+"/bin:"+root+"/only", "scripts/cross-build.sh", "mipsle")
	if !regexp.MustCompile(`(?m)^mipsle +50000 +\d+ +-$`).MatchString(out) {
		t.Errorf("%s", out)
	}
}

func TestSizeLimitNamesTargets(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(read(t, "size-limit")), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !regexp.MustCompile(`^\S+( +(\d+|-)){3}$`).MatchString(line) || !strings.Contains(read(t, "targets"), "\n"+strings.Fields(line)[0]+" ") {
			t.Errorf("size-limit: %q", line)
		}
	}
}

// With SYMBOLS=1 the program is the same, and its symbols stay in.
func TestSymbolsStayIn(t *testing.T) {
	root := tree(t, `printf '%s\n' "$@" >"$out"`)
	mustRun(t, root, "scripts/build.sh", "mipsle", "stripped", "3.9.9")
	mustRun(t, root, "env", "SYMBOLS=1", "scripts/build.sh", "mipsle", "symbols", "3.9.9")
	stripped, symbols := read(t, root+"/stripped"), read(t, root+"/symbols")
	if want := strings.Replace(strings.Replace(stripped, "-s -w ", "", 1), "stripped", "symbols", 1); symbols != want || !strings.Contains(stripped, "-s -w ") {
		t.Errorf("with symbols\n%s, without\n%s", symbols, stripped)
	}
}

// The table of shares is that of the symbols, each byte once.
func TestSizeTable(t *testing.T) {
	root := tree(t, `case $1 in
tool) cat <<'END'
1000 0 R runtime.pclntab
1064 0 R runtime.epclntab
100 30 T github.com/miekg/dns.Pack
130 60 T github.com/miekg/dns.(*Msg).x[go.shape.[]github.com/a/b.C]
200 10 T main.main
210 5 D github.com/ejgeiger/imon/internal/sink.words
2000 0 D runtime.bss
2000 900 D runtime.heap
END
;;
env) echo go1.2.3 ;;
*) head -c 1000 /dev/zero >"$out" ;;
esac`)
	write(t, root+"/docs/size.md", "before\n<!-- shares -->\nold\n<!-- end of shares -->\nafter\n")
	mustRun(t, root, "scripts/size.sh")
	page := read(t, root+"/docs/size.md")
	for _, want := range []string{
		"before\n<!-- shares -->\n\nmipsle, Go 1.2.3: 1000 bytes,", "\n<!-- end of shares -->\nafter\n",
		"| github.com/miekg/dns | 90 | 0 | 90 | 180 | 18.0 |\n", "| imon itself | 10 | 5 | 10 | 25 | 2.5 |\n", "| not attributed | | | | 795 | 79.5 |\n| github",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "old") {
		t.Errorf("%s", page)
	}
}
