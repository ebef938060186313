package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// localhost is this machine alone, by IPv4 and by IPv6.
const localhost = "localhost"

// parseListen reads where to listen, as HOST:PORT. A port alone, also behind a colon, is one
// of this machine alone; whoever wants others to come in writes an address or a name.
func parseListen(text string) (string, string) {
	if text == "" {
		return "", ""
	}
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	host, digits, err := net.SplitHostPort(text)
	port, wrong := strconv.ParseUint(digits, 10, 16)
	if err != nil || wrong != nil || port == 0 || host != "" && !isListenHost(host) {
		return "", KindListen.rule()
	}
	if host == "" || strings.EqualFold(host, localhost) {
		host = localhost
	}
	return net.JoinHostPort(host, strconv.FormatUint(port, 10)), ""
}

// isListenHost reports whether a machine can listen there: also at the unspecified address,
// which is all that it has.
func isListenHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() {
		return a.Zone() == ""
	}
	return isAddress(host) || isName(host)
}

// Local reports whether nobody but this machine can reach what [Global].Listen opens; so it
// is when that is nothing.
func (g Global) Local() bool {
	host, _, err := net.SplitHostPort(g.Listen)
	a, _ := netip.ParseAddr(host)
	return err != nil || host == localhost || a.IsLoopback()
}
