package config

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Kind says what the value of a setting must look like.
type Kind int

// The kinds of value, each with the Go type of its field of [Config].
const (
	KindBool      Kind = iota + 1 // true or false: bool
	KindSeconds                   // seconds, fractions allowed: time.Duration
	KindCount                     // 1 to 1000: int
	KindMetric                    // of a route, 0 to 2147483647: int
	KindPath                      // path of a file: string
	KindHost                      // IP address or DNS name: string
	KindHost4                     // IPv4 address or DNS name: string
	KindTargets                   // list of what an uplink's method asks by IPv4: []string
	KindTargets6                  // list of what an uplink's method asks by IPv6: []string
	KindMethod                    // icmp, dns, tcp or http: Method
	KindFamily                    // 4, 6 or both: Family
	KindPause                     // seconds, 0 or more: time.Duration
	KindMillis                    // milliseconds, 0 or more: time.Duration
	KindPercent                   // 0 to 100, stored as 0 to 1: float64
	KindNumber                    // 0 to 1000: int
	KindStatus                    // HTTP status, 100 to 599: int
	KindHosts                     // list of addresses and names: []string
	KindText                      // text without control characters: string
	KindInterface                 // name of a network interface: string
	KindGateway                   // unicast IPv4 address, "auto" or "none" (see Uplink): netip.Addr
	KindGateway6                  // unicast IPv6 address, "auto" or "none": netip.Addr
	KindURLs                      // list of http and https URLs: []string
	KindSources                   // list of interface, dns, http and command: []string
	KindFollow                    // active or each: Follow
	KindName                      // DNS name: string
	KindNames                     // list of DNS names: []string
	KindUpdate                    // rfc2136, dyndns2, url or nothing: Update
	KindServer                    // HOST, HOST:PORT or URL with placeholders: string, of which a URL is shown in part
	KindAlgorithm                 // of a key, such as hmac-sha256: string
	KindSecret                    // text that is never shown: string
	KindListen                    // PORT of this machine, HOST:PORT or nothing: string, as HOST:PORT
	KindUplinks                   // list of uplinks, each of blank-separated KEY=VALUE pairs: []Uplink
)

// list reports whether a value of this kind is a list.
func (k Kind) list() bool {
	switch k {
	case KindHosts, KindURLs, KindTargets, KindTargets6, KindUplinks, KindSources, KindNames:
		return true
	}
	return false
}

// number reports whether a value of this kind is a number.
func (k Kind) number() bool {
	switch k {
	case KindSeconds, KindPause, KindMillis, KindPercent, KindCount, KindNumber, KindStatus, KindMetric, KindFamily:
		return true
	}
	return false
}

// Asking says what the dialogue of imon-configure does about a setting.
type Asking int

// What the dialogue does about a setting. Its files have every setting but those
// of AskNew, which are there only when they are not at their defaults.
const (
	AskNot      Asking = iota + 1 // it does not ask
	AskNew                        // it does not ask, as the Python imon does not know the setting
	AskOptional                   // it asks, and the answer may be nothing
	AskRequired                   // it asks until there is an answer
)

// Key is one setting: where it stands in a file, what it may hold, and which
// field of [Config] it fills.
type Key struct {
	Section string
	Name    string
	Kind    Kind
	Default string // the text that [Key.Set] takes
	Asking  Asking
	Help    string // one line, for people: what the dialogue of imon-configure asks

	field func(*Config) any // a pointer to the field, of the type that goes with Kind
}

// String returns the name by which messages call the setting: "section.key".
func (k Key) String() string { return k.Section + "." + k.Name }

// Set reads text and stores its value in c. A list is separated by commas, one of
// uplinks by semicolons; blanks around those and empty items do not count. When the
// text is wrong, c keeps the value it had and Set returns what is wrong, one fault
// per item.
func (k Key) Set(c *Config, text string) []Fault {
	switch {
	case k.Kind == KindUplinks:
		return k.setUplinks(c, []string{text})
	case k.Kind.list():
		return k.setItems(c, strings.Split(text, ","))
	}
	if rule := k.store(c, text); rule != "" {
		return []Fault{k.fault(text, rule)}
	}
	return nil
}

