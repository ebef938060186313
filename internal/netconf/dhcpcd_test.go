package netconf

import (
	"strings"
	"testing"
)

const (
	dhcpcdInstalls = "% dhcpcd installs a default route of its own for eth1, against imon's. These lines at the end of /etc/dhcpcd.conf end that:\n" +
		"    interface eth1\n    nogateway\n"
	dhcpcdRebind = "% This command puts /etc/dhcpcd.conf into effect; all devices of dhcpcd are without their addresses for some seconds:\n    dhcpcd -n\n"
	dhcpcdAlone  = "% This command puts /etc/dhcpcd.conf into effect; eth1 is without its address for some seconds:\n    dhcpcd -n eth1\n"
	dhcpcdTold   = "% /etc/dhcpcd.conf tells dhcpcd to install no default route for eth1, but there is one, perhaps from before that.\n" + dhcpcdRebind
)

// What lines at the end of dhcpcd.conf come to for eth1. All but those marked were put
// to dhcpcd 8.1.2 (Debian 11) and 9.4.1 (12), and the routes looked at.
func TestDhcpcdConf(t *testing.T) {
	base := captured(t, "dhcpcd")[dhcpcdFile]
	for _, c := range []struct {
		lines string
		want  verdict
	}{
		{"", installs},
		{"nogateway\ninterface eth2\ngateway\n", refrains},
		{"interface eth*\nnogateway\ninterface eth2\ngateway\n", perhaps}, // a pattern for some versions, no device for others
		{"denyinterfaces eth1\n", nothing},
		{"denyinterfaces wlan0,eth1 foo\n", nothing},
		{"denyinterfaces eth[13]\n", nothing},
		{"denyinterfaces eth[\n", installs}, // not put to dhcpcd
		{"denyinterfaces eth2\n", installs},
		{"allowinterfaces eth2 lo\n", nothing},
		{"allowinterfaces eth2 lo\nallowinterfaces eth1\n", installs}, // not put to dhcpcd
		{"interface eth2\ndenyinterfaces eth1\n", installs},
		{"interface eth1\nnooption routers\n", perhaps}, // none here, but there may be classless routes
		{"interface eth1\nnooption 3\noption routers\n", installs},
		{"interface eth1\nstatic ip_address=192.168.41.9/24\nstatic routers=192.168.41.1\n", installs},
		{"interface eth1\nstatic ip_address=192.168.41.9/24\n", nothing},
		{"interface eth1\nstatic ip_address=192.168.41.9/24\nstatic routers=192.168.41.1\nnogateway\n", refrains},
		{"interface eth1\nmetric 900\n", installs},
		{"interface eth1\nnoipv4\n", nothing},
		{"interface eth1\nipv6only\nipv4\n", installs}, // not put to dhcpcd
		{"interface eth1\nnodhcp\n", nothing},
		{"interface eth1 # c\n\tnogateway # x\n", refrains},
		{"interface eth1\nnogateway\ngateway\n", installs},
		{"interface eth1\nnogateway yes\n", refrains},
		{"  interface   eth1 \n  nogateway  \n", refrains},
		{"interface eth1\n#nogateway\n", installs},
		{"interface eth1\n;nogateway\n", installs}, // not put to dhcpcd
		{"interface eth1\nnogateway\n\ninterface eth1\nmetric 7\n", refrains},
		{"interface eth3\nnogateway\n", installs},
		{"profile foo\nnogateway\ninterface eth1\nprofile foo\n", perhaps},
		{"ssid home\nnogateway\n", perhaps},
		{"hostname \"a # b\"\ninterface eth1\nnogateway\r\n", refrains},
		{"hostname a\\#b\nnogateway\n", refrains},
	} {
		if got := readDhcpcd(base+c.lines, "eth1"); got != c.want {
			t.Errorf("%q comes to %v, want %v", c.lines, got, c.want)
		}
	}
	if got := readDhcpcd("", "eth1"); got != installs {
		t.Errorf("no file comes to %v", got)
	}
}

// Which dhcpcd has the device, and what is said then.
func TestDhcpcdStates(t *testing.T) {
	conf := captured(t, "dhcpcd")[dhcpcdFile]
	told := files{dhcpcdFile: conf + "interface eth1\nnogateway\n"}
	perhapsTold := files{dhcpcdFile: conf + "interface eth1\nnooption routers\n"}
	alone := func(pidFile string) files { return files{"/run/dhcpcd/pid": "-", pidFile: "1990\n"} }
	ip4 := strings.Replace(dhcpcdAlone, "dhcpcd -n", "dhcpcd -4 -n", 1)
	expect(t, captured(t, "dhcpcd"), []expectation{
		{"of all devices", nil, false, dhcpcdInstalls + dhcpcdRebind},
		{"of all devices, with the route", nil, true, dhcpcdInstalls + dhcpcdRebind},
		{"told", told, false, ""},
		{"told, but the route is there", told, true, dhcpcdTold},
		{"perhaps told", perhapsTold, false, ""},
		{"perhaps told, and the route is there", perhapsTold, true, dhcpcdInstalls + dhcpcdRebind},
		{"without a file", files{dhcpcdFile: "-"}, false, dhcpcdInstalls + dhcpcdRebind},
		{"not its device", files{dhcpcdFile: conf + "denyinterfaces eth1\n"}, true, ""},
		{"ended", files{"/proc/1990/comm": "-"}, true, ""},
		{"its number is another's", files{"/proc/1990/comm": "cron\n"}, true, ""},
		{"no number", files{"/run/dhcpcd/pid": "../1990\n"}, true, ""},
		{"never run", files{"/run/dhcpcd/pid": "-"}, true, ""},
		{"as Debian 11 has it", alone("/run/dhcpcd.pid"), false, dhcpcdInstalls + dhcpcdRebind},
		{"of this device alone", alone("/run/dhcpcd/eth1.pid"), false, dhcpcdInstalls + dhcpcdAlone},
		{"of this device alone, Debian 11", alone("/run/dhcpcd-eth1.pid"), false, dhcpcdInstalls + dhcpcdAlone},
		{"of this device and IPv4 alone", alone("/run/dhcpcd/eth1-4.pid"), false, dhcpcdInstalls + ip4},
		{"of this device and IPv4 alone, Debian 11", alone("/run/dhcpcd-eth1-4.pid"), false, dhcpcdInstalls + ip4},
		{"of another device alone", alone("/run/dhcpcd/eth2.pid"), true, ""},
		{"only root may read its file", files{dhcpcdFile: "?"}, false,
			"% Whether dhcpcd installs a default route of its own for eth1 could not be determined: only root can read /etc/dhcpcd.conf.\n"},
	})
}

// A dhcpcd that NetworkManager runs for its device is NetworkManager's affair.
func TestDhcpcdAsNetworkManagersServant(t *testing.T) {
	base := captured(t, "networkmanager").with(captured(t, "dhcpcd")).with(files{profileFile: wired(t, "method=auto\nnever-default=true\n")})
	expect(t, base, []expectation{
		{"servant", files{"/run/dhcpcd/pid": "-", "/run/dhcpcd/eth1-4.pid": "1990\n"}, false, ""},
		{"beside it", nil, false, dhcpcdInstalls + dhcpcdRebind},
	})
}
