package netconf

import (
	"path"
	"slices"
	"strings"
)

// verdict is what dhcpcd.conf makes of the default route by one device.
type verdict int

const (
	installs verdict = iota // dhcpcd installs it
	refrains                // dhcpcd has been told not to
	nothing                 // dhcpcd has none to install
	perhaps                 // it depends on what the file does not tell
)

// readDhcpcd reads dhcpcd.conf for one device. Some blocks may or may not be for
// it; when that matters, nobody can tell.
func readDhcpcd(text, device string) verdict {
	strict, loose := scanDhcpcd(text, device, false), scanDhcpcd(text, device, true)
	if strict != loose {
		return perhaps
	}
	return strict
}

// scanDhcpcd reads dhcpcd.conf as dhcpcd does for one device: what comes before the
// first block is for all devices, a block ends where the next one begins, and the
// last word on a matter counts. An empty file is dhcpcd's default. Loose takes a
// block that may be for the device as one that is.
func scanDhcpcd(text, device string, loose bool) verdict {
	r := rules{device: device, gateway: true, routers: true, ipv4: true, dhcp: true}
	mine := true
	for _, line := range strings.Split(text, "\n") {
		switch name, value := statement(line); name {
		case "interface":
			r.inBlock, mine = true, value == device || loose && glob(value, device)
		case "ssid", "profile":
			r.inBlock, mine = true, loose
		default:
			if mine {
				r.take(name, value)
			}
		}
	}
	return r.verdict()
}

// rules are what dhcpcd.conf says of one device.
type rules struct {
	device  string
	inBlock bool
	allow   []string // patterns of the only devices that dhcpcd handles
	deny    []string // patterns of those that it leaves alone
	gateway bool     // install default routes
	routers bool     // take them from the DHCP server
	ipv4    bool
	dhcp    bool
	static  bool // has an address without DHCP
	hop     bool // has a gateway without DHCP
}

// take takes over one option.
func (r *rules) take(name, value string) {
	switch name {
	case "allowinterfaces", "denyinterfaces":
		r.takeList(name, words(value))
	case "gateway", "nogateway":
		r.gateway = name == "gateway"
	case "ipv4", "ipv4only", "noipv4", "ipv6only":
		r.ipv4 = strings.HasPrefix(name, "ipv4")
	case "dhcp", "nodhcp":
		r.dhcp = name == "dhcp"
	case "static":
		key, v, _ := strings.Cut(value, "=")
		r.static = r.static && key != "ip_address" || key == "ip_address" && v != ""
		r.hop = r.hop && key != "routers" || key == "routers" && v != ""
	case "option", "nooption":
		if list := words(value); slices.Contains(list, "routers") || slices.Contains(list, "3") {
			r.routers = name == "option"
		}
	}
}

// takeList takes over a list of devices; in a block it does not count.
func (r *rules) takeList(name string, patterns []string) {
	switch {
	case r.inBlock:
	case name == "allowinterfaces":
		r.allow = append(r.allow, patterns...)
	default:
		r.deny = append(r.deny, patterns...)
	}
}

// verdict is what all rules together amount to.
func (r *rules) verdict() verdict {
	named := func(pattern string) bool { return glob(pattern, r.device) }
	switch {
	case slices.ContainsFunc(r.deny, named), len(r.allow) > 0 && !slices.ContainsFunc(r.allow, named):
		return nothing
	case !r.ipv4, r.static && !r.hop, !r.static && !r.dhcp:
		return nothing
	case !r.gateway:
		return refrains
	case !r.routers && !r.static:
		return perhaps // the server may send classless routes
	}
	return installs
}

// statement takes a line apart: the option's name, and the rest without a comment.
// In quotes or after a backslash a # begins none.
func statement(line string) (name, value string) {
	quoted, escaped := false, false
	for i, c := range line {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted, c == ';' && strings.Trim(line[:i], " \t") == "":
			return statement(line[:i])
		}
	}
	line = strings.Trim(line, " \t\r")
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		return line[:i], strings.TrimLeft(line[i:], " \t")
	}
	return line, ""
}

// words are the items of a list.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", \t", r) })
}

// glob reports whether a device is meant by a pattern of fnmatch(3).
func glob(pattern, device string) bool {
	ok, err := path.Match(pattern, device)
	return ok && err == nil
}
