// Package lease says which gateways DHCP servers have told the machine's own
// DHCP clients (systemd-networkd, NetworkManager, dhcpcd, dhclient). It reads the
// files that these keep of their leases (RFC 2131), runs nothing and changes
// nothing. Only IPv4 counts: IPv6 gateways come by router advertisements, and those
// the kernel's routing tables tell.
package lease

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/afero"
)

// Lease is what one file says. A file outlives its lease; whether it still holds
// is known by Address: the device has it then.
type Lease struct {
	Address netip.Addr // that was leased
	Gateway netip.Addr
	File    string
}

// Of returns the leases with a gateway for a device, those that are rather true
// before those that may be old. It looks into the file system from its root.
// Files that cannot be read, or say something else, are passed over.
func Of(fs afero.Fs, device string, index int) []Lease {
	if device == "" || strings.Contains(device, "/") {
		return nil
	}
	m := machine{fs}
	all := m.networkd("/run/systemd/netif/leases/" + strconv.Itoa(index))
	all = append(all, m.networkManager("/run/NetworkManager/devices/"+strconv.Itoa(index))...)
	for _, dir := range []string{"/var/lib/dhcpcd", "/var/lib/dhcpcd5"} {
		// A wireless network's name follows that of the device.
		all = append(all, m.each(m.dhcpcd, dir, device+".lease", device+"-", "dhcpcd-"+device+".lease", "dhcpcd-"+device+"-")...)
	}
	dhclient := func(file string) []Lease { return m.dhclient(file, device) }
	all = append(all, m.each(dhclient, "/var/lib/dhcp", "dhclient")...)
	all = append(all, m.each(dhclient, "/var/lib/NetworkManager", "dhclient-")...)
	return slices.DeleteFunc(all, func(l Lease) bool { return !l.Address.Is4() || !l.Gateway.Is4() || l.Gateway.IsUnspecified() })
}

// machine is where files are looked up.
type machine struct{ fs afero.Fs }

// each reads the files of a directory whose names begin with one of the prefixes.
func (m machine) each(read func(file string) []Lease, dir string, prefixes ...string) (all []Lease) {
	files, _ := afero.ReadDir(m.fs, dir)
	for _, f := range files {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f.Name(), p) }) {
			all = append(all, read(path.Join(dir, f.Name()))...)
		}
	}
	return all
}

// pairs are the lines KEY=VALUE of a file.
func (m machine) pairs(file string) map[string]string {
	found := map[string]string{}
	text, _ := afero.ReadFile(m.fs, file)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			found[key] = value
		}
	}
	return found
}

// networkd reads a lease of systemd-networkd.
func (m machine) networkd(file string) []Lease {
	p := m.pairs(file)
	return []Lease{{parse(p["ADDRESS"]), parse(p["ROUTER"]), file}}
}

// networkManager reads what NetworkManager notes of a device. Its lease files, in
// /var/lib, have the address alone.
func (m machine) networkManager(file string) []Lease {
	p := m.pairs(file)
	return []Lease{{parse(p["dhcp4.ip_address"]), parse(p["dhcp4.routers"]), file}}
}

// dhclient reads a file to which dhclient(8) adds each lease that it gets, see
// dhclient.leases(5). The newest comes first.
func (m machine) dhclient(file, device string) (all []Lease) {
	text, _ := afero.ReadFile(m.fs, file)
	one, mine := Lease{File: file}, false
	for line := range strings.Lines(string(text)) {
		w := strings.Fields(strings.TrimRight(line, "; \t\n"))
		switch {
		case len(w) == 0:
		case w[0] == "lease":
			one, mine = Lease{File: file}, false
		case w[0] == "interface" && len(w) > 1:
			mine = strings.Trim(w[1], `"`) == device
		case w[0] == "fixed-address" && len(w) > 1:
			one.Address = parse(w[1])
		case w[0] == "option" && len(w) > 2 && w[1] == "routers":
			one.Gateway = parse(w[2])
		case w[0] == "}" && mine:
			all = append(all, one)
		}
	}
	slices.Reverse(all)
	return all
}

// parse is the first of a list of addresses, invalid when there is none.
func parse(list string) netip.Addr {
	first := strings.FieldsFunc(list, func(c rune) bool { return c == ' ' || c == ',' })
	if len(first) == 0 {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(first[0])
	return a
}
