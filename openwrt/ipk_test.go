package openwrt_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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

func TestIPK(t *testing.T) {
	files := inspect(t, mustPack(t, "mipsel_24kc", "3.1.4", stub(t)), "3.1.4-r1", "mipsel_24kc")
	for name, from := range map[string]string{
		"./etc/config/imon": "files/imon.config", "./etc/init.d/imon": "files/imon.init",
		"./usr/share/imon/imon-action.sample": "../rpi/imon-action.sample",
		"./postinst":                          "files/imon.postinst", "./prerm": "files/imon.prerm",
	} {
		if files[name] != read(t, from) {
			t.Errorf("%s is not %s", name, from)
		}
	}
	if got := files["./conffiles"]; got != "/etc/config/imon\n" {
		t.Errorf("conffiles: %q", got)
	}
	if !strings.Contains(files["./control"], "\nSourceDateEpoch: 1700000000\n") {
		t.Error("the package has not the time that was asked for")
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
