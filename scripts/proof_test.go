package scripts_test

import (
	"os"
	"strings"
	"testing"
)

// released is a tree with a release in dist that was made from its one commit: an
// archive for each target of arch, or for all, three Debian packages, one ipk.
func released(t *testing.T, arch string) string {
	t.Helper()
	root := tree(t, `{ echo "$GOARCH $GOARM"; cat CHANGELOG.md; } >"$out"`)
	write(t, root+"/openwrt/labels", read(t, "../openwrt/labels"))
	write(t, root+"/docs/release.md", "# Releasing\n<!-- sizes -->\nold\n<!-- end of sizes -->\nthe end\n")
	write(t, root+"/.gitignore", "bin\ndist\n")
	mustRun(t, root, "sh", "-c", `git init -q && git add -A && git commit -q -m x && scripts/cross-build.sh `+arch+` && cd dist && mkdir imon &&
		for program in imon-*; do mv $program imon/imon; tar -czf imon_3.1.4_linux_${program#imon-}.tar.gz imon; done && rm -r imon`)
	for _, arch := range []string{"amd64", "arm64", "armhf"} {
		write(t, root+"/dist/imon_3.1.4_"+arch+".deb", strings.Repeat("d", 4321))
	}
	write(t, root+"/dist/imon_3.1.4-r1_mipsel_24kc.ipk", strings.Repeat("i", 1234))
	return root
}

func TestRebuild(t *testing.T) {
	root := released(t, "arm amd64")
	if out := mustRun(t, root, "scripts/rebuild-test.sh", "dist", "arm", "amd64"); !strings.HasSuffix(out, "ok 4 programs, the same bytes") {
		t.Errorf("%s", out)
	}
	write(t, root+"/CHANGELOG.md", "# Changes\n\n## 3.1.4 (another commit)\n")
	mustRun(t, root, "git", "commit", "-qam", "y")
	if out, _, err := run(root, "scripts/rebuild-test.sh", "dist", "arm"); err == nil || strings.Contains(out, "the same") || strings.Count(out, "differ") != 3 {
		t.Errorf("a release of another commit is the same:\n%s", out)
	}
	if left, _ := os.ReadDir(root + "/tmp"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSizesAreWrittenIntoThePage(t *testing.T) {
	root := released(t, "")
	mustRun(t, root, "scripts/sizes.sh")
	page := read(t, root+"/docs/release.md")
	mustRun(t, root, "scripts/sizes.sh", "dist")
	if again := read(t, root+"/docs/release.md"); again != page {
		t.Errorf("written twice, it differs:\n%s", again)
	}
	if rows := strings.Count(page, "\n| ") - 1; rows != len(targets(t)) || strings.Contains(page, "old") || !strings.HasSuffix(page, "\nthe end\n") {
		t.Errorf("%d rows in\n%s", rows, page)
	}
	for target, want := range map[string]string{"mipsle": "| – | 1234 (4) |", "arm6": "| 4321 | – (1) |"} {
		_, row, _ := strings.Cut(page, "\n| "+target+" |")
		row, _, _ = strings.Cut(row, "\n")
		if !strings.HasSuffix(row, want) {
			t.Errorf("%s:%s, want %s", target, row, want)
		}
	}
}