// store parses text and returns the rule that it breaks, if any.
func (k Key) store(c *Config, text string) (rule string) {
	field := k.field(c)
	switch k.Kind {
	case KindBool:
		return put(field, text, parseBool)
	case KindSeconds:
		return put(field, text, parseSeconds)
	case KindCount:
		return put(field, text, parseCount)
	case KindMetric:
		return put(field, text, parseMetric)
	case KindNumber:
		return put(field, text, parseSmall)
	case KindStatus:
		return put(field, text, parseStatus)
	case KindPause:
		return put(field, text, parsePause)
	case KindMillis:
		return put(field, text, parseMillis)
	case KindPercent:
		return put(field, text, parsePercent)
	case KindMethod:
		return put(field, text, parseMethod)
	case KindFamily:
		return put(field, text, parseFamily)
	case KindGateway:
		return put(field, text, parseGateway)
	case KindGateway6:
		return put(field, text, parseGateway6)
	case KindPath:
		return put(field, text, parsePath)
	case KindHost:
		return put(field, text, parseHost)
	case KindHost4:
		return put(field, text, parseHost4)
	case KindInterface:
		return put(field, text, parseInterface)
	case KindFollow:
		return put(field, text, parseFollow)
	case KindName:
		return put(field, text, parseName)
	case KindUpdate:
		return put(field, text, parseUpdate)
	case KindServer:
		return put(field, text, parseServer)
	case KindAlgorithm:
		return put(field, text, parseAlgorithm)
	case KindSecret:
		return put(field, text, parseSecret)
	case KindListen:
		return put(field, text, parseListen)
	default:
		return put(field, text, parseText)
	}
}

// put parses text and, when it breaks no rule, stores the result in *field.
func put[T any](field any, text string, parse func(string) (T, string)) (rule string) {
	value, rule := parse(text)
	if rule == "" {
		*field.(*T) = value
	}
	return rule
}

// setItems is Set for a list whose items are already apart. A list of URLs or
// of sources is never empty: without an item it is the default.
func (k Key) setItems(c *Config, items []string) []Fault {
	if k.Kind == KindUplinks {
		return k.setUplinks(c, items)
	}
	items = nonEmpty(items)
	if len(items) > maxItems {
		return []Fault{k.fault(strings.Join(items, ","), ruleItems)}
	}
	if len(items) == 0 && (k.Kind == KindURLs || k.Kind == KindSources) {
		return k.Set(c, k.Default)
	}
	parse := map[Kind]func(string) (string, string){
		KindHosts: parseHost, KindURLs: parseURL, KindTargets: parseTarget, KindTargets6: parseTarget6,
		KindSources: parseSource, KindNames: parseName,
	}[k.Kind]
	var list []string
	var faults []Fault
	for _, item := range items {
		value, rule := parse(item)
		if rule != "" {
			faults = append(faults, k.fault(item, k.Kind.rule()))
		}
		list = append(list, value)
	}
	if len(faults) == 0 {
		*k.field(c).(*[]string) = list
	}
	return faults
}

// Get returns the value that c has for the setting, as the text that [Key.Set]
// takes.
func (k Key) Get(c Config) string {
	switch field := k.field(&c).(type) {
	case *bool:
		return strconv.FormatBool(*field)
	case *int:
		return strconv.Itoa(*field)
	case *time.Duration:
		unit := time.Second
		if k.Kind == KindMillis {
			unit = time.Millisecond
		}
		return strconv.FormatFloat(float64(*field)/float64(unit), 'f', -1, 64)
	case *float64:
		return strconv.FormatFloat(*field*100, 'f', -1, 64)
	case *Method:
		return string(*field)
	case *Family:
		return string(*field)
	case *Follow:
		return string(*field)
	case *Update:
		return string(*field)
	case *[]string:
		return strings.Join(*field, ",")
	case *[]Uplink:
		return uplinksText(*field)
	case *netip.Addr:
		return addrText(*field)
	case *string:
		return *field
	default:
		panic("config: " + k.String() + " has a field of an unknown type")
	}
}

// Texts for a gateway that is learned while imon runs, and for none.
const (
	autoGateway = "auto"
	noGateway   = "none"
)

// addrText is the text of a gateway, empty when there is none.
func addrText(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return ""
	case a == netip.IPv4Unspecified():
		return autoGateway
	case a == netip.IPv6Unspecified():
		return noGateway
	}
	return a.String()
}
