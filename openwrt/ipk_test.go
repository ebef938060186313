package openwrt_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is one member of a tar.
type entry struct {
	name string
	dir  bool
	mode int64
}

// contents are the members of data.tar.gz, in their order.
func contents() []entry {
	return []entry{
		{"./", true, 0o755}, {"./etc/", true, 0o755},
		{"./etc/config/", true, 0o755}, {"./etc/config/imon", false, 0o600},
		{"./etc/init.d/", true, 0o755}, {"./etc/init.d/imon", false, 0o755},
		{"./lib/", true, 0o755}, {"./lib/upgrade/", true, 0o755},
		{"./lib/upgrade/keep.d/", true, 0o755}, {"./lib/upgrade/keep.d/imon", false, 0o644},
		{"./usr/", true, 0o755}, {"./usr/bin/", true, 0o755}, {"./usr/bin/imon", false, 0o755},
		{"./usr/bin/imon-configure", false, 0o777},
		{"./usr/share/", true, 0o755},
		{"./usr/share/imon/", true, 0o755}, {"./usr/share/imon/imon-action.sample", false, 0o755},
		{"./usr/share/rpcd/", true, 0o755}, {"./usr/share/rpcd/acl.d/", true, 0o755},
		{"./usr/share/rpcd/acl.d/imon.json", false, 0o644},
	}
}

// ipk packs binary for a label and returns the path of the package.
func ipk(t *testing.T, label, version, binary string) (string, error) {
	t.Helper()
	cmd := exec.Command("../scripts/ipk.sh", label, version, binary)
	cmd.Env = append(os.Environ(), "DIST="+t.TempDir(), "SOURCE_DATE_EPOCH=1700000000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// stub is a small file in the place of the program.
func stub(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "imon")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 3.0.0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustPack(t *testing.T, label, version, binary string) string {
	t.Helper()
	path, err := ipk(t, label, version, binary)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// unpack lists a gzipped tar and returns the texts of its files. It fails on
// owners other than 0:0 and on times other than the one that was asked for.
func unpack(t *testing.T, gz []byte) ([]entry, map[string][]byte) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip's header has a time (%v) or a name (%q)", z.ModTime, z.Name)
	}
	var list []entry
	texts := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != 1700000000 {
			t.Errorf("%s: owner %d:%d (%q:%q), time %v", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
		list = append(list, entry{h.Name, h.Typeflag == tar.TypeDir, h.Mode})
		texts[h.Name], _ = io.ReadAll(r)
	}
}

func TestIPK(t *testing.T) {
	_, parts := unpack(t, []byte(read(t, mustPack(t, "mipsel_24kc", "3.1.4", stub(t)))))
	if got := string(parts["./debian-binary"]); got != "2.0\n" {
		t.Errorf("debian-binary is %q", got)
	}
	list, files := unpack(t, parts["./data.tar.gz"])
	if diff := cmp.Diff(contents(), list, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	for name, from := range map[string]string{
		"./etc/config/imon": "files/imon.config", "./etc/init.d/imon": "files/imon.init",
		"./usr/share/imon/imon-action.sample": "../rpi/imon-action.sample",
	} {
		if string(files[name]) != read(t, from) {
			t.Errorf("%s is not %s", name, from)
		}
	}
	list, files = unpack(t, parts["./control.tar.gz"])
	want := []entry{{"./", true, 0o755}, {"./conffiles", false, 0o644}, {"./control", false, 0o644}, {"./postinst", false, 0o755}, {"./prerm", false, 0o755}}
	if diff := cmp.Diff(want, list, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("control (-want +got):\n%s", diff)
	}
	if got := string(files["./conffiles"]); got != "/etc/config/imon\n" {
		t.Errorf("conffiles: %q", got)
	}
	checkControl(t, string(files["./control"]), parts["./data.tar.gz"])
}

// checkControl compares the fields that opkg uses.
func checkControl(t *testing.T, control string, data []byte) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	size, _ := io.Copy(io.Discard, z)
	for _, want := range []string{
		"Package: imon", "Version: 3.1.4-r1", "Depends: ca-bundle", "Architecture: mipsel_24kc", "License: MIT",
		fmt.Sprintf("Installed-Size: %d", size),
	} {
		if !strings.Contains("\n"+control, "\n"+want+"\n") {
			t.Errorf("no line %q in\n%s", want, control)
		}
	}
}

// The maintainer scripts are the ones that OpenWrt's build gives to each package.
func TestMaintainerScripts(t *testing.T) {
	want := `#!/bin/sh
[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
default_postinst $0 $@
`
	if got := read(t, "files/imon.postinst"); got != want {
		t.Errorf("postinst:\n%s", got)
	}
	want = `#!/bin/sh
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
default_prerm $0 $@
`
	if got := read(t, "files/imon.prerm"); got != want {
		t.Errorf("prerm:\n%s", got)
	}
}

func TestSameBytes(t *testing.T) {
	binary := stub(t)
	first, second := read(t, mustPack(t, "x86_64", "3.0.0", binary)), read(t, mustPack(t, "x86_64", "3.0.0", binary))
	if first != second {
		t.Error("packed twice, the bytes differ")
	}
	if first == read(t, mustPack(t, "mips_24kc", "3.0.0", binary)) {
		t.Error("two labels, the same bytes")
	}
}

func TestUnknownLabel(t *testing.T) {
	_, err := ipk(t, "mipsel_25kc", "3.0.0", stub(t))
	if err == nil || !strings.Contains(err.Error(), "no label 'mipsel_25kc' in openwrt/labels") {
		t.Errorf("%v", err)
	}
}
