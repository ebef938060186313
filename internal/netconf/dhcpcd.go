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
	effect := Advice{fmt.Sprintf("This command puts %s into effect; %s for some seconds:", dhcpcdFile, without(d, alone)), []string{command}}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []Advice{{Sentence: unreadable("dhcpcd", d, dhcpcdFile)}}
	case told == installs, told == perhaps && d.routed:
		return []Advice{
			{against("dhcpcd", d, "") + " These lines at the end of " + dhcpcdFile + " end that:", []string{"interface " + d.name, "nogateway"}},
			effect,
		}
	case told == refrains && d.routed:
		return []Advice{{Sentence: dhcpcdFile + " tells dhcpcd to install no default route for " + d.name + ", but there is one, perhaps from before that."}, effect}
	}
	return nil
}

// without says who has no address while dhcpcd starts anew.
func without(d subject, alone bool) string {
	if alone {
		return d.name + " is without its address"
	}
	return "all devices of dhcpcd are without their addresses"
}

// rebind is the command that makes the dhcpcd in charge of a device read its
// configuration again, or "" when none runs; alone tells that it has no other device.
// With other devices it has to be told of all at once: told of one it reads the
// configuration of all, and from then on sees no reason to remove the others' routes
// (9.4.1). Told twice within seconds, before it has its addresses back, it installs the
// routes for all that (10.1.0).
// Up to version 8 the numbers of processes are in /run itself.
func (m machine) rebind(d subject) (command string, alone bool) {
	for _, p := range []struct {
		file, command string
		alone         bool
	}{
		{"dhcpcd/pid", "dhcpcd -n", false},
		{"dhcpcd.pid", "dhcpcd -n", false},
		{"dhcpcd/" + d.name + ".pid", "dhcpcd -n " + d.name, true},
		{"dhcpcd-" + d.name + ".pid", "dhcpcd -n " + d.name, true},
		{"dhcpcd/" + d.name + "-4.pid", "dhcpcd -4 -n " + d.name, true},
		{"dhcpcd-" + d.name + "-4.pid", "dhcpcd -4 -n " + d.name, true},
	} {
		if m.alive(path.Join("/run", p.file), "dhcpcd") {
			return p.command, p.alone
		}
	}
	return "", false
}
