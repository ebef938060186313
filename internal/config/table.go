package config

import "slices"

// Sections returns the names of the sections of a configuration, in the order
// in which they are listed and written.
func Sections() []string {
	return []string{"global", "ddns", "updown", "failover", "ping"}
}

// Keys returns the table of all settings, section by section, in the order in
// which they are listed, asked for and written.
func Keys() []Key {
	return slices.Concat(globalKeys(), ddnsKeys(), updownKeys(), failoverKeys(), pingKeys())
}

// Defaults returns the settings of an empty file. No monitor is enabled in them.
func Defaults() Config {
	var c Config
	for _, k := range Keys() {
		k.Set(&c, k.Default)
	}
	return c
}

func globalKeys() []Key {
	return []Key{
		{"global", "action", KindPath, "", AskOptional, "Full path to action script",
			func(c *Config) any { return &c.Global.Action }},
		{"global", "datefmt", KindText, "%Y-%m-%d %H:%M:%S", AskNot, "Date format of log lines on the terminal",
			func(c *Config) any { return &c.Global.Datefmt }},
		{"global", "instance", KindText, "", AskNot, "Instance name",
			func(c *Config) any { return &c.Global.Instance }},
		{"global", "note", KindText, "", AskOptional, "Note to add to config file",
			func(c *Config) any { return &c.Global.Note }},
		{"global", "imon-configure-version", KindText, "", AskNot, "Version of imon-configure that wrote the file",
			func(c *Config) any { return &c.Global.WrittenBy }},
		{"global", "imon-configure-created", KindText, "", AskNot, "Date on which the file was written",
			func(c *Config) any { return &c.Global.WrittenAt }},
		{"global", "debug", KindBool, "false", AskNew, "Let the ddns monitor walk through fake addresses",
			func(c *Config) any { return &c.Global.Debug }},
		{"global", "action-timeout", KindSeconds, "60", AskNew, "Seconds that one run of the action script may take",
			func(c *Config) any { return &c.Global.ActionTimeout }},
		{"global", "listen", KindListen, "", AskNew, "Port or HOST:PORT of a web page and of metrics for Prometheus (none)",
			func(c *Config) any { return &c.Global.Listen }},
		{"global", "outages-copy", KindPath, "", AskNew, "File to which outages are copied once a day, where they are kept in memory",
			func(c *Config) any { return &c.Global.OutagesCopy }},
	}
}

// roundsKeys are the settings that all monitors have. Things are what a monitor
// does in its rounds.
func roundsKeys(section, things string, rounds func(*Config) *Rounds) []Key {
	return []Key{
		{section, "enable", KindBool, "false", AskOptional, "Enable the '" + section + "' monitor",
			func(c *Config) any { return &rounds(c).Enable }},
		{section, "interval", KindSeconds, "10", AskOptional, "Interval between " + things,
			func(c *Config) any { return &rounds(c).Interval }},
		{section, "pingcount", KindCount, "2", AskOptional, "Ping count",
			func(c *Config) any { return &rounds(c).Count }},
		{section, "pingwait", KindSeconds, "1", AskOptional, "Ping wait time",
			func(c *Config) any { return &rounds(c).Wait }},
	}
}

func updownKeys() []Key {
	return append(roundsKeys("updown", "checks", func(c *Config) *Rounds { return &c.Updown.Rounds }),
		Key{"updown", "monitorip", KindHost, "", AskRequired, "Name/IP address to monitor",
			func(c *Config) any { return &c.Updown.Target }},
		Key{"updown", "addping", KindHosts, "", AskOptional, "Additional IP addresses to ping",
			func(c *Config) any { return &c.Updown.Secondaries }},
		Key{"updown", "dnsserver", KindHost, "", AskOptional, "Name/IP address of DNS server",
			func(c *Config) any { return &c.Updown.DNSServer }},
		Key{"updown", "dnslookup", KindHost, "", AskOptional, "DNS name to lookup",
			func(c *Config) any { return &c.Updown.DNSName }},
	)
}

func pingKeys() []Key {
	return slices.Concat(roundsKeys("ping", "pings", func(c *Config) *Rounds { return &c.Ping.Rounds }), []Key{
		{"ping", "monitorip", KindHost, "", AskRequired, "Name/IP Address to ping",
			func(c *Config) any { return &c.Ping.Target }},
		{"ping", "addping", KindHosts, "", AskNew, "Additional names and IP addresses to ping",
			func(c *Config) any { return &c.Ping.Further }},
	}, qualityKeys("ping", "a target", func(c *Config) *Quality { return &c.Ping.Quality }))
}

// defaultProviders are the services that tell an asker its own address. The two
// that are asked without TLS are not known to have a certificate for that name.
const defaultProviders = "http://whatismyip.akamai.com/," +
	"https://ifconfig.co/ip," +
	"https://icanhazip.com/," +
	"https://ident.me/," +
	"https://ifconfig.me/ip," +
	"https://ipinfo.io/ip," +
	"https://ipecho.net/plain," +
	"https://ip.seeip.org/," +
	"http://dynupdate.no-ip.com/ip.php," +
	"https://l2.io/ip," +
	"https://wgetip.com/," +
	"https://curlmyip.net/"
