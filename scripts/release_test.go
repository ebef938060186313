package scripts_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/build"
)

func TestGoReleaserBuildsTheSameTargets(t *testing.T) {
	var got, want []string
	for _, m := range regexp.MustCompile(`(?m)^      - (linux_\S+)$`).FindAllStringSubmatch(read(t, "../goreleaser.yaml"), -1) {
		got = append(got, m[1])
	}
	for _, g := range targets(t) {
		want = append(want, g.goreleaser())
	}
	if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("goreleaser.yaml: %v\nscripts/targets: %v", got, want)
	}
}

// Each flag is found by exactly one item of goreleaser.yaml, and alone.
func TestGoReleaserFindsEachFlag(t *testing.T) {
	hits := map[string]int{}
	items := regexp.MustCompile(`filter \(mustReadFile "scripts/build-flags"\) "([^"]+)"`).FindAllStringSubmatch(read(t, "../goreleaser.yaml"), -1)
	for _, item := range items {
		hit := 0
		for _, line := range strings.Split(read(t, "build-flags"), "\n") {
			if regexp.MustCompilePOSIX(item[1]).MatchString(line) {
				hits[line]++
				hit++
			}
		}
		if hit > 1 {
			t.Errorf("%q finds %d lines, which GoReleaser would make one flag of", item[1], hit)
		}
	}
	for _, f := range flags(t) {
		if hits[f] != 1 {
			t.Errorf("goreleaser.yaml finds %q %d times", f, hits[f])
		}
	}
}

func TestPackageIsGivenEveryTarget(t *testing.T) {
	root := tree(t, "")
	write(t, root+"/openwrt/labels", read(t, "../openwrt/labels"))
	for _, script := range []string{"deb", "ipk"} {
		write(t, root+"/scripts/"+script+".sh", "#!/bin/sh\necho "+script+" \"$@\"\n")
	}
	all := ""
	for _, g := range targets(t) {
		out := mustRun(t, root, "scripts/package.sh", g.goreleaser(), "3.1.4", "the program")
		if out != mustRun(t, root, "scripts/package.sh", g.name, "3.1.4", "the program") {
			t.Errorf("%s and %s differ", g.name, g.goreleaser())
		}
		if (g.deb != "-") != strings.Contains(out, "deb "+g.deb+" 3.1.4 the program") {
			t.Errorf("%s: Debian's %s, and packed is\n%s", g.name, g.deb, out)
		}
		all += out + "\n"
	}
	if debs, ipks := strings.Count(all, "deb "), strings.Count(all, "ipk "); debs != 3 || ipks != 31 {
		t.Errorf("%d .deb and %d .ipk", debs, ipks)
	}
	if _, complaint, err := run(root, "scripts/package.sh", "linux_arm", "3.1.4", "x"); err == nil {
		t.Errorf("a target that is none: %s", complaint)
	}
}

// One version: what CHANGELOG.md begins with.
func TestVersionIsTheSameEverywhere(t *testing.T) {
	version := mustRun(t, "..", "scripts/version.sh")
	if build.Version != version || !strings.Contains(read(t, "../openwrt/Makefile"), "\nPKG_VERSION:="+version+"\n") {
		t.Errorf("CHANGELOG.md has %s, internal/build %s, or openwrt/Makefile another one", version, build.Version)
	}
}

func TestSnapshotVersion(t *testing.T) {
	root := tree(t, "")
	git := func(args ...string) { t.Helper(); mustRun(t, root, "git", args...) }
	git("init", "-q")
	git("add", "-A")
	git("commit", "-q", "-m", "x")
	before := mustRun(t, root, "scripts/version.sh", "snapshot")
	git("tag", "v3.1.4")
	after := mustRun(t, root, "scripts/version.sh", "snapshot")
	form := regexp.MustCompile(`^3\.1\.[45]~git202611252138\.[0-9a-f]{7}$`)
	if !form.MatchString(before) || !form.MatchString(after) {
		t.Errorf("%s, %s", before, after)
	}
	order := []string{"3.1.3", before, "3.1.4", after, "3.1.5"}
	for i := 1; i < len(order); i++ {
		if out, err := exec.Command("dpkg", "--compare-versions", order[i-1], "lt", order[i]).CombinedOutput(); err != nil || len(out) != 0 {
			t.Errorf("dpkg: %s < %s: %v %s", order[i-1], order[i], err, out)
		}
	}
}

func TestRelease(t *testing.T) {
	root := tree(t, `
printf '%s\n' "$@" >"$HOME/asked"; git remote get-url origin >>"$HOME/asked"; git tag >>"$HOME/asked"; env >>"$HOME/asked"
version=${IMON_VERSION:-3.1.4}
mkdir dist && cd dist && : >metadata.json
for f in linux_mips.tar.gz armhf.deb mips_24kc.ipk modules.txt; do echo $f >"imon_${version}_$f"; done
sha256sum imon_* >"imon_${version}_checksums.txt"`)
	git := func(args ...string) { t.Helper(); mustRun(t, root, "git", args...) }
	git("init", "-q")
	git("add", "-A")
	git("commit", "-q", "-m", "x")
	write(t, root+"/out/imon_3.0.0_linux_mips.tar.gz", "of an earlier release")
	mustRun(t, root, "env", "DIST=out", "SOURCE_DATE_EPOCH=1", "scripts/release.sh")
	asked := read(t, root+"/asked")
	for _, want := range []string{"github.com/goreleaser/goreleaser/v2@v2.16.0", "--skip=publish", "https://github.com/ejgeiger/imon.git", "v3.1.4"} {
		if !strings.Contains(asked, "\n"+want+"\n") {
			t.Errorf("no %q in\n%s", want, asked)
		}
	}
	if strings.Contains(asked, "\nDIST=") || strings.Contains(asked, "\nSOURCE_DATE_EPOCH=") {
		t.Errorf("the environment reaches the hooks:\n%s", asked)
	}
	want := "imon_3.1.4_armhf.deb\nimon_3.1.4_checksums.txt\nimon_3.1.4_linux_mips.tar.gz\nimon_3.1.4_mips_24kc.ipk\nimon_3.1.4_modules.txt"
	if got := mustRun(t, root, "ls", "out"); got != want {
		t.Errorf("dist:\n%s", got)
	}
	if tags := mustRun(t, root, "git", "tag"); tags != "" {
		t.Errorf("the user's repository has a tag now: %s", tags)
	}
	mustRun(t, root, "scripts/release.sh", "snapshot")
	if asked := read(t, root+"/asked"); !strings.Contains(asked, "\n--snapshot\n") || strings.Contains(asked, "\nv3.1.4\n") {
		t.Errorf("for a snapshot, GoReleaser was asked\n%s", asked)
	}
	git("tag", "v3.1.4")
	git("commit", "-q", "--allow-empty", "-m", "y")
	if _, complaint, err := run(root, "scripts/release.sh"); err == nil || complaint != "release.sh: v3.1.4 is tagged, and is another commit\n" {
		t.Errorf("the version is out already: %v, %q", err, complaint)
	}
}
