package config

import (
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	maxSeconds = 365 * 24 * 60 * 60 // one year
	maxCount   = 1000
	maxMetric  = math.MaxInt32 // fits an int where that has 32 bits
	maxItems   = 255           // of a list
	maxMillis  = 60 * 60 * 1000
	maxPath    = 4095 // bytes, PATH_MAX without its final zero
)

// Rules that are not the one sentence of their kind.
const (
	ruleYear  = "must be at most 31536000 seconds (one year)"
	ruleItems = "must have at most 255 entries"
)

// rule is what a value of this kind must be, as messages say it.
func (k Kind) rule() string {
	switch k {
	case KindBool:
		return "must be true or false"
	case KindSeconds:
		return "must be a number of seconds greater than 0"
	case KindCount:
		return "must be a whole number from 1 to 1000"
	case KindMetric:
		return "must be a whole number from 0 to 2147483647"
	case KindPath:
		return "must be the path of a file"
	case KindHost:
		return "must be an IP address or a DNS name"
	case KindHost4:
		return "must be an IPv4 address or a DNS name"
	case KindTargets:
		return "must be a list of IPv4 addresses or DNS names (with :PORT for method tcp), or URLs for method http"
	case KindTargets6:
		return "must be a list of IPv6 addresses or DNS names (with :PORT for method tcp), or URLs for method http"
	case KindMethod:
		return "must be icmp, dns, tcp or http"
	case KindFamily:
		return "must be 4, 6 or both"
	case KindPause:
		return "must be a number of seconds, 0 or more"
	case KindMillis:
		return "must be a number of milliseconds from 0 to 3600000"
	case KindPercent:
		return "must be a number of per cent from 0 to 100"
	case KindNumber:
		return "must be a whole number from 0 to 1000"
	case KindStatus:
		return "must be an HTTP status from 100 to 599"
	case KindHosts:
		return "must be a list of IP addresses or DNS names"
	case KindInterface:
		return "must be an interface name: 1 to 15 bytes without '/', ':', blanks or control characters"
	case KindGateway:
		return "must be the IPv4 address of a gateway, auto or none"
	case KindGateway6:
		return "must be the IPv6 address of a gateway, auto or none"
	case KindURLs:
		return "must be a list of http:// or https:// URLs without blanks, commas and passwords"
	case KindSources:
		return "must be a list of interface, dns, http and command"
	case KindFollow:
		return "must be active or each"
	case KindName:
		return "must be a DNS name"
	case KindNames:
		return "must be a list of DNS names"
	case KindUpdate:
		return "must be rfc2136, dyndns2, url or nothing"
	case KindServer:
		return "must be HOST, HOST:PORT, or an http:// or https:// URL with {ip}, {ip6}, {hostname}, {username} and {password} and without a login"
	case KindAlgorithm:
		return "must be hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"
	case KindListen:
		return "must be PORT, for this machine alone, or HOST:PORT"
	case KindUplinks:
		return "must be a list of uplinks, each with KEY=VALUE pairs of if, name, gw, ping, postping, method, gw6 and ping6"
	default:
		return "must be text without control characters"
	}
}

// Each parse function returns the value of a text, and the rule that the text
// breaks or "".

func parseBool(text string) (bool, string) {
	switch strings.ToLower(text) {
	case "true":
		return true, ""
	case "false":
		return false, ""
	default:
		return false, KindBool.rule()
	}
}

func parseSeconds(text string) (time.Duration, string) {
	seconds, ok := parseNumber(text)
	if !ok || seconds < 1e-9 { // what a time.Duration can hold
		return 0, KindSeconds.rule()
	}
	if seconds > maxSeconds {
		return 0, ruleYear
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), ""
}

func parseCount(text string) (int, string)  { return parseWhole(text, 1, maxCount, KindCount) }
func parseSmall(text string) (int, string)  { return parseWhole(text, 0, maxCount, KindNumber) }
func parseStatus(text string) (int, string) { return parseWhole(text, 100, 599, KindStatus) }
func parseMetric(text string) (int, string) { return parseWhole(text, 0, maxMetric, KindMetric) }

// parseWhole reads a number from min to max; a fraction of zero is allowed.
func parseWhole(text string, min, max float64, kind Kind) (int, string) {
	f, ok := parseNumber(text)
	if !ok || f != math.Trunc(f) || f < min || f > max {
		return 0, kind.rule()
	}
	return int(f), ""
}

// parseNumber reads a decimal number, infinite when it is too large. Go's other
// spellings, such as 0x10, 1_000, inf and nan, are none.
func parseNumber(text string) (float64, bool) {
	text = strings.Trim(text, " ")
	if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || math.IsInf(f, 0)
}

// isNumber reports whether text is a number as JSON writes it.
func isNumber(text string) bool {
	return strings.Trim(text, "0123456789+-.eE") == "" && json.Valid([]byte(text))
}

func parsePath(text string) (string, string) {
	if text == "" {
		return "", ""
	}
	if len(text) > maxPath || strings.ContainsFunc(text, disguises) {
		return "", KindPath.rule()
	}
	return text, ""
}

func parseText(text string) (string, string) {
	if strings.ContainsFunc(text, disguises) {
		return "", KindText.rule()
	}
	return text, ""
}

func parseHost(text string) (string, string) {
	if text == "" || isAddress(text) || isName(text) {
		return text, ""
	}
	return "", KindHost.rule()
}

func parseHost4(text string) (string, string) {
	if _, rule := parseHost(text); rule != "" || strings.Contains(text, ":") {
		return "", KindHost4.rule()
	}
	return text, ""
}

func parseInterface(text string) (string, string) {
	if text == "" || isInterface(text) {
		return text, ""
	}
	return "", KindInterface.rule()
}

func parseGateway(text string) (netip.Addr, string) {
	switch text {
	case "":
		return netip.Addr{}, ""
	case autoGateway:
		return netip.IPv4Unspecified(), ""
	case noGateway:
		return netip.IPv6Unspecified(), ""
	}
	a, err := netip.ParseAddr(text)
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if err != nil || !a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a == broadcast {
		return netip.Addr{}, KindGateway.rule()
	}
	return a, ""
}
