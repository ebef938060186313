package netconf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/afero"
)

// networkd is what systemd-networkd has to be told of a device. Which file
// configures it stands in networkd's state.
func (m machine) networkd(d subject) []Advice {
	state := parseKeyfile(m.read(path.Join("/run/systemd/netif/links", d.index)))
	file := state.last("", "NETWORK_FILE")
	if !m.active("systemd-networkd") || file == "" || state.last("", "ADMIN_STATE") == "unmanaged" {
		return nil
	}
	k, err := m.unit(file)
	const apply = "networkctl reload"
	told := "The configuration of systemd-networkd, " + file + ", tells it"
	dropIn := path.Join("/etc/systemd/network", path.Base(file)+".d", "imon.conf")
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []Advice{{Sentence: unreadable("systemd-networkd", d, file)}}
	case staticDefault(k):
		return []Advice{{against("systemd-networkd", d, "") + fmt.Sprintf(" It stands as Gateway= in %s; "+
			"without that line, this command ends it:", file), []string{apply}}}
	case leases(k) && usesGateway(k):
		return []Advice{{against("systemd-networkd", d, "") + " These commands end that:", []string{
			"mkdir -p " + quote(path.Dir(dropIn)),
			`printf '[DHCPv4]\nUseGateway=no\n' >` + quote(dropIn),
			apply,
		}}}
	case leases(k) && d.routed:
		return []Advice{{leftOver(told, d), []string{apply}}}
	}
	return nil
}

// unit is a configuration file with its drop-ins, those of /etc before those of
// /run and of the vendor (systemd.network(5)).
func (m machine) unit(file string) (keyfile, error) {
	text, err := afero.ReadFile(m.fs, file)
	parts := map[string]string{}
	for _, dir := range []string{"/usr/lib/systemd/network", "/run/systemd/network", "/etc/systemd/network"} {
		dir = path.Join(dir, path.Base(file)+".d")
		files, _ := afero.ReadDir(m.fs, dir)
		for _, f := range files {
			if strings.HasSuffix(f.Name(), ".conf") {
				parts[f.Name()] = path.Join(dir, f.Name())
			}
		}
	}
	all := []string{string(text)}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, m.read(parts[name]))
	}
	return parseKeyfile(strings.Join(all, "\n")), err
}

// leases reports whether the address comes from a DHCP server.
func leases(k keyfile) bool {
	on, known := truth(k.last("Network", "DHCP"))
	return known && on || strings.TrimSpace(k.last("Network", "DHCP")) == "ipv4"
}

// usesGateway reports whether the default route of the DHCP server is installed in
// the main table. UseGateway is as UseRoutes when it is not said.
func usesGateway(k keyfile) bool {
	use, known := dhcp(k, "UseGateway")
	if !known {
		use, known = dhcp(k, "UseRoutes")
	}
	table := strings.TrimSpace(k.last("DHCPv4", "RouteTable"))
	return (use || !known) && (inMain(table) || table == "main")
}

// dhcp is the value of a switch of section DHCPv4, once called DHCP.
func dhcp(k keyfile, key string) (on, known bool) {
	if on, known = truth(k.last("DHCPv4", key)); known {
		return on, known
	}
	return truth(k.last("DHCP", key))
}

// truth is a truth value as systemd has them.
func truth(s string) (on, known bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

// staticDefault reports whether a default route by an IPv4 gateway is written down,
// in section Network or in a section Route without another destination or table.
func staticDefault(k keyfile) bool {
	for _, e := range k {
		if e.key != "Gateway" || !strings.Contains(e.value, ".") && e.value != "_dhcp4" {
			continue
		}
		if e.section == "Network" {
			return true
		}
		destination := strings.TrimSpace(k.beside(e, "Destination"))
		table := strings.TrimSpace(k.beside(e, "Table"))
		if e.section == "Route" && (destination == "" || destination == "0.0.0.0/0") && (inMain(table) || table == "main") {
			return true
		}
	}
	return false
}
