// Package config holds the settings of one imon instance, their defaults, the
// readers and the one validator.
//
// Everything that is known of a setting stands once, in the table that [Keys]
// returns. A reader turns a file into sections, keys and values with their
// lines, and the table says what each of them means.
//
// The names here are the field's standard terms; the old key names of the files
// ("monitorip", "addping") stop at the reader.
package config

import "time"

// Config is one instance's validated settings.
type Config struct {
	Path string // where the settings were read from

	Global   Global
	DDNS     DDNS
	Updown   Updown
	Failover Failover
	Ping     Ping

	section string           // of a UCI file, "" for a JSON file
	off     bool             // that section is not enabled
	written map[string]value // "section.key": what the file has
}

// Off reports whether the settings come from a section of a UCI file that is not
// enabled, which only [Read] returns.
func (c Config) Off() bool { return c.off }

// Source says where the settings were read from: a path, and for a file that
// has several instances which one, "/etc/config/imon (instance main)".
func (c Config) Source() string {
	if c.section == "" {
		return c.Path
	}
	return c.Path + " (instance " + c.section + ")"
}

// Global are the settings that no single monitor owns.
type Global struct {
	Action        string        // path of the action script, "" for none
	ActionTimeout time.Duration // how long one run of the script may take
	Listen        string        // HOST:PORT of the server by TCP, "" for none
	OutagesCopy   string        // path of the copy of the ledger, "" for none
	Datefmt       string        // strftime(3) format of --nosyslog lines
	Instance      string        // informational; the command line decides
	Note          string        // informational
	WrittenBy     string        // informational: version of imon-configure
	WrittenAt     string        // informational: date of creation
	Debug         bool          // ddns walks through fake addresses and asks nobody
}

// Rounds says whether and how often a monitor probes, and how.
type Rounds struct {
	Enable   bool
	Interval time.Duration // from the start of one round to the start of the next
	Count    int           // echo requests in a round, 1 to 1000
	Wait     time.Duration // for the answer to the last request of a round
}

// Updown are the settings of the monitor of one host.
type Updown struct {
	Rounds
	Target      string   // name or address
	Secondaries []string // names or addresses looked at when Target changes state
	DNSServer   string   // name or address asked before Target is called offline
	DNSName     string   // the name to ask for
}

// Refutes reports whether a DNS query may contradict an unanswered target.
func (u Updown) Refutes() bool { return u.DNSServer != "" && u.DNSName != "" }

// Ping are the settings of the monitor that measures round-trip times.
type Ping struct {
	Rounds
	Target  string   // name or address
	Further []string // more of them
	Quality Quality  // from when on one of them is degraded
}

// All are the targets.
func (p Ping) All() []string { return append([]string{p.Target}, p.Further...) }

// HasSecret reports whether something stands in the configuration itself that nobody
// but its reader should see.
func (c Config) HasSecret() bool { return c.DDNS.Delivery.KeySecret+c.DDNS.Delivery.Password != "" }

// Enabled returns the names of the enabled monitors in the order in which they
// start: ddns, updown, failover, ping.
func (c Config) Enabled() []string {
	var names []string
	for _, m := range []struct {
		name string
		on   bool
	}{
		{"ddns", c.DDNS.Enable},
		{"updown", c.Updown.Enable},
		{"failover", c.Failover.Enable},
		{"ping", c.Ping.Enable},
	} {
		if m.on {
			names = append(names, m.name)
		}
	}
	return names
}
