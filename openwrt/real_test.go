package openwrt_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The real opkg installs, upgrades and removes the package in an offline root.
func TestOpkg(t *testing.T) {
	opkg := tool(t, "opkg", "IMON_OPKG")
	if opkg == "" {
		return
	}
	root := offlineRoot(t, "mipsel_24kc")
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(opkg, append([]string{"-f", root + "/etc/opkg.conf", "-o", root}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("opkg %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	foreign := exec.Command(opkg, "-f", root+"/etc/opkg.conf", "-o", root, "install", mustPack(t, "x86_64", "3.0.0", stub(t)))
	if out, err := foreign.CombinedOutput(); err == nil {
		t.Errorf("a package for another architecture was installed:\n%s", out)
	}
	run("install", mustPack(t, "mipsel_24kc", "3.0.0", stub(t)))
	if got := run("status", "imon"); !strings.Contains(got, "Version: 3.0.0-r1\n") || !strings.Contains(got, "\n /etc/config/imon ") {
		t.Errorf("status:\n%s", got)
	}
	conf := filepath.Join(root, "etc/config/imon")
	if err := os.WriteFile(conf, []byte("config instance 'mine'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("install", mustPack(t, "mipsel_24kc", "3.1.0", stub(t)))
	if read(t, conf) != "config instance 'mine'\n" || read(t, conf+"-opkg") != read(t, "files/imon.config") {
		t.Error("an upgrade must keep the edited configuration, and put the new one beside it")
	}
	run("remove", "imon")
	for name, want := range map[string]bool{"etc/config/imon": true, "usr/bin/imon": false, "etc/init.d/imon": false} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("after the removal, %s is there: %v", name, err == nil)
		}
	}
}

// Versions as scripts/version.sh makes them, in the order that opkg gives them.
func TestOpkgVersions(t *testing.T) {
	opkg := tool(t, "opkg", "IMON_OPKG")
	if opkg == "" {
		return
	}
	root := offlineRoot(t, "x86_64")
	order := []string{"2.9.9-r1", "3.0.0~git202611252138.1a2b3c4-r1", "3.0.0~git202611252139.0a2b3c4-r1", "3.0.0-r1", "3.0.1~git202611252138.1a2b3c4-r1", "3.0.1-r1"}
	for i := 1; i < len(order); i++ {
		out, err := exec.Command(opkg, "-f", root+"/etc/opkg.conf", "-o", root, "compare-versions", order[i-1], "<<", order[i]).CombinedOutput()
		if err != nil {
			t.Errorf("opkg: %s is not older than %s: %v %s", order[i-1], order[i], err, out)
		}
	}
}

// offlineRoot is a directory for a label in which ca-bundle is installed.
func offlineRoot(t *testing.T, label string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/opkg.conf":                    "dest root /\nlists_dir ext /var/opkg-lists\narch all 1\narch " + label + " 10\n",
		"usr/lib/opkg/status":              "Package: ca-bundle\nVersion: 1-r1\nStatus: install ok installed\nArchitecture: all\nInstalled-Time: 1\n\n",
		"usr/lib/opkg/info/ca-bundle.list": "",
		"tmp/.keep":                        "",
		"var/lock/.keep":                   "",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// boot starts ubusd, logd and procd in the root file system $1 and runs $2 there.
const boot = `
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/dev"
mknod -m 666 "$1/dev/null" c 1 3
mknod -m 666 "$1/dev/urandom" c 1 9
mkdir -p "$1/tmp/run/ubus" "$1/tmp/lock" "$1/tmp/state" "$1/tmp/log"
ip link set lo up
exec chroot "$1" /bin/sh -c '
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
ubusd &
n=0; until [ -S /var/run/ubus/ubus.sock ] || [ $n -ge 100 ]; do n=$((n + 1)); sleep 0.1; done
logd -S 256 2>/dev/null & procd -S >/tmp/procd.out 2>&1 &
ubus -t 5 wait_for service log
exec sh "$1"' - "$2"
`

// The init script under the real procd, ubusd, uci, logd and opkg, in namespaces
// of its own: IMON_OPENWRT_ROOT names the root file system of an x86-64 OpenWrt
// with opkg, of which a copy is used; IMON_BINARY may name a ready-made imon.
func TestProcd(t *testing.T) {
	from := os.Getenv("IMON_OPENWRT_ROOT")
	if from == "" || runtime.GOARCH != "amd64" {
		t.Log("without a root file system of OpenWrt for x86-64 (set IMON_OPENWRT_ROOT to one): this part is passed over")
		return
	}
	if os.Geteuid() != 0 {
		t.Fatal("a root file system can only be entered by root")
	}
	root := filepath.Join(t.TempDir(), "root")
	if out, err := exec.Command("cp", "-a", from, root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	put(t, mustPack(t, "x86_64", "3.0.0", os.Getenv("IMON_BINARY")), root+"/root/imon.ipk")
	put(t, "testdata/procd.sh", root+"/root/procd.sh")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("unshare", "--pid", "--mount", "--net", "--fork", "--kill-child", "sh", "-ec", boot, "-", root, "/root/procd.sh")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	_, got, _ := strings.Cut(read(t, out.Name()), "== ")
	if diff := cmp.Diff(read(t, "testdata/procd.txt"), "== "+got); diff != "" {
		t.Errorf("(-want +got):\n%s\nprocd said:\n%s", diff, read(t, root+"/tmp/procd.out"))
	}
}

func put(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, []byte(read(t, from)), 0o755); err != nil {
		t.Fatal(err)
	}
}
