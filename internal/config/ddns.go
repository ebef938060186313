package config

import (
	"slices"
	"time"
)

// DDNS are the settings of the monitor of the external address, and of what is done
// with it.
type DDNS struct {
	Rounds
	Providers      []string      // URLs that answer with the asker's address
	Sources        []string      // of the address, see Source…; what costs least is asked first
	Command        string        // path of a program that prints the address, "" for none
	LookupInterval time.Duration // between questions to others; 0 for what each source has by itself
	Family         Family        // whose address is tracked
	Follow         Follow
	Delivery       Delivery
}

// Has reports whether a source of the address is used.
func (d DDNS) Has(source string) bool { return slices.Contains(d.Sources, source) }

// Sources of the external address, in order of cost.
const (
	SourceInterface = "interface" // the address of the device itself, when it is a global one
	SourceDNS       = "dns"       // name servers that answer with the asker's address
	SourceHTTP      = "http"      // web pages that do
	SourceCommand   = "command"   // a program of the user
)

// Follow says whose external address a name has, when there are several uplinks.
type Follow string

// What a name follows.
const (
	FollowActive Follow = "active" // the one by which the default route goes
	FollowEach   Follow = "each"   // each uplink has a name of its own
)

// Delivery says how the address gets to where names are looked up.
type Delivery struct {
	Hostname         string        // whose record is compared and repaired, "" for none
	PrimaryHostname  string        // the same of the primary, with FollowEach
	StandbyHostname  string        // of the standby
	FurtherHostnames []string      // of the third and later uplinks, in their order
	ForceInterval    time.Duration // after which an unchanged address is delivered again; 0 for never
	Method           Update
	Server           string // HOST or HOST:PORT of UpdateRFC2136, a URL of the others; see FillIn
	Zone             string // of the names; "" to find it out
	TTL              int    // of a record, in seconds, 0 to 2147483647
	KeyName          string // of TSIG (RFC 8945), "" for an unsigned update
	KeyAlgorithm     string // of TSIG
	KeySecret        string // of TSIG, in base64
	KeyFile          string // that has KeySecret, or name, algorithm and secret as BIND writes them
	Username         string
	Password         string
	PasswordFile     string // that has Password in its first line
}

// Hostnames returns the names of the first n uplinks with FollowEach, "" for none.
func (d Delivery) Hostnames(n int) []string {
	all := append([]string{d.PrimaryHostname, d.StandbyHostname}, d.FurtherHostnames...)
	return append(all, make([]string, n)...)[:n]
}

// Update says by which protocol a record is updated.
type Update string

// Protocols.
const (
	UpdateNone    Update = ""
	UpdateRFC2136 Update = "rfc2136" // DNS UPDATE
	UpdateDynDNS2 Update = "dyndns2" // what most providers understand
	UpdateURL     Update = "url"     // a GET
)
