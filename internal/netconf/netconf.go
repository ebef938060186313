// Package netconf says which of the machine's own network programs
// (NetworkManager, dhcpcd, systemd-networkd) installs a default route by a device,
// against imon's, and what to tell it so that it does not. It reads their files,
// runs nothing and changes nothing. Only IPv4 counts.
package netconf

import (
	"fmt"
	"path"
	"strings"

	"github.com/spf13/afero"
)

// Advice is one thing to know or to do about a device.
type Advice struct {
	// Sentence says what is the matter. It ends with a colon when lines follow.
	Sentence string
	// Lines are shell commands, to be typed as root, or lines of a file that the
	// sentence names.
	Lines []string
}

// Advise says what has to be done so that no program on this machine installs a
// default route by device; nothing when all is well. It looks into the file system
// from its root. Routed tells whether another program than imon has a default route
// by that device now: what a program has been told may not be in effect yet.
//
// What cannot be determined, because only root may read it, is said to be so.
func Advise(fs afero.Fs, device string, routed bool) []Advice {
	m := machine{fs}
	index := m.line(path.Join("/sys/class/net", device, "ifindex"))
	if index == "" || strings.Contains(device, "/") {
		return nil
	}
	d := subject{name: device, index: index, routed: routed}
	all := m.networkManager(d)
	all = append(all, m.dhcpcd(d, m.activated(d) != "")...)
	return append(all, m.networkd(d)...)
}

// subject is the device in question.
type subject struct {
	name   string
	index  string // in decimal
	routed bool
}

// machine is where files are looked up.
type machine struct{ fs afero.Fs }

// read is the text of a file, "" when there is none or it cannot be read.
func (m machine) read(name string) string {
	text, err := afero.ReadFile(m.fs, name)
	if err != nil {
		return ""
	}
	return string(text)
}

// line is the only line of a file.
func (m machine) line(name string) string { return strings.TrimSpace(m.read(name)) }

// alive reports whether the file holds the number of a living process of that
// program.
func (m machine) alive(pidFile, program string) bool {
	pid := m.line(pidFile)
	return pid != "" && strings.Trim(pid, "0123456789") == "" && m.line(path.Join("/proc", pid, "comm")) == program
}

// active reports whether systemd has a service running: it then keeps a link in
// /run/systemd/units whose target is no file.
func (m machine) active(service string) bool {
	dir, err := m.fs.Open("/run/systemd/units")
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if name == "invocation:"+service+".service" {
			return true
		}
	}
	return false
}

// against is the sentence on a program that installs a default route. By is how
// it comes to do so, "" or words in brackets.
func against(program string, d subject, by string) string {
	return fmt.Sprintf("%s installs a default route of its own for %s%s, against imon's.", program, d.name, by)
}

// leftOver is the sentence on a program that was told well, though there is a route.
func leftOver(told string, d subject) string {
	return fmt.Sprintf("%s to install no default route for %s, but there is one. If it is from before that, this command ends it:", told, d.name)
}

// unknown is the sentence on a program of which it cannot be told.
func unknown(program string, d subject, why string) string {
	return fmt.Sprintf("Whether %s installs a default route of its own for %s could not be determined: %s.", program, d.name, why)
}

// unreadable is the sentence on a program whose file only root may read.
func unreadable(program string, d subject, file string) string {
	return unknown(program, d, "only root can read "+file)
}
