package config

func ddnsKeys() []Key {
	keys := append(roundsKeys("ddns", "checks", func(c *Config) *Rounds { return &c.DDNS.Rounds }),
		Key{"ddns", "providers", KindURLs, defaultProviders, AskNew, "URLs that answer with the external address",
			func(c *Config) any { return &c.DDNS.Providers }},
	)
	keys = append(keys, sourceKeys()...)
	return append(keys, deliveryKeys()...)
}

// sourceKeys are the settings that say where the external address comes from.
func sourceKeys() []Key {
	return []Key{
		{"ddns", "sources", KindSources, "interface,dns,http", AskNew, "Where the external address comes from: interface, dns, http, command",
			func(c *Config) any { return &c.DDNS.Sources }},
		{"ddns", "command", KindPath, "", AskNew, "Program that prints the external address",
			func(c *Config) any { return &c.DDNS.Command }},
		{"ddns", "lookup-interval", KindPause, "0", AskNew, "Seconds between questions to others (0: 60 for DNS, 300 for HTTP)",
			func(c *Config) any { return &c.DDNS.LookupInterval }},
		{"ddns", "family", KindFamily, "4", AskNew, "Whose external address is tracked: 4, 6 or both",
			func(c *Config) any { return &c.DDNS.Family }},
		{"ddns", "follow", KindFollow, "active", AskNew, "Whether a name follows the active uplink, or each uplink has one: active, each",
			func(c *Config) any { return &c.DDNS.Follow }},
	}
}

// deliveryKeys are the settings that say what is done with the external address.
func deliveryKeys() []Key {
	to := func(c *Config) *Delivery { return &c.DDNS.Delivery }
	return []Key{
		{"ddns", "hostname", KindName, "", AskNew, "DNS name whose record is compared and repaired",
			func(c *Config) any { return &to(c).Hostname }},
		{"ddns", "primary-hostname", KindName, "", AskNew, "DNS name of the primary uplink, with follow each",
			func(c *Config) any { return &to(c).PrimaryHostname }},
		{"ddns", "standby-hostname", KindName, "", AskNew, "DNS name of the standby uplink, with follow each",
			func(c *Config) any { return &to(c).StandbyHostname }},
		{"ddns", "further-hostnames", KindNames, "", AskNew, "DNS names of the third and later uplinks, with follow each",
			func(c *Config) any { return &to(c).FurtherHostnames }},
		{"ddns", "force-interval", KindPause, "0", AskNew, "Seconds after which an unchanged address is delivered again (0: never)",
			func(c *Config) any { return &to(c).ForceInterval }},
		{"ddns", "update", KindUpdate, "", AskNew, "Protocol by which the record is updated: rfc2136, dyndns2 or url",
			func(c *Config) any { return &to(c).Method }},
		{"ddns", "update-server", KindServer, "", AskNew, "Name server (HOST or HOST:PORT) for rfc2136, URL for dyndns2 and url",
			func(c *Config) any { return &to(c).Server }},
		{"ddns", "zone", KindName, "", AskNew, "DNS zone of the names for rfc2136",
			func(c *Config) any { return &to(c).Zone }},
		{"ddns", "ttl", KindMetric, "60", AskNew, "Seconds for which others may keep the record, for rfc2136", // RFC 2181, section 8
			func(c *Config) any { return &to(c).TTL }},
		{"ddns", "key-name", KindName, "", AskNew, "Name of the TSIG key for rfc2136",
			func(c *Config) any { return &to(c).KeyName }},
		{"ddns", "key-algorithm", KindAlgorithm, "hmac-sha256", AskNew, "Algorithm of the TSIG key",
			func(c *Config) any { return &to(c).KeyAlgorithm }},
		{"ddns", "key-secret", KindSecret, "", AskNew, "Secret of the TSIG key, in base64",
			func(c *Config) any { return &to(c).KeySecret }},
		{"ddns", "key-file", KindPath, "", AskNew, "File that has the TSIG key",
			func(c *Config) any { return &to(c).KeyFile }},
		{"ddns", "username", KindText, "", AskNew, "User name for dyndns2 and url",
			func(c *Config) any { return &to(c).Username }},
		{"ddns", "password", KindSecret, "", AskNew, "Password for dyndns2 and url",
			func(c *Config) any { return &to(c).Password }},
		{"ddns", "password-file", KindPath, "", AskNew, "File that has the password",
			func(c *Config) any { return &to(c).PasswordFile }},
	}
}
