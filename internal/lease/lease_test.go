package lease

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"
)

// captured is a file that a real client wrote (dhcpcd 9.4.1, dhclient 4.4.3).
func captured(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOf(t *testing.T) {
	dhcpcd, dhclient := captured(t, "dhcpcd.lease"), captured(t, "dhclient.leases")
	for _, c := range []struct {
		name, file, text, want string
	}{
		{"dhcpcd", "/var/lib/dhcpcd/eth1.lease", dhcpcd, "192.168.42.130 192.168.42.1"},
		{"dhcpcd, wireless", "/var/lib/dhcpcd/eth1-Home.lease", dhcpcd, "192.168.42.130 192.168.42.1"},
		{"dhcpcd of old", "/var/lib/dhcpcd5/dhcpcd-eth1.lease", dhcpcd, "192.168.42.130 192.168.42.1"},
		{"dhcpcd of another device", "/var/lib/dhcpcd/eth10.lease", dhcpcd, ""},
		{"dhcpcd, classless routes", "/var/lib/dhcpcd/eth1.lease", captured(t, "dhcpcd-classless.lease"), "192.168.42.142 192.168.42.7"},
		{"dhcpcd, cut short", "/var/lib/dhcpcd/eth1.lease", dhcpcd[:len(dhcpcd)-24], ""},
		{"dhcpcd, no message", "/var/lib/dhcpcd/eth1.lease", strings.Repeat("x", 300), ""},
		{"networkd", "/run/systemd/netif/leases/7", "# This is private data. Do not parse.\nADDRESS=10.1.1.5\nNETMASK=255.255.255.0\nROUTER=10.1.1.1 10.1.1.2\n", "10.1.1.5 10.1.1.1"},
		{"networkd, another device", "/run/systemd/netif/leases/8", "ADDRESS=10.1.1.5\nROUTER=10.1.1.1\n", ""},
		{"networkd, no gateway", "/run/systemd/netif/leases/7", "ADDRESS=10.1.1.5\n", ""},
		{"networkd, zeros", "/run/systemd/netif/leases/7", "ADDRESS=10.1.1.5\nROUTER=0.0.0.0\n", ""},
		{"NetworkManager", "/run/NetworkManager/devices/7", "[dhcp4]\ndhcp4.dhcp_lease_time=120\ndhcp4.ip_address=192.168.41.120\ndhcp4.routers=192.168.41.1\n", "192.168.41.120 192.168.41.1"},
		{"dhclient", "/var/lib/dhcp/dhclient.leases", dhclient, "192.168.42.130 192.168.42.1"},
		{"dhclient of one device", "/var/lib/dhcp/dhclient.eth1.leases", dhclient, "192.168.42.130 192.168.42.1"},
		{"dhclient of NetworkManager", "/var/lib/NetworkManager/dhclient-3e0b-eth1.lease", dhclient, "192.168.42.130 192.168.42.1"},
		{"dhclient, another device", "/var/lib/dhcp/dhclient.leases", strings.ReplaceAll(dhclient, "eth1", "eth2"), ""},
		{"dhclient, the newest first", "/var/lib/dhcp/dhclient.leases", dhclient + strings.ReplaceAll(dhclient, "192.168.42.", "10.7.7."),
			"10.7.7.130 10.7.7.1, 192.168.42.130 192.168.42.1"},
		{"nothing", "/etc/hosts", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			if err := afero.WriteFile(fs, c.file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range Of(fs, "eth1", 7) {
				got = append(got, l.Address.String()+" "+l.Gateway.String())
				if l.File != c.file {
					t.Errorf("it is said to be from %s", l.File)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfADeviceThatIsAPath(t *testing.T) {
	fs := afero.NewMemMapFs()
	if err := afero.WriteFile(fs, "/var/lib/dhcpcd/a/b.lease", []byte(captured(t, "dhcpcd.lease")), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Of(fs, "a/b", 0); len(got) > 0 {
		t.Error(got)
	}
}

// Whatever a file holds, it is read to its end and no further.
func FuzzDHCPCD(f *testing.F) {
	for _, name := range []string{"dhcpcd.lease", "dhcpcd-classless.lease"} {
		f.Add([]byte(captured(f, name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := afero.NewMemMapFs()
		afero.WriteFile(fs, "/var/lib/dhcpcd/eth1.lease", b, 0o600)
		for _, l := range Of(fs, "eth1", 1) {
			if !l.Address.Is4() || !l.Gateway.Is4() {
				t.Error(l)
			}
		}
	})
}

func FuzzDhclient(f *testing.F) {
	f.Add(captured(f, "dhclient.leases"))
	f.Fuzz(func(t *testing.T, text string) {
		fs := afero.NewMemMapFs()
		afero.WriteFile(fs, "/var/lib/dhcp/dhclient.leases", []byte(text), 0o600)
		Of(fs, "eth1", 1)
	})
}
