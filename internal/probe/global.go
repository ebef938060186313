package probe

import "net/netip"

// Global reports whether a can be somebody's address on the public internet: a
// unicast address that is in none of the blocks of the IANA special-purpose
// address registries,
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry (RFC 6890), as of
// 2025. Blocks for protocols and translators (192.0.0.0/24, 2001::/23, 2002::/16)
// are refused as a whole, even where the registry calls a part of them globally
// reachable: no subscriber has such an address. Of IPv6 only 2000::/3 is
// allocated (RFC 4291, section 2.4). An IPv4-mapped address is not global; unmap
// it first. An address with a zone is not global either.
func Global(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false
	}
	for _, block := range special() {
		if netip.MustParsePrefix(block).Contains(a) {
			return false
		}
	}
	return true
}

// special lists the blocks that hold nobody's address.
func special() [23]string {
	return [...]string{
		"0.0.0.0/8",         // "this network", RFC 791
		"10.0.0.0/8",        // private, RFC 1918
		"100.64.0.0/10",     // shared by carrier-grade NAT, RFC 6598
		"127.0.0.0/8",       // loopback, RFC 1122
		"169.254.0.0/16",    // link-local, RFC 3927
		"172.16.0.0/12",     // private, RFC 1918
		"192.0.0.0/24",      // protocol assignments, RFC 6890
		"192.0.2.0/24",      // documentation, RFC 5737
		"192.31.196.0/24",   // AS112, RFC 7535
		"192.52.193.0/24",   // AMT, RFC 7450
		"192.88.99.0/24",    // 6to4 relays, RFC 7526
		"192.168.0.0/16",    // private, RFC 1918
		"192.175.48.0/24",   // AS112, RFC 7534
		"198.18.0.0/15",     // benchmarking, RFC 2544
		"198.51.100.0/24",   // documentation, RFC 5737
		"203.0.113.0/24",    // documentation, RFC 5737
		"224.0.0.0/4",       // multicast, RFC 5771
		"240.0.0.0/4",       // reserved, RFC 1112; broadcast, RFC 919
		"2001::/23",         // protocol assignments, RFC 2928
		"2001:db8::/32",     // documentation, RFC 3849
		"2002::/16",         // 6to4, RFC 3056
		"2620:4f:8000::/48", // AS112, RFC 7534
		"3fff::/20",         // documentation, RFC 9637
	}
}
