package netconf

import (
	"strings"
	"testing"
)

const (
	deviceFile  = "/run/NetworkManager/devices/2"
	profileFile = "/etc/NetworkManager/system-connections/Wired connection 1.nmconnection"
	service     = "/run/systemd/units/invocation:NetworkManager.service"
	activeUUID  = "391b8a22-214b-3a02-b717-ddd1ab282ae3"

	fault    = "% NetworkManager installs a default route of its own for eth1 (connection 'Wired connection 1'), against imon's. These commands end that:\n"
	never    = "    nmcli connection modify 'Wired connection 1' ipv4.never-default yes\n"
	reapply  = "    nmcli device reapply eth1\n"
	unclear  = "% Whether NetworkManager installs a default route of its own for eth1 could not be determined: "
	byUUID   = "    nmcli connection modify uuid " + activeUUID + " ipv4.never-default yes\n"
	possibly = " But there is one. If it is NetworkManager's, these commands end that:\n"
)

// wired is the file of the connection with other settings for IPv4.
func wired(t *testing.T, ipv4 string) string {
	text := captured(t, "networkmanager")[profileFile]
	changed := strings.Replace(text, "[ipv4]\nmethod=auto\n", "[ipv4]\n"+ipv4, 1)
	if changed == text && ipv4 != "method=auto\n" {
		t.Fatal("nothing to change")
	}
	return changed
}

// What a connection's settings come to. The routes that NetworkManager really
// installs for each are seen in testdata/programs.sh and were seen by hand.
func TestNetworkManagerSettings(t *testing.T) {
	installs := fault + never + reapply
	var rows []expectation
	for ipv4, want := range map[string]string{
		"method=auto\n": installs,
		"":              installs,
		"address1=192.168.41.50/24,192.168.41.1\nmethod=manual\n":                             installs,
		"address1=192.168.41.50/24\ngateway=192.168.41.1\nmethod=manual\n":                    installs,
		"address1=192.168.41.50/24,192.168.41.1\nignore-auto-routes=true\nmethod=auto\n":      installs,
		"address1=192.168.41.50/24,0.0.0.0\nmethod=manual\n":                                  "",
		"address1=192.168.41.50/24\nmethod=manual\n":                                          "",
		"ignore-auto-routes=true\nmethod=auto\n":                                              "",
		"method=auto\nroute-table=100\n":                                                      "",
		"method=auto\nroute-table=254\n":                                                      installs,
		"method=link-local\n":                                                                 "",
		"method=shared\n":                                                                     "",
		"method=disabled\n":                                                                   "",
		"method=auto\nnever-default=true\n":                                                   "",
		"method=auto\nnever-default=1\n":                                                      "",
		"method=auto\nnever-default=true \n":                                                  "",
		"method=auto\nnever-default=yes\n":                                                    installs, // a GKeyFile knows true and 1
		"method=auto\nnever-default=TRUE\n":                                                   installs,
		"method=auto\nnever-default=true\nroute1=10.0.0.0/8,192.168.41.1\n":                   "",
		"method=auto\nroute1=0.0.0.0/0,192.168.41.1,300\nroute1_options=table=100\n":          installs,
		"method=disabled\nroute1=0.0.0.0/0,192.168.41.1\n":                                    "",
		"method=auto\nnever-default=true\nroute1=0.0.0.0/0,192.168.41.1,300\n":                fault + "    nmcli connection modify 'Wired connection 1' -ipv4.routes '0.0.0.0/0 192.168.41.1 300'\n" + reapply,
		"method=manual\nroute1=0.0.0.0/0,192.168.41.1\nroute1_options=onlink=true,mtu=1400\n": fault + "    nmcli connection modify 'Wired connection 1' -ipv4.routes '0.0.0.0/0 192.168.41.1 onlink=true mtu=1400'\n" + never + reapply,
	} {
		rows = append(rows, expectation{name: ipv4, files: files{profileFile: wired(t, ipv4)}, want: want})
	}
	expect(t, captured(t, "networkmanager"), rows)
}

