package netconf

import "testing"

const (
	unitFile = "/etc/systemd/network/10-up.network"
	dropIn   = unitFile + ".d/imon.conf"
	dhcpUnit = "[Match]\nName=eth1 eth2\n[Network]\nDHCP=ipv4\n"

	networkdInstalls = "% systemd-networkd installs a default route of its own for eth1, against imon's."
	networkdDropIn   = networkdInstalls + " These commands end that:\n" +
		"    mkdir -p /etc/systemd/network/10-up.network.d\n" +
		`    printf '[DHCPv4]\nUseGateway=no\n' >/etc/systemd/network/10-up.network.d/imon.conf` + "\n    networkctl reload\n"
	networkdFixed = networkdInstalls + " It stands as Gateway= in " + unitFile + "; without that line, this command ends it:\n    networkctl reload\n"
)

func TestNetworkdUnits(t *testing.T) {
	var rows []expectation
	for text, want := range map[string]string{
		dhcpUnit:                              networkdDropIn,
		"[Network]\nDHCP=yes\n":               networkdDropIn,
		"[Network]\nDHCP=ipv6\n":              "",
		"[Network]\nDHCP=no\n":                "",
		"[Match]\nName=eth1\n":                "",
		dhcpUnit + "[DHCPv4]\nUseRoutes=no\n": "",
		dhcpUnit + "[DHCPv4]\nUseRoutes=no\nUseGateway=yes\n":              networkdDropIn,
		dhcpUnit + "[DHCPv4]\nUseGateway=false\n":                          "",
		dhcpUnit + "[DHCPv4]\nUseGateway=false\nUseGateway=yes\n":          networkdDropIn,
		dhcpUnit + "[DHCP]\nUseRoutes=off\n":                               "",
		dhcpUnit + "[DHCPv4]\nRouteTable=100\n":                            "",
		dhcpUnit + "[DHCPv4]\nRouteTable=main\n":                           networkdDropIn,
		"[Network]\nGateway=192.168.41.1\n":                                networkdFixed,
		"[Network]\nGateway=fe80::1\n":                                     "",
		"[Route]\nGateway=192.168.41.1\n":                                  networkdFixed,
		"[Route]\nGateway=_dhcp4\n":                                        networkdFixed,
		"[Route]\nDestination=0.0.0.0/0\nGateway=192.168.41.1\n":           networkdFixed,
		"[Route]\nGateway=192.168.41.1\nDestination=10.0.0.0/8\n":          "",
		"[Route]\nGateway=192.168.41.1\nTable=100\n":                       "",
		"[Route]\nDestination=10.0.0.0/8\n[Route]\nGateway=192.168.41.1\n": networkdFixed,
	} {
		rows = append(rows, expectation{name: text, files: files{unitFile: text}, want: want})
	}
	expect(t, captured(t, "networkd"), rows)
}

func TestNetworkdStates(t *testing.T) {
	expect(t, captured(t, "networkd"), []expectation{
		{"told by a drop-in", files{dropIn: "[DHCPv4]\nUseGateway=no\n"}, false, ""},
		{"told, but the route is there", files{dropIn: "[DHCPv4]\nUseGateway=no\n"}, true,
			"% The configuration of systemd-networkd, " + unitFile + ", tells it to install no default route for eth1, but there is one. " +
				"If it is from before that, this command ends it:\n    networkctl reload\n"},
		{"a drop-in of /etc replaces that of the vendor", files{dropIn: "[DHCPv4]\nUseGateway=no\n",
			"/usr/lib/systemd/network/10-up.network.d/imon.conf": "[DHCPv4]\nUseGateway=yes\n"}, false, ""},
		{"the last drop-in counts", files{dropIn: "[DHCPv4]\nUseGateway=no\n",
			"/run/systemd/network/10-up.network.d/z.conf": "[DHCPv4]\nUseGateway=yes\n"}, false, networkdDropIn},
		{"what is no drop-in does not count", files{dropIn + ".old": "[DHCPv4]\nUseGateway=no\n"}, false, networkdDropIn},
		{"only root may read the file", files{unitFile: "?"}, false,
			"% Whether systemd-networkd installs a default route of its own for eth1 could not be determined: only root can read " + unitFile + ".\n"},
		{"it does not run", files{"/run/systemd/units/invocation:systemd-networkd.service": "-"}, true, ""},
		{"it has no file for the device", files{"/run/systemd/netif/links/2": "ADMIN_STATE=unmanaged\n"}, true, ""},
		{"it does not manage the device", files{"/run/systemd/netif/links/2": "ADMIN_STATE=unmanaged\nNETWORK_FILE=" + unitFile + "\n"}, true, ""},
	})
}
