package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/afero"
)

// provision runs a command line of imon-configure over files, with answers.
func provision(t *testing.T, fs afero.Fs, answers string, args ...string) outcome {
	t.Helper()
	var stdout, stderr buffer
	code := run(t.Context(), env{append([]string{"/usr/bin/imon-configure"}, args...), fs, strings.NewReader(answers), &stdout, &stderr, nil})
	return outcome{code, stdout.String(), stderr.String()}
}

// text is what a file has, "" when there is none.
func text(fs afero.Fs, path string) string {
	data, _ := afero.ReadFile(fs, path)
	return string(data)
}

func put(t *testing.T, fs afero.Fs, path, text string) {
	t.Helper()
	if err := afero.WriteFile(fs, path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestConfigureCommandLine(t *testing.T) {
	cases := []struct {
		args           string
		code           int
		stdout, stderr string // beginnings
	}{
		{"--help", 0, "usage: imon-configure ", ""},
		{"--version", 0, "3.", ""},
		{"--nonsense", 2, "", "imon-configure: flag provided but not defined: -nonsense\n\nusage: imon-configure "},
		{"main", 2, "", "imon-configure: unexpected argument \"main\"\n\nusage: imon-configure "},
		{"--uci --json", 2, "", "imon-configure: --uci and --json exclude each other\n\nusage: "},
		{"--set ping.enable", 2, "", "imon-configure: \"ping.enable\" has no =: write SECTION.KEY=VALUE\n\nusage: "},
		{"--instance ../x --set ping.enable=true", 1, "", "? Invalid value '../x' for instance"},
		{"--set ping.enabel=true", 1, "", "? "},
		{"--set ping.enable=true", 1, "", "? ping monitor requires an IP Address to monitor"},
		{"--set ping.interval=abc", 1, "", "? Invalid value 'abc' for interval"},
		{"", 1, "\nBuild imon configuration file\n", "? end of input: nothing was written\n"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			got := provision(t, fs, "", strings.Fields(c.args)...)
			if got.code != c.code || !strings.HasPrefix(got.stdout, c.stdout) || !strings.HasPrefix(got.stderr, c.stderr) {
				t.Errorf("got %+v, want %+v", got, c)
			}
			if entries, _ := afero.ReadDir(fs, "/etc/default"); len(entries) > 0 {
				t.Errorf("%s was written", entries[0].Name())
			}
		})
	}
}

// Both names of the command do the same.
func TestConfigureIsACommandToo(t *testing.T) {
	got := invoke(t, nil, "configure", "--set", "ping.enable=true", "--set", "ping.monitorip=1.1.1.1")
	if got != (outcome{0, "Wrote '/etc/default/imon-main'\n", ""}) {
		t.Errorf("got %+v", got)
	}
}

// Provisioning: settings are added to what the file has, and the old file is kept.
func TestConfigureSets(t *testing.T) {
	fs := afero.NewMemMapFs()
	old := `{ "updown": { "enable": true, "monitorip": "Host.Example" }, "ddns": { "providers": "http://a.example/" } }`
	put(t, fs, "/etc/default/imon-x", old)
	got := provision(t, fs, "", "--instance", "x", "--set", "updown.interval=2.5", "--set", "global.note=It's a=b")
	if got.code != 0 || got.stderr != "" || got.stdout != "Wrote '/etc/default/imon-x'\nThe old file is kept as '/etc/default/.imon-x~'\n" {
		t.Errorf("got %+v", got)
	}
	if text(fs, "/etc/default/.imon-x~") != old {
		t.Errorf("the old file is %q", text(fs, "/etc/default/.imon-x~"))
	}
	for _, want := range []string{
		`"monitorip": "Host.Example"`, `"interval": 2.5`, `"note": "It's a=b"`, `"providers": "http://a.example/"`, `"imon-configure-version": "V3.`,
	} {
		if !strings.Contains(text(fs, "/etc/default/imon-x"), want) {
			t.Errorf("no %s in\n%s", want, text(fs, "/etc/default/imon-x"))
		}
	}
	if again := provision(t, fs, "", "--instance", "x", "--set", "updown.interval=2.5"); again.stdout != "'/etc/default/imon-x' has these settings already\n" {
		t.Errorf("got %+v", again)
	}
	if c := invokeOn(t, fs, "check", "--instance", "x"); c.code != 0 {
		t.Errorf("imon check says %+v", c)
	}
}

// invokeOn runs a command line of imon over fs.
func invokeOn(t *testing.T, fs afero.Fs, args ...string) outcome {
	t.Helper()
	var stdout, stderr buffer
	code := run(t.Context(), env{append([]string{"imon"}, args...), fs, strings.NewReader(""), &stdout, &stderr, nil})
	return outcome{code, stdout.String(), stderr.String()}
}

// On OpenWrt the section of the instance is edited, and nothing else of the file.
func TestConfigureSetsUCI(t *testing.T) {
	fs := afero.NewMemMapFs()
	put(t, fs, "/etc/openwrt_release", "")
	put(t, fs, "/etc/config/imon", "# mine\nconfig instance 'main'\n\toption enabled '0' # later\n\toption note 'x'\n\n# the other\nconfig instance 'lte'\n\toption enabled '1'\n")
	got := provision(t, fs, "", "--set", "ping.enable=true", "--set", "ping.monitorip=1.1.1.1")
	if got.code != 0 || !strings.Contains(got.stderr, "% Instance 'main' is not enabled: uci set imon.main.enabled=1; uci commit imon\n") {
		t.Errorf("got %+v", got)
	}
	want := "# mine\nconfig instance 'main'\n\toption enabled '0' # later\n\toption note 'x'\n\toption ping_enable '1'\n\toption ping_monitorip '1.1.1.1'\n\n# the other\nconfig instance 'lte'\n\toption enabled '1'\n"
	if text(fs, "/etc/config/imon") != want {
		t.Errorf("got\n%s", text(fs, "/etc/config/imon"))
	}
}

// After the dialogue, the commands that fit the machine.
func TestConfigureTellsHowToStart(t *testing.T) {
	answers := "home\n\n\nn\ny\n\n\n\n127.0.0.1\n\n\n\nn\nn\ny\n"
	for name, c := range map[string]struct{ file, want string }{
		"systemd": {"/etc/hostname", "    sudo imon --instance home --nosyslog\n    sudo systemctl enable --now imon@home\n"},
		"systemd, running": {"/sys/fs/cgroup/system.slice/system-imon.slice/imon@home.service/cgroup.procs",
			"    sudo systemctl reload imon@home\n"},
		"OpenWrt": {"/etc/openwrt_release", "    imon --instance home --nosyslog\n    service imon reload\n"},
	} {
		t.Run(name, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			put(t, fs, c.file, "")
			got := provision(t, fs, answers)
			if got.code != 0 || !strings.HasSuffix(got.stdout, c.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// imon check says when a single round decides, and what to do; that done, or somebody
// having said how it shall decide, it says no more.
func TestCheckRecommends(t *testing.T) {
	const sentence = "% failover decides after one round without an answer, as it always did. See fall, rise and hold in imon.conf(5)"
	const command = "imon-configure --instance x --recommended --set failover.enable=true"
	const uplinks = `"primary-if": "imontest1", "primary-gw": "192.0.2.1", "standby-if": "imontest2", "standby-gw": "192.0.2.2"`
	fs := afero.NewMemMapFs()
	put(t, fs, "/etc/default/imon-x", `{ "failover": { "enable": true, `+uplinks+` } }`)
	if got := invokeOn(t, fs, "check", "--instance", "x"); got.code != 0 ||
		!strings.Contains(got.stdout, sentence+". This command sets what is recommended wherever nothing else is configured:\n    "+command+"\nThe configuration is valid\n") {
		t.Errorf("%+v", got)
	}
	if got := invokeOn(t, fs, "check", "--config", "/etc/default/imon-x"); !strings.Contains(got.stdout, sentence+"\nThe configuration is valid\n") {
		t.Errorf("%+v", got)
	}
	if got := provision(t, fs, "", strings.Fields(command)[1:]...); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(text(fs, "/etc/default/imon-x"), `"hold": 60`) {
		t.Errorf("%s", text(fs, "/etc/default/imon-x"))
	}
	put(t, fs, "/etc/default/imon-y", `{ "failover": { "enable": true, "fall": 1, `+uplinks+` } }`)
	for _, name := range []string{"x", "y"} {
		if got := invokeOn(t, fs, "check", "--instance", name); got.code != 0 || strings.Contains(got.stdout, "decides") {
			t.Errorf("%+v", got)
		}
	}
}

// A file that its owner has closed stays closed, and one in which a secret stands is
// not open to everybody.
func TestConfigureClosesFilesWithSecrets(t *testing.T) {
	const file = "/etc/default/imon-main"
	secret := []string{"--set", "ddns.enable=true", "--set", "ddns.update=dyndns2", "--set", "ddns.update-server=https://p.example",
		"--set", "ddns.hostname=h.example", "--set", "ddns.username=joe", "--set", "ddns.password=geheim"}
	plain := []string{"--set", "ddns.enable=true"}
	for _, c := range []struct {
		before os.FileMode // 0: no file
		args   []string
		want   os.FileMode
	}{{0, plain, 0o644}, {0, secret, 0o600}, {0o600, plain, 0o600}, {0o640, secret, 0o640}, {0o644, secret, 0o640}, {0o644, plain, 0o644}} {
		fs := afero.NewMemMapFs()
		if c.before != 0 {
			put(t, fs, file, `{"ping": {"enable": true, "monitorip": "192.0.2.1"}}`)
			if err := fs.Chmod(file, c.before); err != nil {
				t.Fatal(err)
			}
		}
		got := provision(t, fs, "", c.args...)
		info, err := fs.Stat(file)
		if got.code != 0 || err != nil || info.Mode().Perm() != c.want {
			t.Errorf("%v, %v: %+v, %v, mode %v", c.before, c.args, got, err, info.Mode())
		}
		if strings.Contains(got.stdout+got.stderr, "geheim") {
			t.Errorf("the password is shown: %+v", got)
		}
	}
}
