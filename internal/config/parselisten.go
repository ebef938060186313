package config

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseListen reads where to listen, as IP:PORT. A port alone, also behind a colon, is one of
// this machine; whoever wants others to come in writes an address.
func parseListen(text string) (string, string) {
	if text == "" {
		return "", ""
	}
	if port, err := strconv.ParseUint(strings.TrimPrefix(text, ":"), 10, 16); err == nil && port > 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)).String(), ""
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil || a.Port() == 0 || a.Addr().Is4In6() || a.Addr().IsMulticast() {
		return "", KindListen.rule()
	}
	return a.String(), ""
}
