package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// target is a line of scripts/targets.
type target struct {
	name, deb string
	settings  []string // GOARCH=arm, GOARM=6
}

// goreleaser is the target in GoReleaser's words.
func (g target) goreleaser() string {
	word := "linux"
	for _, s := range g.settings {
		_, value, _ := strings.Cut(s, "=")
		word += "_" + value
	}
	return word
}

func targets(t *testing.T) []target {
	t.Helper()
	var all []target
	for _, line := range strings.Split(strings.TrimSpace(read(t, "targets")), "\n") {
		if !strings.HasPrefix(line, "#") {
			f := strings.Fields(line)
			all = append(all, target{f[0], f[1], f[2:]})
		}
	}
	return all
}

// flags are the lines of scripts/build-flags that are no comments.
func flags(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(read(t, "build-flags")), "\n"),
		func(line string) bool { return strings.HasPrefix(line, "#") })
}

// flag is the value of the one flag of a name.
func flag(t *testing.T, name string) string {
	t.Helper()
	for _, f := range flags(t) {
		if value, ok := strings.CutPrefix(f, name+"="); ok {
			return value
		}
	}
	t.Fatalf("build-flags has no %s", name)
	return ""
}

// tree is a copy of what the scripts need, with a program in the place of go, so
// that nothing is compiled. fakeGo is a shell script; it finds the file to write
// in $out.
func tree(t *testing.T, fakeGo string) string {
	t.Helper()
	root := t.TempDir()
	for _, pattern := range []string{"*.sh", "targets", "build-flags", "size-limit"} {
		found, _ := filepath.Glob(pattern)
		for _, name := range found {
			write(t, filepath.Join(root, "scripts", name), read(t, name))
		}
	}
	if err := os.Mkdir(root+"/tmp", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, root+"/CHANGELOG.md", "# Changes\n\n## 3.1.4 (unreleased)\n\n## 3.1.3\n")
	write(t, root+"/bin/go", "#!/bin/sh\nfor arg; do [ \"${last:-}\" != -o ] || out=$arg; last=$arg; done\n"+fakeGo)
	return root
}

// run runs a command in the tree, with its go first on PATH and without what this
// environment says to Go.
func run(root string, name string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	cmd.Env = []string{"PATH=" + root + "/bin:" + os.Getenv("PATH"), "HOME=" + root, "TMPDIR=" + root + "/tmp",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_AUTHOR_DATE=2026-11-25T22:38:59+01:00", "GIT_COMMITTER_DATE=2026-11-25T22:38:59+01:00",
		"GOEXPERIMENT=arenas", "GOFLAGS=-tags=other", "GOARM=5", "GOAMD64=v3", "GOMIPS=hardfloat"}
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	return out.String(), complaint.String(), err
}

func mustRun(t *testing.T, root, name string, args ...string) string {
	t.Helper()
	out, complaint, err := run(root, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, complaint)
	}
	return strings.TrimSpace(out)
}

func TestTargets(t *testing.T) {
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, g := range targets(t) {
		arch := strings.TrimPrefix(g.settings[0], "GOARCH=")
		if seen[g.name] || seen[g.goreleaser()] || !strings.Contains(string(out), "linux/"+arch+"\n") {
			t.Errorf("%s: twice, or Go builds nothing for %s", g.name, arch)
		}
		if len(g.settings) < 2 && arch != "loong64" {
			t.Errorf("%s: which model of %s? Go's default can be changed by anybody's environment", g.name, arch)
		}
		if arm, _ := strings.CutPrefix(g.settings[len(g.settings)-1], "GOARM="); g.name != arch && g.name != arch+arm {
			t.Errorf("%s: GoReleaser makes one archive of all programs for %s, whatever the model, but for arm", g.name, arch)
		}
		if !slices.Contains([]string{"-", "amd64", "arm64", "armhf"}, g.deb) || g.deb == "armhf" && g.settings[1] != "GOARM=6" {
			t.Errorf("%s must not be in the Debian package for %s", g.name, g.deb)
		}
		seen[g.name], seen[g.goreleaser()], seen[g.deb] = true, true, true
	}
	for _, want := range strings.Fields("arm5 arm6 arm7 arm64 mips mipsle mips64 mips64le 386 amd64 riscv64 armhf arm64 amd64") {
		if !seen[want] {
			t.Errorf("nothing for %s", want)
		}
	}
}

func TestBuildTellsGoEverything(t *testing.T) {
	root := tree(t, `printf '%s\n' "$@" >"$out"; env | grep '^GO\|^CGO' | sort >>"$out"; pwd >>"$out"`)
	for _, g := range append(targets(t), target{name: "host"}) {
		mustRun(t, root, "scripts/build.sh", g.name, "imon", "3.9.9")
		got := read(t, root+"/imon")
		without := slices.DeleteFunc(flags(t), func(f string) bool { return strings.HasPrefix(f, "-ldflags") })
		for _, want := range append(append(slices.Clone(g.settings), without...),
			"-ldflags="+flag(t, "-ldflags")+"3.9.9", "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=-trimpath", "./cmd/imon", root) {
			if !strings.Contains("\n"+got, "\n"+want+"\n") {
				t.Errorf("%s: no %q in\n%s", g.name, want, got)
			}
		}
		if strings.Contains(got, "GOEXPERIMENT") || strings.Contains(got, "#") {
			t.Errorf("%s: go sees\n%s", g.name, got)
		}
	}
	if _, complaint, err := run(root, "scripts/build.sh", "mipsel", "imon"); err == nil || complaint != "build.sh: no target 'mipsel' in scripts/targets\n" {
		t.Errorf("an unknown target: %v, %q", err, complaint)
	}
	mustRun(t, root, "scripts/build.sh", "amd64", "imon")
	if !strings.Contains(read(t, root+"/imon"), "build.Version=3.1.4\n") {
		t.Error("without a version it is not the newest of CHANGELOG.md")
	}
}

// Nobody else may know the flags: two places do not stay the same.
func TestFlagsStandOnce(t *testing.T) {
	for _, pattern := range []string{"*.sh", "../Makefile", "../goreleaser.yaml", "../.ci/run", "../rpi/*.yaml"} {
		found, _ := filepath.Glob(pattern)
		for _, name := range found {
			if strings.Contains(read(t, name), "osusergo") || regexp.MustCompile(`go build .*cmd/imon`).MatchString(read(t, name)) && name != "build.sh" {
				t.Errorf("%s has flags of its own: scripts/build.sh is there to build", name)
			}
		}
	}
}

// The feed's build is OpenWrt's; what can be the same is.
func TestFeedHasTheSameFlags(t *testing.T) {
	makefile := read(t, "../openwrt/Makefile")
	ldflags, variable, _ := strings.Cut(flag(t, "-ldflags"), " -X ")
	for _, want := range []string{
		"GO_PKG_TAGS:=" + flag(t, "-tags"),
		"GO_PKG_LDFLAGS:=" + strings.TrimSpace(strings.Replace(ldflags, "-buildid=", "", 1)), // OpenWrt adds it
		"GO_PKG_LDFLAGS_X:=" + strings.Replace(variable, "github.com/ejgeiger/imon", "$(GO_PKG)", 1) + "$(PKG_VERSION)",
	} {
		if !strings.Contains(makefile, "\n"+want+"\n") {
			t.Errorf("openwrt/Makefile has no line %q", want)
		}
	}
}
