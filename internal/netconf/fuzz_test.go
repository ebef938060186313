package netconf

import (
	"strings"
	"testing"
)

// Whatever the files hold, what is said are single lines of printable text, and each
// name in a command is one word of the shell.
func FuzzAdvise(f *testing.F) {
	f.Add("[connection]\nid=Bob's line\nuuid=x\n[ipv4]\nroute1=0.0.0.0/0,192.0.2.1,3\nroute1_options=a=b\n", "interface eth1\nnogateway # x\n", "[Network]\nDHCP=yes\n")
	f.Add("[connection]\nid=$(reboot)\\n\n[ipv4]\naddress1=192.0.2.2/24,192.0.2.1\n", "denyinterfaces eth[\n", "[Route]\nGateway=_dhcp4\n")
	f.Add("[connection]\nid=-\nuuid=$(reboot)\n", "", "")
	f.Add("[connection]\nid=-\nuuid=x\xff\n", "", "")
	f.Add("id\n=\n[", "\\", "[[]=")
	f.Fuzz(func(t *testing.T, connection, dhcpcd, unit string) {
		system := files{
			"/sys/class/net/eth1/ifindex": "2\n",
			service:                       "",
			"/run/systemd/units/invocation:systemd-networkd.service": "",
			deviceFile:  "[device]\nmanaged=true\nconnection-uuid=" + newProfile(profileFile, connection).uuid + "\n",
			profileFile: connection, "/run/dhcpcd/pid": "7", "/proc/7/comm": "dhcpcd", dhcpcdFile: dhcpcd,
			"/run/systemd/netif/links/2": "NETWORK_FILE=" + unitFile + "\n", unitFile: unit,
		}.system(t)
		for _, a := range Advise(system, "eth1", true) {
			for _, line := range append(a.Lines, a.Sentence) {
				if line == "" || strings.ContainsFunc(line, unprintable) {
					t.Errorf("unprintable: %q", line)
				}
			}
			for _, line := range a.Lines {
				if _, rest, ok := strings.Cut(line, "$("); ok && !strings.Contains(rest, "'") {
					t.Errorf("not quoted: %q", line)
				}
				if open(line) {
					t.Errorf("quotes are open in %q", line)
				}
			}
		}
	})
}

// open reports whether a single quote is open at the end of a line of a POSIX shell.
func open(line string) (quoted bool) {
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\'':
			quoted = !quoted
		case line[i] == '\\' && !quoted:
			i++
		}
	}
	return quoted
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"eth1": "eth1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "~": "'~'", "$x": "'$x'", "a\\": `'a\'`, "ä": "'ä'", "*": "'*'",
	} {
		if got := quote(word); got != want {
			t.Errorf("quote(%q) = %s, want %s", word, got, want)
		}
	}
}
