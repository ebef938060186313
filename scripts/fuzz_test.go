package scripts_test

import (
	"os"
	"strings"
	"testing"
)

// Fuzz targets are found wherever they are; one that fails keeps no other from running.
func TestFuzz(t *testing.T) {
	root := tree(t, `echo "ran $*"; case "$*" in *FuzzBad*) exit 1 ;; esac`)
	write(t, root+"/internal/a/x_test.go", "package a\nfunc FuzzBad(f *testing.F) {}\nfunc FuzzGood(f *testing.F) {}\n")
	write(t, root+"/cmd/b/y_test.go", "package b\n// func FuzzNot(\nfunc FuzzOther(f *testing.F) {}\n")
	out, _, err := run(root, "scripts/fuzz.sh", "60s")
	if err == nil || !strings.HasSuffix(out, "3 fuzz targets, 60s each; failed: internal/a:FuzzBad\n") || strings.Count(out, "ran test -run ^$ -fuzz ") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
	if out := mustRun(t, root, "scripts/fuzz.sh", "1s", "Other|Good"); !strings.HasSuffix(out, "2 fuzz targets, 1s each; failed: none") {
		t.Error(out)
	}
	if _, _, err := run(root, "scripts/fuzz.sh", "1s", "Nothing"); err == nil {
		t.Error("no target at all, and all is well")
	}
}

// What depends on the place, the time zone, the umask or the cache is found out.
func TestReproduce(t *testing.T) {
	for fake, want := range map[string]string{
		`[ "$1" = build ] || { echo "go $1 go1.2.3"; exit; }; cat CHANGELOG.md >"$out"`: "ok, built twice with go1.2.3, the same bytes\n",
		`[ "$1" = build ] || { echo "go $1 go1.2.3"; exit; }; pwd >"$out"`:              "",
		`[ "$1" = build ] || { echo "go $1 go1.2.3"; exit; }; echo "$TZ" >"$out"`:       "",
	} {
		root := tree(t, fake)
		write(t, root+"/.gitignore", "bin\ndist\ntmp\n")
		mustRun(t, root, "sh", "-c", "git init -q && git add -A && git commit -q -m x")
		out, complaint, err := run(root, "scripts/reproduce.sh", "arm")
		if (err == nil) != (want != "") || !strings.HasSuffix(out, want) || strings.Contains(out, "differ") != (want == "") {
			t.Errorf("%s: %v\n%s%s", fake, err, out, complaint)
		}
		if left, _ := os.ReadDir(root + "/tmp"); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
