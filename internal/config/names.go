package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isAddress reports whether s is the IP address of one host. Only a link-local IPv6 address
// may name a zone (RFC 4007, section 11).
func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	everybody := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if err != nil || a.IsUnspecified() || a.IsMulticast() || a == everybody {
		return false
	}
	if a.Zone() == "" {
		return true
	}
	return a.IsLinkLocalUnicast() && isInterface(a.Zone()) && strings.Trim(a.Zone(), zoneChars) == ""
}

const (
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
	zoneChars = letters + digits + "_.@-"
)

// isName reports whether s is a DNS name: labels of letters, digits and hyphens
// (RFC 1123, section 2.1), and underscores because such names are in use. The
// last label is not all digits, or a mistyped address would pass as a name.
func isName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], digits) != ""
}

func isLabel(s string) bool {
	return s != "" && len(s) <= 63 &&
		strings.Trim(s, letters+digits+"_-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

// isInterface reports whether the kernel takes s as the name of a network
// interface (dev_valid_name in net/core/dev.c); byte 0xa0 is a blank there.
// What would disguise a line, and bytes that are no UTF-8, the kernel takes; here
// they are refused as well.
func isInterface(s string) bool {
	if s == "" || len(s) > 15 || s == "." || s == ".." || !utf8.ValidString(s) || strings.ContainsFunc(s, disguises) {
		return false
	}
	for _, b := range []byte(s) {
		if b <= ' ' || b == 0x7f || b == 0xa0 || b == '/' || b == ':' {
			return false
		}
	}
	return true
}

// parseURL returns the full form of a URL; without a scheme it is http.
func parseURL(text string) (string, string) {
	full := text
	if !strings.Contains(text, "://") {
		full = "http://" + text
	}
	u, err := url.Parse(full)
	if err != nil || strings.ContainsFunc(text, breaksURL) || !isWebURL(u) {
		return "", KindURLs.rule()
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), ""
}

func breaksURL(r rune) bool { return r == ',' || unicode.IsSpace(r) || unicode.IsControl(r) }

func isWebURL(u *url.URL) bool {
	if u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return false
	}
	if strings.HasSuffix(u.Host, ":") || !isAddress(u.Hostname()) && !isName(u.Hostname()) {
		return false
	}
	if u.Port() == "" {
		return true
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}
