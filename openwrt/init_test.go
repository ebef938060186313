package openwrt_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// declared is what procd hears of one instance; extra comes before the environment.
func declared(name, extra string) string {
	return "procd_open_instance <" + name + ">\n" +
		"procd_set_param <command> <imon> <--instance> <" + name + ">\n" +
		"procd_set_param <file> <testdata/run/" + name + ">\n" +
		"procd_set_param <reload_signal> <HUP>\n" + extra +
		"procd_set_param <respawn> <3600> <5> <0>\n" +
		"procd_set_param <stdout> <1>\n" +
		"procd_set_param <stderr> <1>\n" +
		"procd_close_instance\n"
}

// confined is what a jail adds.
func confined(name string) string {
	return "procd_add_jail <imon-" + name + ">\n" +
		"procd_set_param <capabilities> </etc/capabilities/imon.json>\n" +
		"procd_set_param <no_new_privs> <1>\n"
}

// nothing is the sum (SHA-256) of no secret at all.
const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const (
	loaded = "config_load <imon>\n"
	logged = "log: [main] ? fault one\nlog: [main] ? fault two\n"
	broken = "log: ? Configuration file '/etc/config/imon': uci: Parse error\n"
)

// The init script's decisions, under the shell of a router.
func TestInit(t *testing.T) {
	failed := "procd_set_param <error> <? fault one\n? fault two>\n"
	cases := []struct{ name, state, command, want string }{
		{"nothing is enabled", "SECTIONS='main=0'", "start_service", loaded + "exit 0\n"},
		{"no section at all", "", "start_service", loaded + "exit 0\n"},
		{"one of two is enabled", "SECTIONS='main=1 two=0'", "start_service", loaded + declared("main", "") + "exit 0\n"},
		{"two", "SECTIONS='main=1 two=1'", "start_service", loaded + declared("main", "") + declared("two", "") + "exit 0\n"},
		{"one by name", "SECTIONS='main=1 two=1'", "start_service two", loaded + declared("two", "") + "exit 0\n"},
		{"a faulty one does not start, the other does", "SECTIONS='main=1 two=1' FAULTY=main", "start_service",
			loaded + logged + declared("main", failed) + declared("two", "") + "exit 0\n"},
		{"a faulty one that runs is declared as before", "SECTIONS='main=1' FAULTY=main RUNNING=main", "start_service",
			loaded + logged + declared("main", "") + "exit 0\n"},
		{"unreadable, nothing runs: triggers only", "BROKEN=1", "start_service", broken + "exit 0\n"},
		{"unreadable, something runs: procd hears nothing", "BROKEN=1 RUNNING=main", "start_service", broken},
		{"what procd compares is written for the right one alone", "SECTIONS='main=1 two=1' FAULTY=main", "show_compared",
			"two: two is right\n" + nothing + "  -\nexit 0\n"},
		{"restart", "SECTIONS='main=1'", "restart", loaded + "stop\nstart\n" + loaded + declared("main", "") + "exit 0\n"},
		{"restart of one", "SECTIONS='main=1 two=1' FAULTY=main", "restart two",
			loaded + "stop <two>\nstart <two>\n" + loaded + declared("two", "") + "exit 0\n"},
		{"restart: a fault keeps all", "SECTIONS='main=1 two=1' FAULTY=main RUNNING='main two'", "restart",
			loaded + logged + "log: not restarted: 1 configuration(s) with faults\nexit 1\n"},
		{"restart: unreadable", "BROKEN=1 RUNNING=main", "restart", broken + "exit 1\n"},
		{"check", "SECTIONS='main=1 two=1'", "check", loaded + "main is right\ntwo is right\nexit 0\n"},
		{"check: faults", "SECTIONS='main=1 two=1' FAULTY=main", "check",
			loaded + "% a warning\n? fault one\n? fault two\ntwo is right\nexit 1\n"},
		{"check: nothing enabled", "SECTIONS='main=0'", "check",
			loaded + "Nothing is enabled: uci set imon.main.enabled=1; uci commit imon\nexit 0\n"},
		{"a jail where nothing of the user's runs", "SECTIONS='main=1 two=1' GLOBAL_jail=1 UJAIL=/bin/sh LISTED=action OF_two=/x", "start_service",
			loaded + declared("main", confined("main")) + declared("two", "") + "exit 0\n"},
		{"no jail for a program of ddns", "SECTIONS='main=1' GLOBAL_jail=1 UJAIL=/bin/sh LISTED=command OF_main=/x", "start_service",
			loaded + declared("main", "") + "exit 0\n"},
		{"no jail without ujail", "SECTIONS='main=1' GLOBAL_jail=1", "start_service", loaded + declared("main", "") + "exit 0\n"},
		{"triggers", "", "service_triggers", "procd_add_reload_trigger <imon>\nprocd_add_validation <validate_instance>\nexit 0\n"},
	}
	for _, shell := range []string{"busybox ash", "dash"} {
		for _, c := range cases {
			t.Run(shell+"/"+c.name, func(t *testing.T) {
				if diff := cmp.Diff(c.want, runInit(t, shell, c.state, c.command)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestMemoryKnobs(t *testing.T) {
	cases := []struct{ state, want string }{
		{"", ""},
		{"GLOBAL_gogc=off GLOBAL_gomemlimit=10MiB", "GOGC=off GOMEMLIMIT=10MiB"},
		{"GLOBAL_gogc=200 GLOBAL_gomemlimit=8MiB", "GOGC=200 GOMEMLIMIT=8MiB"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=8388608", "GOGC=20"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=4MiB", "GOGC=20"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=99999999999999999999", "GOGC=20"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=offMiB", "GOGC=20"},
		{"GLOBAL_gogc=99999999999 GLOBAL_gomemlimit=16MiB", "GOMEMLIMIT=16MiB"},
		{"GLOBAL_gogc=0 GLOBAL_gomemlimit=16MiB", "GOMEMLIMIT=16MiB"},
		{"GLOBAL_gogc=-1 GLOBAL_gomemlimit=16MiB", "GOMEMLIMIT=16MiB"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=10MB", "GOGC=20"},
		{"GLOBAL_gogc=20 GLOBAL_gomemlimit=MiB", "GOGC=20"},
	}
	for _, c := range cases {
		out := runInit(t, "busybox ash", "SECTIONS=main=1 "+c.state, "start_service")
		var got []string
		for _, line := range strings.Split(out, "\n") {
			if value, ok := strings.CutPrefix(line, "procd_append_param <env> <"); ok {
				got = append(got, strings.TrimSuffix(value, ">"))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.state, got, c.want)
		}
		if warned := strings.Contains(out, "log: ? Invalid value"); warned != (len(got) == 1) {
			t.Errorf("%s: warned %v\n%s", c.state, warned, out)
		}
	}
}

// A value that is neither yes nor no is a fault of a wanted instance, and not a
// reason to stop it.
func TestEnabledThatIsNeitherYesNorNo(t *testing.T) {
	out := runInit(t, "busybox ash", `SECTIONS="main=TRUE off=off cfg0321da=1" RUNNING=main FAULTY=main`, "start_service")
	for _, want := range []string{"log: [main] ? fault one", "procd_open_instance <main>", "log: ? A section 'config instance' without a name is ignored"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "procd_open_instance <off>") || strings.Contains(out, "procd_open_instance <cfg") {
		t.Errorf("declared what is not wanted:\n%s", out)
	}
}

// runInit calls a function of the init script with everything around it stubbed.
func runInit(t *testing.T, shell, state, command string) string {
	t.Helper()
	words := append(strings.Fields(shell), "-c", state+"\nset -- "+command+"; . testdata/stubs.sh")
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out)
}

// A new password is a change, though nobody is to see it; only root sees what is compared.
func TestSecretsCountAsSettings(t *testing.T) {
	show := func(secret string) string {
		return runInit(t, "busybox ash", "SECTIONS=main=1 SECRET="+secret, "show_compared")
	}
	old, changed := show("geheim"), show("anders")
	if old == changed || strings.Contains(old, "geheim") || strings.Contains(old, nothing) || old != show("geheim") {
		t.Errorf("before:\n%safter:\n%s", old, changed)
	}
	if modes := runInit(t, "busybox ash", "SECTIONS=main=1", "show_modes"); modes != "600\n600\nexit 0\n" {
		t.Errorf("modes of what is compared: %s", modes)
	}
}

// The capabilities of the jail are in the words of procd, and as many as imon needs:
// cmd/imon has a test that runs with them.
func TestCapabilitiesFile(t *testing.T) {
	var sets map[string][]string
	if err := json.Unmarshal([]byte(read(t, "files/imon.capabilities.json")), &sets); err != nil {
		t.Fatal(err)
	}
	two := []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}
	want := map[string][]string{"bounding": two, "effective": two, "permitted": two, "inheritable": {}, "ambient": {}}
	if diff := cmp.Diff(want, sets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
