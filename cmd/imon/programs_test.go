package main

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/uplink"
)

// a machine whose two uplinks are NetworkManager's and dhcpcd's; it has no such
// devices, so that the kernel's own state does not matter.
func twoPrograms() map[string]string {
	return map[string]string{
		"/etc/default/imon-main": `{ "failover": { "enable": true, "fall": 3, "primary-if": "imontest1", "primary-gw": "192.0.2.1",
			"standby-if": "imontest2", "standby-gw": "198.51.100.1" } }`,
		"/sys/class/net/imontest1/ifindex":                        "901\n",
		"/sys/class/net/imontest2/ifindex":                        "902\n",
		"/run/systemd/units/invocation:NetworkManager.service":    "",
		"/run/NetworkManager/devices/901":                         "[device]\nmanaged=true\nconnection-uuid=391b8a22\n",
		"/run/NetworkManager/devices/902":                         "[device]\nmanaged=false\n",
		"/etc/NetworkManager/system-connections/one.nmconnection": "[connection]\nid=Bob's line\nuuid=391b8a22\n[ipv4]\nmethod=auto\n",
		"/run/dhcpcd/pid":                                         "77\n",
		"/proc/77/comm":                                           "dhcpcd\n",
		"/etc/dhcpcd.conf":                                        "hostname\ndenyinterfaces imontest1\n",
	}
}

// advised is what imon check says from the first of this on, without its last line.
func advised(t *testing.T, files map[string]string, first string) string {
	t.Helper()
	got := invoke(t, files, "check")
	if got.code != 0 || got.stderr != "" {
		t.Errorf("exit code %d, complaints %q", got.code, got.stderr)
	}
	text, valid := strings.CutSuffix(got.stdout, "The configuration is valid\n")
	if !valid {
		t.Errorf("not called valid:\n%s", got.stdout)
	}
	_, after, found := strings.Cut(text, first)
	if !found {
		return ""
	}
	return first + after
}

// imon check says which program would install a default route by which device, and
// the commands and lines that end it, for the shell and for dhcpcd.conf to the letter.
func TestCheckTellsWhoInstallsDefaultRoutes(t *testing.T) {
	want := `% NetworkManager installs a default route of its own for imontest1 (connection 'Bob'\''s line'), against imon's. These commands end that:
    nmcli connection modify 'Bob'\''s line' ipv4.never-default yes
    nmcli device reapply imontest1
% dhcpcd installs a default route of its own for imontest2, against imon's. These lines at the end of /etc/dhcpcd.conf end that:
    interface imontest2
    nogateway
% This command puts /etc/dhcpcd.conf into effect; all devices of dhcpcd are without their addresses for some seconds:
    dhcpcd -n
`
	if got := advised(t, twoPrograms(), "% NetworkManager"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestCheckIsSilentWhenTheProgramsAreTold(t *testing.T) {
	files := twoPrograms()
	maps.Copy(files, map[string]string{
		"/etc/NetworkManager/system-connections/one.nmconnection": "[connection]\nid=Bob's line\nuuid=391b8a22\n[ipv4]\nmethod=auto\nnever-default=true\n",
		"/etc/dhcpcd.conf": "hostname\ndenyinterfaces imontest1\ninterface imontest2\nnogateway\n",
	})
	for _, program := range []string{"NetworkManager", "dhcpcd"} {
		if got := advised(t, files, "% "+program); got != "" {
			t.Errorf("said of %s:\n%s", program, got)
		}
	}
}

// Both uplinks are dhcpcd's: the command that is for both comes once, after the lines.
func TestCheckTellsDhcpcdOnce(t *testing.T) {
	files := twoPrograms()
	delete(files, "/run/systemd/units/invocation:NetworkManager.service")
	files["/etc/dhcpcd.conf"] = ""
	want := `% dhcpcd installs a default route of its own for imontest1, against imon's. These lines at the end of /etc/dhcpcd.conf end that:
    interface imontest1
    nogateway
% dhcpcd installs a default route of its own for imontest2, against imon's. These lines at the end of /etc/dhcpcd.conf end that:
    interface imontest2
    nogateway
% This command puts /etc/dhcpcd.conf into effect; all devices of dhcpcd are without their addresses for some seconds:
    dhcpcd -n
`
	if got := advised(t, files, "% dhcpcd"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// What is told but not in effect is said of the uplink whose route is there, and a
// device that is both uplinks' once.
func TestProgramsSaysWhatIsNotInEffect(t *testing.T) {
	fs := afero.NewMemMapFs()
	files := twoPrograms()
	files["/etc/dhcpcd.conf"] = "denyinterfaces imontest1\nnogateway\n"
	files["/etc/NetworkManager/system-connections/one.nmconnection"] = "[connection]\nid=one\nuuid=391b8a22\n[ipv4]\nnever-default=true\n"
	for name, text := range files {
		if err := afero.WriteFile(fs, name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec := func(name string) uplink.Spec {
		return uplink.Spec{Interface: name, Gateway: netip.MustParseAddr("192.0.2.1")}
	}
	one, two := spec("imontest1"), spec("imontest2")
	for _, c := range []struct {
		specs  []uplink.Spec
		rivals []bool
		want   string // the last line of each advice
	}{
		{[]uplink.Spec{one, two}, make([]bool, 2), ""},
		{[]uplink.Spec{one, two}, []bool{true, false}, "nmcli device reapply imontest1"},
		{[]uplink.Spec{one, two}, []bool{false, true}, "dhcpcd -n"},
		{[]uplink.Spec{two, one}, []bool{true, true}, "dhcpcd -n nmcli device reapply imontest1"},
		{[]uplink.Spec{two, two}, []bool{true, true}, "dhcpcd -n"},
		{[]uplink.Spec{{}, two}, []bool{true, true}, "dhcpcd -n"}, // a logical interface without a device
	} {
		var last []string
		for _, a := range programs(fs, c.specs, c.rivals) {
			last = append(last, a.Lines[max(0, len(a.Lines)-1):]...)
		}
		if got := strings.Join(last, " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.rivals, got, c.want)
		}
	}
}
