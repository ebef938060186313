package rpi_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// setting is one line of a unit.
type setting struct{ name, value string }

// settings are the lines of a unit that set something.
func settings(t *testing.T, path string) []setting {
	t.Helper()
	var list []setting
	for _, line := range strings.Split(read(t, path), "\n") {
		if name, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			list = append(list, setting{name, value})
		}
	}
	return list
}

func has(list []setting, name string) bool {
	return slices.ContainsFunc(list, func(s setting) bool { return s.name == name })
}

func TestUnit(t *testing.T) {
	list := settings(t, "imon@.service")
	for _, want := range []setting{
		{"Type", "notify"}, {"NotifyAccess", "main"}, {"WatchdogSec", "60"}, {"Restart", "always"}, {"RestartPreventExitStatus", "1"},
		{"StartLimitIntervalSec", "0"}, {"ExecStart", "/usr/bin/imon --instance %i"}, {"User", "root"}, {"RuntimeDirectory", "imon"}, {"RuntimeDirectoryPreserve", "yes"}, {"WantedBy", "multi-user.target"},
	} {
		if !slices.Contains(list, want) {
			t.Errorf("no %s=%s", want.name, want.value)
		}
	}
	for _, name := range []string{"After", "Wants", "Requires"} {
		if has(list, name) {
			t.Errorf("%s=: the unit waits for nothing", name)
		}
	}
}

// What the unit leaves open is named there, and a drop-in closes it.
func TestWhatIsLeftOpenHasItsReason(t *testing.T) {
	unit, hardened := settings(t, "imon@.service"), settings(t, "hardened.conf")
	_, reasons, _ := strings.Cut(read(t, "imon@.service"), "# Left open on purpose:")
	for _, s := range hardened {
		said := regexp.MustCompile(`(?m)^#   .*\b` + s.name + `\b`).MatchString(reasons)
		if !has(unit, s.name) && !said && !slices.Contains([]string{"AmbientCapabilities", "DynamicUser", "Environment", "ExecStartPre", "PrivateIPC"}, s.name) {
			t.Errorf("hardened.conf sets %s, and the unit does not say why it does not", s.name)
		}
		if has(unit, s.name) && said {
			t.Errorf("the unit sets %s and says why it does not", s.name)
		}
	}
}

// A list in a drop-in adds to the one of the unit, unless an empty line comes first.
func TestHardenedTakesListsBack(t *testing.T) {
	unit, hardened := settings(t, "imon@.service"), settings(t, "hardened.conf")
	for _, name := range []string{"CapabilityBoundingSet", "RestrictAddressFamilies", "SystemCallFilter", "ReadWritePaths", "RuntimeDirectory", "User"} {
		i := slices.IndexFunc(hardened, func(s setting) bool { return s.name == name })
		if i < 0 || hardened[i].value != "" || !has(unit, name) {
			t.Errorf("hardened.conf has no empty %s= before its own", name)
		}
	}
}

func TestShellSyntax(t *testing.T) {
	dash := []string{"postinst", "prerm", "postrm", "imon-action.sample", "../scripts/deb.sh", "../scripts/lint-deb.sh"}
	bash := []string{"completion.bash", "testdata/boot.sh", "../scripts/nspawn-test.sh"}
	for shell, files := range map[string][]string{"sh": dash, "bash": bash} {
		for _, file := range files {
			if out, err := exec.Command(shell, "-n", file).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", file, err, out)
			}
			if check := tool(t, "shellcheck"); check != "" {
				out, err := exec.Command(check, "-s", shell, "-S", "warning", "-e", "SC2034,SC2086", file).CombinedOutput()
				if err != nil {
					t.Errorf("%s: %v\n%s", file, err, out)
				}
			}
		}
	}
}
