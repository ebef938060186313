package config

import (
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// parsePause is parseSeconds, and 0.
func parsePause(text string) (time.Duration, string) {
	if seconds, ok := parseNumber(text); ok && seconds == 0 {
		return 0, ""
	}
	d, rule := parseSeconds(text)
	if rule == KindSeconds.rule() {
		rule = KindPause.rule()
	}
	return d, rule
}

func parseMillis(text string) (time.Duration, string) {
	ms, ok := parseNumber(text)
	if !ok || ms < 0 || ms > maxMillis {
		return 0, KindMillis.rule()
	}
	return time.Duration(math.Round(ms * float64(time.Millisecond))), ""
}

func parsePercent(text string) (float64, string) {
	percent, ok := parseNumber(text)
	if !ok || percent < 0 || percent > 100 {
		return 0, KindPercent.rule()
	}
	return percent / 100, ""
}

func parseMethod(text string) (Method, string) {
	switch m := Method(strings.ToLower(text)); m {
	case MethodICMP, MethodDNS, MethodTCP, MethodHTTP:
		return m, ""
	}
	return "", KindMethod.rule()
}

func parseFamily(text string) (Family, string) {
	switch f := Family(strings.ToLower(text)); f {
	case FamilyV4, FamilyV6, FamilyBoth:
		return f, ""
	}
	return "", KindFamily.rule()
}

// parseGateway6 takes nothing for "auto": a router advertises itself.
func parseGateway6(text string) (netip.Addr, string) {
	switch text {
	case "", autoGateway:
		return netip.IPv4Unspecified(), ""
	case noGateway:
		return netip.IPv6Unspecified(), ""
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is6() || a.Is4In6() || a.Zone() != "" || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() {
		return netip.Addr{}, KindGateway6.rule()
	}
	return a, ""
}

// parseTarget is one target of an uplink, whatever its method: which form the
// method wants is a rule of two keys.
func parseTarget(text string) (string, string) {
	if target, ok := endpoint(text); ok {
		return target, ""
	}
	if _, rule := parseHost4(text); rule != "" {
		return "", KindTargets.rule()
	}
	return text, ""
}

func parseTarget6(text string) (string, string) {
	if target, ok := endpoint(text); ok {
		return target, ""
	}
	a, err := netip.ParseAddr(text)
	if text != "" && !isName(text) && (err != nil || !a.Is6()) {
		return "", KindTargets6.rule()
	}
	return text, ""
}

// endpoint returns text when it is a URL or HOST:PORT.
func endpoint(text string) (string, bool) {
	if strings.Contains(text, "://") {
		_, rule := parseURL(text)
		return text, rule == ""
	}
	host, port, err := net.SplitHostPort(text)
	n, _ := strconv.ParseUint(port, 10, 16)
	return text, err == nil && n != 0 && (isName(host) || isAddress(host))
}