// What has been told but is not in effect, what cannot be known, and when
// NetworkManager has nothing to do with the device.
func TestNetworkManagerStates(t *testing.T) {
	told := wired(t, "method=auto\nnever-default=true\n")
	idle := "[device]\nmanaged=true\n"
	expect(t, captured(t, "networkmanager"), []expectation{
		{"told, but the route is there", files{profileFile: told}, true,
			"% NetworkManager has been told (connection 'Wired connection 1') to install no default route for eth1, but there is one. " +
				"If it is from before that, this command ends it:\n" + reapply},
		{"only root knows", files{profileFile: "?"}, false, unclear + "only root can read its connections.\n"},
		{"only root knows, and there is a route", files{profileFile: "?"}, true,
			unclear + "only root can read its connections." + possibly + byUUID + reapply},
		{"the connection has no file", files{profileFile: "-"}, false, unclear + "the file of its connection was not found.\n"},
		{"the connection has no file, and there is a route", files{profileFile: "-"}, true,
			unclear + "the file of its connection was not found." + possibly + byUUID + reapply},
		{"it does not run", files{service: "-"}, true, ""},
		{"it runs without systemd", files{service: "-", "/run/NetworkManager/NetworkManager.pid": "71\n", "/proc/71/comm": "NetworkManager\n"}, false, fault + never + reapply},
		{"its number is another's now", files{service: "-", "/run/NetworkManager/NetworkManager.pid": "71\n", "/proc/71/comm": "bash\n"}, false, ""},
		{"it does not manage the device", files{deviceFile: "[device]\nmanaged=false\n"}, true, ""},
		{"there is no such device", files{"/sys/class/net/eth1/ifindex": "-"}, true, ""},
		{"not connected", files{deviceFile: idle}, false,
			"% NetworkManager's connection 'Wired connection 1', not active now, installs a default route of its own for eth1, against imon's. This keeps it from that:\n" + never},
		{"not connected and told", files{deviceFile: idle, profileFile: told}, false, ""},
		{"not connected, never by itself", files{deviceFile: idle,
			profileFile: strings.Replace(wired(t, "method=auto\n"), "type=", "autoconnect=false\ntype=", 1)}, false, ""},
		{"a port of a bridge", files{profileFile: strings.Replace(wired(t, "method=auto\n"), "type=", "master=br0\ntype=", 1)}, false, ""},
		{"a file in /run goes before that in /etc", files{"/run/NetworkManager/system-connections/Wired connection 1.nmconnection": told}, false, ""},
		{"a backup is no connection", files{profileFile: "-", profileFile + "~": told}, false, unclear + "the file of its connection was not found.\n"},
	})
}

// A name comes out as one word of the shell, and never as another connection's.
func TestNetworkManagerNames(t *testing.T) {
	for id, want := range map[string]string{
		`home`:                  `home`,
		`Bob's line`:            `'Bob'\''s line'`,
		`$(reboot) ; "x" #1 \\`: `'$(reboot) ; "x" #1 \'`,
		`\slead`:                `' lead'`,
		`ä`:                     `'ä'`,
		`a\nb`:                  "uuid " + activeUUID,
		`-h`:                    "uuid " + activeUUID,
		`uuid`:                  "uuid " + activeUUID,
		`two`:                   "uuid " + activeUUID,
	} {
		f := captured(t, "networkmanager").with(files{"/etc/NetworkManager/system-connections/two": "[connection]\nid=two\nuuid=2\n"})
		f[profileFile] = strings.Replace(f[profileFile], "id=Wired connection 1", "id="+id, 1)
		got := f.advise(t, false)
		if !strings.Contains(got, "\n    nmcli connection modify "+want+" ipv4.never-default yes\n") {
			t.Errorf("name %s: no %s in\n%s", id, want, got)
		}
	}
}

// netplan's connections have no UUID, and NetworkManager reads them anew at each boot:
// they are told by netplan's own command. The number is the one seen on a Debian 13.
func TestNetplan(t *testing.T) {
	const file, first = "/run/NetworkManager/system-connections/netplan-eth2.nmconnection", "[device]\nmanaged=true\nconnection-uuid="
	text := "[connection]\nid=netplan-eth2\ntype=ethernet\ninterface-name=eth1\n\n[ipv4]\nmethod=auto\n"
	device := first + "e4f315ef-c9bc-3458-827e-dbff93a2bac6\n"
	own := "% NetworkManager installs a default route of its own for eth1 (connection netplan-eth2), against imon's."
	expect(t, captured(t, "networkmanager"), []expectation{
		{"DHCP", files{deviceFile: device, file: text}, false, own + " These commands end that:\n    netplan set ethernets.eth2.dhcp4-overrides.use-routes=false\n" +
			"    netplan generate\n    nmcli connection reload\n" + reapply},
		{"told", files{deviceFile: device, file: text + "never-default=true\nignore-auto-routes=true\n"}, false, ""},
		{"a fixed route", files{deviceFile: device, file: text + "route1=0.0.0.0/0,192.168.42.1\nnever-default=true\nignore-auto-routes=true\n"}, false,
			own + " It stands in a file of /etc/netplan. Without it there, these commands end that:\n" +
				"    nmcli connection modify netplan-eth2 -ipv4.routes '0.0.0.0/0 192.168.42.1'\n" + reapply},
		{"without a name", files{deviceFile: device, file: strings.Replace(text, "id=netplan-eth2\n", "", 1) + "never-default=true\n"}, true,
			"% NetworkManager has been told (connection netplan-eth2) to install no default route for eth1, but there is one. If it is from before that, this command ends it:\n" + reapply},
	})
	for p, want := range map[string]string{
		"netplan-wlan0-At home:wifi:[wifi]\nssid=At home\n": "wifis.wlan0",
		"netplan-a.b:ethernet:":                             `ethernets.a\.b`,
		"netplan-wg0:wireguard:":                            "",
		"netplan-:ethernet:":                                "",
		"eth0:ethernet:":                                    "",
	} {
		w := strings.SplitN(p, ":", 3)
		text := "[connection]\ntype=" + w[1] + "\n" + w[2]
		if got := newProfile("/run/NetworkManager/system-connections/"+w[0]+".nmconnection", text).netplan(); got != want {
			t.Errorf("%s is %q in netplan, want %q", w[0], got, want)
		}
		if got := newProfile("/etc/NetworkManager/system-connections/"+w[0]+".nmconnection", text).netplan(); got != "" {
			t.Errorf("%s in /etc is netplan's %q", w[0], got)
		}
	}
}
