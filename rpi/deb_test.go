package rpi_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const epoch = 1700000000

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool finds a program, and says so when there is none: scripts/lint-deb.sh, which
// installs what it needs, holds the same.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Logf("without %s this part is passed over", name)
	}
	return path
}

// deb builds a package in a directory of its own and returns its path. With an
// empty binary the program is compiled.
func deb(t *testing.T, arch, version, binary string) (string, error) {
	t.Helper()
	cmd := exec.Command("../scripts/deb.sh", arch, version, binary)
	cmd.Env = append(os.Environ(), "DIST="+t.TempDir(), fmt.Sprint("SOURCE_DATE_EPOCH=", epoch))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// mustPack is deb for a package that has to come about.
func mustPack(t *testing.T, arch, version, binary string) string {
	t.Helper()
	path, err := deb(t, arch, version, binary)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// stub is a small file in the place of the program.
func stub(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "imon")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 3.0.0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// entry is a member of the package that is no directory.
type entry struct {
	name string
	mode int64
	link string
}

// contents are the members of the package, in their order.
func contents() []entry {
	const doc, systemd, completions = "./usr/share/doc/imon/", "./usr/lib/systemd/system/", "./usr/share/bash-completion/completions/"
	return []entry{
		{"./usr/bin/imon", 0o755, ""},
		{"./usr/bin/imon-configure", 0, "imon"},
		{systemd + "imon@.service", 0o644, ""},
		{completions + "imon", 0o644, ""},
		{completions + "imon-configure", 0, "imon"},
		{doc + "README", 0o644, ""},
		{doc + "changelog.gz", 0o644, ""},
		{doc + "copyright", 0o644, ""},
		{doc + "examples/hardened.conf", 0o644, ""},
		{doc + "examples/imon-action", 0o755, ""},
		{doc + "examples/imon-main", 0o644, ""},
		{"./usr/share/lintian/overrides/imon", 0o644, ""},
		{"./usr/share/man/man5/imon.conf.5.gz", 0o644, ""},
		{"./usr/share/man/man8/imon-configure.8.gz", 0o644, ""},
		{"./usr/share/man/man8/imon.8.gz", 0o644, ""},
	}
}

// unpack lists a tar of the package, made by dpkg-deb with an option, and returns
// the texts of its files. It fails on owners other than root and other times.
func unpack(t *testing.T, option, path string) ([]entry, map[string]string) {
	t.Helper()
	out, err := exec.Command("dpkg-deb", option, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	texts := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != epoch {
			t.Errorf("%s: owner %d:%d, time %v", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		if h.Typeflag == tar.TypeDir {
			if h.Mode != 0o755 {
				t.Errorf("%s has mode %o", h.Name, h.Mode)
			}
			continue
		}
		text, _ := io.ReadAll(r)
		texts[h.Name] = string(text)
		list = append(list, entry{h.Name, h.Mode, h.Linkname})
	}
}

func gunzip(t *testing.T, text string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip's header has a time (%v) or a name (%q)", z.ModTime, z.Name)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestContents(t *testing.T) {
	path := mustPack(t, "amd64", "3.1.4", stub(t))
	list, files := unpack(t, "--fsys-tarfile", path)
	if diff := cmp.Diff(contents(), list, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	for name, from := range map[string]string{
		"usr/lib/systemd/system/imon@.service": "imon@.service", "usr/share/doc/imon/README": "../README.md",
		"usr/share/doc/imon/examples/hardened.conf": "hardened.conf", "usr/share/doc/imon/examples/imon-action": "imon-action.sample",
		"usr/share/doc/imon/examples/imon-main": "imon-main.example", "usr/share/bash-completion/completions/imon": "completion.bash",
	} {
		if files["./"+name] != read(t, from) {
			t.Errorf("%s is not %s", name, from)
		}
	}
	for _, page := range []string{"5/imon.conf.5", "8/imon-configure.8", "8/imon.8"} {
		if gunzip(t, files["./usr/share/man/man"+page+".gz"]) != read(t, "man/"+filepath.Base(page)) {
			t.Errorf("%s is not in the package as it stands", page)
		}
	}
	_, control := unpack(t, "--ctrl-tarfile", path)
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		if control["./"+script] != read(t, script) {
			t.Errorf("%s is not in the package as it stands", script)
		}
	}
	if _, ok := control["./conffiles"]; ok {
		t.Error("no file of the package is a configuration")
	}
	if !strings.Contains(control["./control"], "\nVersion: 3.1.4\n") || strings.Contains(control["./control"], "\nDepends:") {
		t.Errorf("control:\n%s", control["./control"])
	}
}

func TestChangelog(t *testing.T) {
	_, files := unpack(t, "--fsys-tarfile", mustPack(t, "amd64", "3.1.4", stub(t)))
	text := gunzip(t, files["./usr/share/doc/imon/changelog.gz"])
	form := regexp.MustCompile(`^imon \(3\.1\.4\) stable; urgency=medium\n\n(  .*\n)+\n -- E\. J\. Geiger <\S+>  Tue, 14 Nov 2023 22:13:20 \+0000\n$`)
	if !form.MatchString(text) {
		t.Errorf("not the form of deb-changelog(5):\n%s", text)
	}
	source := regexp.MustCompile(`(?m)^- `).FindAllString(strings.SplitN(read(t, "../CHANGELOG.md"), "\n## ", 3)[1], -1)
	if got := strings.Count(text, "\n  * "); got != len(source) {
		t.Errorf("%d changes, CHANGELOG.md has %d", got, len(source))
	}
}

func TestTheSameCommitGivesTheSameBytes(t *testing.T) {
	binary := stub(t)
	one := mustPack(t, "arm64", "3.0.0", binary)
	if err := os.Chtimes(binary, testTime(), testTime()); err != nil {
		t.Fatal(err)
	}
	if read(t, one) != read(t, mustPack(t, "arm64", "3.0.0", binary)) {
		t.Error("a file's time changes the package")
	}
}

func TestArchitectures(t *testing.T) {
	binary := stub(t)
	for _, arch := range []string{"amd64", "arm64", "armhf"} {
		path := mustPack(t, arch, "3.0.0", binary)
		if filepath.Base(path) != "imon_3.0.0_"+arch+".deb" {
			t.Errorf("name of the file: %s", path)
		}
		if out, err := exec.Command("dpkg-deb", "-f", path, "Architecture").Output(); err != nil || string(out) != arch+"\n" {
			t.Errorf("%s: %q, %v", arch, out, err)
		}
	}
	for _, wrong := range [][2]string{{"mips", "3.0.0"}, {"amd64", "v3.0.0"}, {"amd64", "3.0 0"}} {
		if path, err := deb(t, wrong[0], wrong[1], binary); err == nil {
			t.Errorf("%v was built: %s", wrong, path)
		}
	}
}
