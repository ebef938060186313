package openwrt_test

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReleasedPackages holds every ipk of a release (scripts/release.sh), whose
// directory IMON_PACKAGES names, against what opkg wants: one for each label, and
// in each the program for that label's machines. The real opkg installs each, where
// there is one.
func TestReleasedPackages(t *testing.T) {
	dir := os.Getenv("IMON_PACKAGES")
	if dir == "" {
		t.Log("without IMON_PACKAGES, the directory of a release, this test has nothing to look at: make packages-test")
		return
	}
	opkg := tool(t, "opkg", "IMON_OPKG")
	form := regexp.MustCompile(`^imon_([0-9][0-9A-Za-z.+~]*-r[0-9]+)_(.+)\.ipk$`)
	found, versions := map[string]bool{}, map[string]bool{}
	paths, _ := filepath.Glob(dir + "/*.ipk")
	for _, path := range paths {
		m := form.FindStringSubmatch(filepath.Base(path))
		if m == nil {
			t.Errorf("%s is no name of a package", path)
			continue
		}
		version, label := m[1], m[2]
		found[label], versions[version] = true, true
		t.Run(label, func(t *testing.T) {
			files := inspect(t, path, version, label)
			checkProgram(t, files["./usr/bin/imon"], labels(t)[label], strings.TrimSuffix(version, "-r1"))
			if opkg != "" {
				checkInstalled(t, opkg, path, version, label)
			}
		})
	}
	for label := range labels(t) {
		if !found[label] {
			t.Errorf("no package for %s", label)
		}
	}
	if len(versions) != 1 || len(found) != len(labels(t)) {
		t.Errorf("a release has one version, not %v, and no other label than those of openwrt/labels: %v", versions, found)
	}
}

// checkProgram reads from the program itself what it was built for.
func checkProgram(t *testing.T, program, target, version string) {
	t.Helper()
	_, settings, known := strings.Cut(read(t, "../scripts/targets"), "\n"+target+" ")
	settings, _, _ = strings.Cut(settings, "\n")
	info, err := buildinfo.Read(strings.NewReader(program))
	if err != nil || !known {
		t.Fatalf("target %q: %v, %v", target, known, err)
	}
	built := map[string]string{}
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	for _, setting := range append(strings.Fields(settings)[1:], "CGO_ENABLED=0", "GOOS=linux", "-trimpath=true") {
		name, want, _ := strings.Cut(setting, "=")
		if built[name] != want {
			t.Errorf("the program has %s=%s, %s wants %s", name, built[name], target, want)
		}
	}
	f, err := elf.NewFile(strings.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program is not static")
		}
	}
	if f.Section(".symtab") != nil || f.Section(".debug_info") != nil || f.Section(".zdebug_info") != nil {
		t.Error("the program is not stripped")
	}
	if !strings.Contains(program, version) {
		t.Errorf("the program does not know its version, %s", version)
	}
}

// checkInstalled installs a package into an offline root of its label.
func checkInstalled(t *testing.T, opkg, path, version, label string) {
	t.Helper()
	root := offlineRoot(t, label)
	args := []string{"-f", root + "/etc/opkg.conf", "-o", root}
	if out, err := exec.Command(opkg, append(args, "install", path)...).CombinedOutput(); err != nil {
		t.Fatalf("opkg install: %v\n%s", err, out)
	}
	out, err := exec.Command(opkg, append(args, "status", "imon")...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nVersion: "+version+"\n") || !strings.Contains(string(out), " installed\n") {
		t.Errorf("opkg status: %v\n%s", err, out)
	}
}
