package sink

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleAction = "../../rpi/imon-action.sample"

// shells are the shells under which the sample is tried: dash, which is sh on
// Debian, and busybox ash, which is sh on OpenWrt, as far as they are here.
func shells(t *testing.T) [][]string {
	t.Helper()
	var found [][]string
	for _, argv := range [][]string{{"dash"}, {"busybox", "sh"}, {"sh"}} {
		if _, err := exec.LookPath(argv[0]); err == nil {
			found = append(found, argv)
		}
	}
	if len(found) == 0 {
		t.Fatal("there is no shell on this machine")
	}
	return found
}

// sampleIn copies the sample action into dir, with dir in place of
// /usr/local/bin, and puts a host name and a logger there.
func sampleIn(t *testing.T, dir string) (path string) {
	t.Helper()
	text, err := os.ReadFile(sampleAction)
	if err != nil {
		t.Fatal(err)
	}
	code := bytes.Replace(text, []byte("updater=/usr/local/bin/"), []byte("updater='"+dir+"'/"), 1)
	if bytes.Equal(code, text) {
		t.Fatal("the sample does not look for an updater in /usr/local/bin")
	}
	path = filepath.Join(dir, "action")
	for name, text := range map[string]string{
		path: string(code), filepath.Join(dir, "hostname"): "#!/bin/sh\necho 'my host'\n",
		filepath.Join(dir, "logger"): "#!/bin/sh\nprintf 'LOG<%s>' \"$@\"\necho\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return path
}

// runSample runs the sample under a shell and returns its output.
func runSample(t *testing.T, shell []string, path string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(shell[0], append(append(shell[1:len(shell):len(shell)], path), args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// wantSample is what the sample says about each of the samples that it gets.
func wantSample() []string {
	return []string{
		"updown-online: 1.1.1.1 is online after 0:0:0:10",
		"updown-offline: 1.1.1.1 is offline",
		"ddns-ip-update: 203.0.113.5 unknown|ddns-ip-update: New IP Address: 203.0.113.5|ddns-ip-update: Old IP Address: unknown",
		"ddns-ip-update: 203.0.113.6 203.0.113.5|ddns-ip-update: New IP Address: 203.0.113.6|ddns-ip-update: Old IP Address: 203.0.113.5",
		"ddns-no-update: the external IP address could not be had",
		"ping-result: target:1.1.1.1 alive:True min:0.434 avg:2.664 max:4.894 loss:0.0 jitter:4.46",
		"ping-result: target:2001:db8::1 alive:False min:0.0 avg:0.0 max:0.0 loss:1.0 jitter:0.0",
		"failover-initial: Primary network 'pnet' on eth1, address '192.168.42.7', is online",
		"failover-initial: Standby network '' on wwan0, address '', is offline",
		"failover-primary: Primary network 'pnet' on eth1, address '192.168.42.7', is active",
		"failover-standby: Standby network '' on wwan0, address '', is active",
		"failover-bothdown: pnet:Primary:eth1:192.168.42.7 :Standby:wwan0:",
		"failover-postping: target of Primary network 'pnet' on eth1 is online",
		"failover-postping: target of Standby network '' on wwan0 is offline",
		"failover-uplink-online: Primary network 'pnet' on eth1 after 1:1:1:1",
		"failover-uplink-offline: Standby network '' on wwan0",
		"failover-uplink: Uplink3 network 'lte' on wwan1, address '10.0.3.2', is active",
		"failover-degraded: Primary network 'pnet' on eth1",
		"failover-recovered: Primary network 'pnet' on eth1",
		"ping-degraded: target 1.1.1.1",
		"ping-recovered: target 1.1.1.1",
	}
}

func TestSampleActionLogsEachEvent(t *testing.T) {
	path := sampleIn(t, t.TempDir())
	for _, shell := range shells(t) {
		for flag, pattern := range map[string]string{"0": "LOG<imon action [main] %>", "1": "imon action [main] %"} {
			var got, want []string
			for _, said := range wantSample() {
				var lines string
				for part := range strings.SplitSeq(said, "|") {
					lines += strings.Replace(pattern, "%", part, 1) + "\n"
				}
				want = append(want, lines)
			}
			for _, e := range samples() {
				args, ok := arguments(e)
				if !ok {
					continue
				}
				out, err := runSample(t, shell, path, append([]string{"main", flag, string(e.Kind)}, args...)...)
				if err != nil {
					t.Errorf("%v, %s: %v", shell, e.Kind, err)
				}
				got = append(got, out)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v, flag %s:\n%s", shell, flag, diff)
			}
		}
	}
}

func TestSampleActionRunsTheUpdater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with blank")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := sampleIn(t, dir)
	updater := filepath.Join(dir, "my host-ip-update")
	for _, shell := range shells(t) {
		for _, c := range []struct {
			mode os.FileMode
			want string
		}{
			{0o755, "updates <192.0.2.1> <unknown>\n"},
			{0o644, "imon action [main] ddns-ip-update: %% File " + updater + " is not executable\n" +
				"imon action [main] ddns-ip-update: New IP Address: 192.0.2.1\nimon action [main] ddns-ip-update: Old IP Address: unknown\n"},
		} {
			os.Remove(updater)
			if err := os.WriteFile(updater, []byte("#!/bin/sh\nprintf 'updates <%s> <%s>\\n' \"$@\"\nexit 7\n"), c.mode); err != nil {
				t.Fatal(err)
			}
			out, err := runSample(t, shell, path, "main", "1", "ddns-ip-update", "192.0.2.1", "unknown")
			want := "imon action [main] ddns-ip-update: 192.0.2.1 unknown\n" + c.want
			if failed := err != nil; out != want || failed != (c.mode == 0o755) {
				t.Errorf("%v: %v\ngot  %q\nwant %q", shell, err, out, want)
			}
		}
	}
}

func TestSampleActionQuotesWhatItGets(t *testing.T) {
	dir := t.TempDir()
	path := sampleIn(t, dir)
	evil := `* $(touch "` + dir + `/owned") ` + "`touch " + dir + "/owned`" + ` \n %s 'q'; touch "` + dir + `/owned"`
	for _, shell := range shells(t) {
		out, err := runSample(t, shell, path, "main", "1", "failover-primary", evil+":Primary:eth0:192.0.2.1")
		want := "imon action [main] failover-primary: Primary network '" + evil + "' on eth0, address '192.0.2.1', is active\n"
		if err != nil || out != want {
			t.Errorf("%v: %v\ngot  %q\nwant %q", shell, err, out, want)
		}
		out, err = runSample(t, shell, path, "main", "1", "new-event; touch "+dir+"/owned")
		if want := "imon action [main] new-event; touch " + dir + "/owned: %% Unrecognized imon action event\n"; err != nil || out != want {
			t.Errorf("%v: %v\ngot  %q\nwant %q", shell, err, out, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
		t.Error("a name was run as a command")
	}
}

func TestSampleActionIsExecutable(t *testing.T) {
	if info, err := os.Stat(sampleAction); err != nil || info.Mode()&0o111 != 0o111 {
		t.Errorf("error %v, mode %v", err, info.Mode())
	}
}
