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
		{"global", "action", KindPath, "", "Full path to action script",
			func(c *Config) any { return &c.Global.Action }},
		{"global", "datefmt", KindText, "%Y-%m-%d %H:%M:%S", "Date format of log lines on the terminal",
			func(c *Config) any { return &c.Global.Datefmt }},
		{"global", "instance", KindText, "", "Instance name (for information)",
			func(c *Config) any { return &c.Global.Instance }},
		{"global", "note", KindText, "", "Note (for information)",
			func(c *Config) any { return &c.Global.Note }},
		{"global", "imon-configure-version", KindText, "", "Version of imon-configure that wrote the file",
			func(c *Config) any { return &c.Global.WrittenBy }},
		{"global", "imon-configure-created", KindText, "", "Date on which the file was written",
			func(c *Config) any { return &c.Global.WrittenAt }},
		{"global", "debug", KindBool, "false", "Let the ddns monitor walk through fake addresses",
			func(c *Config) any { return &c.Global.Debug }},
		{"global", "action-timeout", KindSeconds, "60", "Seconds that one run of the action script may take",
			func(c *Config) any { return &c.Global.ActionTimeout }},
	}
}

// roundsKeys are the settings that all monitors have.
func roundsKeys(section string, rounds func(*Config) *Rounds) []Key {
	return []Key{
		{section, "enable", KindBool, "false", "Enable the '" + section + "' monitor",
			func(c *Config) any { return &rounds(c).Enable }},
		{section, "interval", KindSeconds, "10", "Seconds between checks",
			func(c *Config) any { return &rounds(c).Interval }},
		{section, "pingcount", KindCount, "2", "Ping count",
			func(c *Config) any { return &rounds(c).Count }},
		{section, "pingwait", KindSeconds, "1", "Ping wait time in seconds",
			func(c *Config) any { return &rounds(c).Wait }},
	}
}

func ddnsKeys() []Key {
	return append(roundsKeys("ddns", func(c *Config) *Rounds { return &c.DDNS.Rounds }),
		Key{"ddns", "providers", KindURLs, defaultProviders, "URLs that answer with the external address",
			func(c *Config) any { return &c.DDNS.Providers }},
	)
}

func updownKeys() []Key {
	return append(roundsKeys("updown", func(c *Config) *Rounds { return &c.Updown.Rounds }),
		Key{"updown", "monitorip", KindHost, "", "Name/IP address to monitor",
			func(c *Config) any { return &c.Updown.Target }},
		Key{"updown", "addping", KindHosts, "", "Additional IP addresses to ping",
			func(c *Config) any { return &c.Updown.Secondaries }},
		Key{"updown", "dnsserver", KindHost, "", "Name/IP address of DNS server",
			func(c *Config) any { return &c.Updown.DNSServer }},
		Key{"updown", "dnslookup", KindHost, "", "DNS name to look up",
			func(c *Config) any { return &c.Updown.DNSName }},
	)
}

func failoverKeys() []Key {
	keys := append(roundsKeys("failover", func(c *Config) *Rounds { return &c.Failover.Rounds }),
		Key{"failover", "prefer-primary", KindBool, "false", "Prefer primary network",
			func(c *Config) any { return &c.Failover.PreferPrimary }},
		Key{"failover", "metric", KindMetric, "201", "Network default route metric",
			func(c *Config) any { return &c.Failover.Metric }},
	)
	keys = append(keys, uplinkKeys("primary", "Primary", 0)...)
	return append(keys, uplinkKeys("standby", "Standby", 1)...)
}

// uplinkKeys are the settings of one uplink of the failover monitor.
func uplinkKeys(role, title string, index int) []Key {
	uplink := func(c *Config) *Uplink { return &c.Failover.Uplinks[index] }
	return []Key{
		{"failover", role + "-if", KindInterface, "", title + " network interface name",
			func(c *Config) any { return &uplink(c).Interface }},
		{"failover", role + "-name", KindText, "", title + " network name",
			func(c *Config) any { return &uplink(c).Name }},
		{"failover", role + "-gw", KindGateway, "", title + " network gateway IP Address",
			func(c *Config) any { return &uplink(c).Gateway }},
		{"failover", role + "-ping", KindHost4, "", "Name/IP Address to check if " + title + " network is up",
			func(c *Config) any { return &uplink(c).Target }},
		{"failover", role + "-postping", KindHost4, "", "Name/IP Address to ping after failover to " + title,
			func(c *Config) any { return &uplink(c).PostTarget }},
	}
}

func pingKeys() []Key {
	return append(roundsKeys("ping", func(c *Config) *Rounds { return &c.Ping.Rounds }),
		Key{"ping", "monitorip", KindHost, "", "Name/IP Address to ping",
			func(c *Config) any { return &c.Ping.Target }},
	)
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
