package netconf

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// state is what NetworkManager notes of a device, for everybody to read.
func (m machine) state(d subject) keyfile {
	return parseKeyfile(m.read(path.Join("/run/NetworkManager/devices", d.index)))
}

// managed reports whether NetworkManager runs and manages the device. As a service
// of systemd it has no file for its process number.
func (m machine) managed(d subject) bool {
	return (m.active("NetworkManager") || m.alive("/run/NetworkManager/NetworkManager.pid", "NetworkManager")) &&
		m.state(d).yes("device", "managed")
}

// activated is the UUID of the connection that is active on the device, or "".
func (m machine) activated(d subject) string {
	if !m.managed(d) {
		return ""
	}
	return m.state(d).uuid("device", "connection-uuid")
}

// networkManager is what NetworkManager has to be told of a device.
func (m machine) networkManager(d subject) []Advice {
	if !m.managed(d) {
		return nil
	}
	all, denied := m.profiles()
	uuid := m.activated(d)
	if uuid == "" {
		return waiting(d, all)
	}
	i := slices.IndexFunc(all, func(p profile) bool { return p.uuid == uuid })
	if i < 0 {
		return hidden(d, uuid, denied)
	}
	return all[i].advice(d, all)
}

// advice is what p, active on the device, has to be told.
func (p profile) advice(d subject, all []profile) []Advice {
	lines := p.lines(all)
	by := fmt.Sprintf(" (connection %s)", p.name(all))
	apply := "nmcli device reapply " + d.name
	switch {
	case len(lines) > 0 && p.netplan() != "" && !strings.HasPrefix(lines[0], "netplan "):
		return []Advice{{against("NetworkManager", d, by) + " It stands in a file of /etc/netplan. Without it there, these commands end that:",
			append(lines, apply)}}
	case len(lines) > 0:
		return []Advice{{against("NetworkManager", d, by) + " These commands end that:", append(lines, apply)}}
	case p.told() && d.routed:
		return []Advice{{leftOver("NetworkManager has been told"+by, d), []string{apply}}}
	}
	return nil
}

// lines are the commands by which p is told to install no default route.
func (p profile) lines(all []profile) (lines []string) {
	if key := p.netplan(); key != "" && p.installs() && !p.gateway() && len(p.routes()) == 0 {
		return leave(key)
	}
	for _, r := range p.routes() {
		lines = append(lines, fmt.Sprintf("nmcli connection modify %s -ipv4.routes %s", p.name(all), quote(r)))
	}
	if p.installs() || len(lines) > 0 && !p.told() {
		lines = append(lines, neverDefault(p.name(all)))
	}
	return lines
}

func neverDefault(name string) string {
	return fmt.Sprintf("nmcli connection modify %s ipv4.never-default yes", name)
}

// waiting is what the connections for a device have to be told none of which is
// active, for want of a cable perhaps.
func waiting(d subject, all []profile) (advice []Advice) {
	for _, p := range all {
		off := strings.TrimSpace(p.last("connection", "autoconnect"))
		if p.text("connection", "interface-name") != d.name || off == "false" || off == "0" {
			continue
		}
		if lines := p.lines(all); len(lines) > 0 {
			advice = append(advice, Advice{fmt.Sprintf("NetworkManager's connection %s, not active now, installs a default route "+
				"of its own for %s, against imon's. This keeps it from that:", p.name(all), d.name), lines})
		}
	}
	return advice
}

// hidden is what is said of the active connection when there is no file of it that
// can be read.
func hidden(d subject, uuid string, denied bool) []Advice {
	why := "the file of its connection was not found"
	if denied {
		why = "only root can read its connections"
	}
	sentence := unknown("NetworkManager", d, why)
	if !d.routed {
		return []Advice{{sentence, nil}}
	}
	return []Advice{{sentence + " But there is one. If it is NetworkManager's, these commands end that:",
		[]string{neverDefault("uuid " + quote(uuid)), "nmcli device reapply " + d.name}}}
}
