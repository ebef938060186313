package netconf

import (
	"crypto/md5"
	"fmt"
	"path"
	"strings"
)

// fallbackUUID is the UUID that NetworkManager gives to a connection whose file names
// none, as netplan's do not: an RFC 9562 version 3 UUID of the file's name in /etc,
// wherever the file is.
func fallbackUUID(file string) string {
	h := md5.New()
	h.Write([]byte("\xb4\x25\xe9\xfb\x75\x98\x44\xb4\x9e\x3b\x5a\x2e\x3a\xaa\x49\x05")) // its name space
	h.Write([]byte("keyfile\x00/etc/NetworkManager/system-connections/" + path.Base(file) + "\x00"))
	u := h.Sum(nil)
	u[6] = u[6]&0x0f | 0x30
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// netplan is the key by which netplan knows p, as "ethernets.eth0", or "" when p is
// none of netplan's. Those are written anew at each boot; what NetworkManager is told
// of them may not last.
func (p profile) netplan() string {
	kind, known := map[string]string{"ethernet": "ethernets", "wifi": "wifis", "bridge": "bridges", "bond": "bonds", "vlan": "vlans"}[p.last("connection", "type")]
	id, ok := strings.CutPrefix(strings.TrimSuffix(path.Base(p.file), ".nmconnection"), "netplan-")
	if ssid := p.text("wifi", "ssid"); ssid != "" {
		id = strings.TrimSuffix(id, "-"+ssid)
	}
	if !ok || !known || id == "" || path.Dir(p.file) != "/run/NetworkManager/system-connections" {
		return ""
	}
	return kind + "." + strings.ReplaceAll(id, ".", `\.`)
}

// leave are the commands by which netplan is told to leave p's default route alone.
func leave(key string) []string {
	return []string{
		"netplan set " + quote(key+".dhcp4-overrides.use-routes=false"),
		"netplan generate",
		"nmcli connection reload",
	}
}
