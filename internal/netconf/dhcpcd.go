package netconf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/spf13/afero"
)

// dhcpcdFile is the configuration of dhcpcd: dhcpcd.conf(5).
const dhcpcdFile = "/etc/dhcpcd.conf"

// dhcpcd is what dhcpcd has to be told of a device. Lent tells that another program
// has the device; then a dhcpcd for this device alone is that program's servant,
// which gets its orders from there.
func (m machine) dhcpcd(d subject, lent bool) []Advice {
	command, alone := m.rebind(d)
	if command == "" || alone && lent {
		return nil
	}
	text, err := afero.ReadFile(m.fs, dhcpcdFile)
	told := readDhcpcd(string(text), d.name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []Advice{{Sentence: unreadable("dhcpcd", d, dhcpcdFile)}}
	case told == installs, told == perhaps && d.routed:
		return []Advice{
			{against("dhcpcd", d, "") + " These lines at the end of " + dhcpcdFile + " end that:", []string{"interface " + d.name, "nogateway"}},
			{fmt.Sprintf("This command puts them into effect; %s is without its address for some seconds:", d.name), []string{command}},
		}
	case told == refrains && d.routed:
		return []Advice{{leftOver(dhcpcdFile+" tells dhcpcd", d), []string{command}}}
	}
	return nil
}

// rebind is the command that makes the dhcpcd in charge of a device read its
// configuration again, or "" when none runs; alone tells that it has no other device.
// Up to version 8 the numbers of processes are in /run itself.
func (m machine) rebind(d subject) (command string, alone bool) {
	for _, p := range []struct {
		file, command string
		alone         bool
	}{
		{"dhcpcd/pid", "dhcpcd -n ", false},
		{"dhcpcd.pid", "dhcpcd -n ", false},
		{"dhcpcd/" + d.name + ".pid", "dhcpcd -n ", true},
		{"dhcpcd-" + d.name + ".pid", "dhcpcd -n ", true},
		{"dhcpcd/" + d.name + "-4.pid", "dhcpcd -4 -n ", true},
		{"dhcpcd-" + d.name + "-4.pid", "dhcpcd -4 -n ", true},
	} {
		if m.alive(path.Join("/run", p.file), "dhcpcd") {
			return p.command + d.name, p.alone
		}
	}
	return "", false
}
