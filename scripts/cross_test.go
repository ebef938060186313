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
