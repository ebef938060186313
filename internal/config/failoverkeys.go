package config

import "slices"

func failoverKeys() []Key {
	keys := append(roundsKeys("failover", "checks", func(c *Config) *Rounds { return &c.Failover.Rounds }),
		Key{"failover", "prefer-primary", KindBool, "false", AskOptional, "Prefer primary network",
			func(c *Config) any { return &c.Failover.PreferPrimary }},
		Key{"failover", "metric", KindMetric, "201", AskOptional, "Network default route metric",
			func(c *Config) any { return &c.Failover.Metric }},
	)
	keys = append(keys, uplinkKeys("primary", "Primary", 0)...)
	keys = append(keys, uplinkKeys("standby", "Standby", 1)...)
	keys = append(keys, Key{"failover", "uplinks", KindUplinks, "", AskNew, "Further networks, in order of preference",
		func(c *Config) any { return &c.Failover.Further }})
	return append(keys, decisionKeys()...)
}

// uplinkKeys are the settings of one uplink of the failover monitor.
func uplinkKeys(role, title string, index int) []Key {
	uplink := func(c *Config) *Uplink { return &c.Failover.Uplinks[index] }
	return []Key{
		{"failover", role + "-if", KindInterface, "", AskRequired, title + " network interface name",
			func(c *Config) any { return &uplink(c).Interface }},
		{"failover", role + "-name", KindText, "", AskRequired, title + " network name",
			func(c *Config) any { return &uplink(c).Name }},
		{"failover", role + "-gw", KindGateway, "", AskRequired, title + " network gateway IP Address",
			func(c *Config) any { return &uplink(c).Gateway }},
		{"failover", role + "-ping", KindTargets, "", AskOptional, "Name/IP Address to check if " + title + " network is up",
			func(c *Config) any { return &uplink(c).Targets }},
		{"failover", role + "-postping", KindHost4, "", AskOptional, "Name/IP Address to ping after failover to " + title,
			func(c *Config) any { return &uplink(c).PostTarget }},
		{"failover", role + "-method", KindMethod, "icmp", AskNew, "How the targets of " + title + " network are asked: icmp, dns, tcp or http",
			func(c *Config) any { return &uplink(c).Method }},
		{"failover", role + "-gw6", KindGateway6, "auto", AskNew, title + " network IPv6 gateway",
			func(c *Config) any { return &uplink(c).Gateway6 }},
		{"failover", role + "-ping6", KindTargets6, "", AskNew, "Name/IPv6 Address to check if " + title + " network is up",
			func(c *Config) any { return &uplink(c).Targets6 }},
	}
}

// decisionKeys are the settings that say how failover decides and acts. At their
// defaults it does as the Python imon did.
func decisionKeys() []Key {
	return slices.Concat([]Key{
		{"failover", "family", KindFamily, "4", AskNew, "Whose default route is kept: 4, 6 or both",
			func(c *Config) any { return &c.Failover.Family }},
		{"failover", "fall", KindCount, "1", AskNew, "Rounds without an answer until a network is offline",
			func(c *Config) any { return &c.Failover.Fall }},
		{"failover", "rise", KindCount, "1", AskNew, "Rounds with an answer until a network is online again",
			func(c *Config) any { return &c.Failover.Rise }},
		{"failover", "failure-interval", KindSeconds, "1", AskNew, "Interval between checks while a network is in doubt",
			func(c *Config) any { return &c.Failover.FailureInterval }},
		{"failover", "reliability", KindCount, "1", AskNew, "How many targets of a network have to answer",
			func(c *Config) any { return &c.Failover.Reliability }},
		{"failover", "dnslookup", KindHost, "", AskNew, "DNS name that targets of method dns are asked for (example.com)",
			func(c *Config) any { return &c.Failover.DNSName }},
		{"failover", "http-status", KindStatus, "204", AskNew, "HTTP status that targets of method http answer with",
			func(c *Config) any { return &c.Failover.HTTPStatus }},
	}, qualityKeys("failover", "a network", func(c *Config) *Quality { return &c.Failover.Quality }), []Key{
		{"failover", "passive-rounds", KindNumber, "0", AskNew, "Rounds in a row that replies to the LAN may stand against the checks",
			func(c *Config) any { return &c.Failover.PassiveRounds }},
		{"failover", "hold", KindPause, "0", AskNew, "Seconds that a better network is online before failback",
			func(c *Config) any { return &c.Failover.Hold }},
		{"failover", "hold-max", KindPause, "3600", AskNew, "Seconds to which hold may grow while that network comes and goes",
			func(c *Config) any { return &c.Failover.HoldMax }},
		{"failover", "withdraw-when-down", KindBool, "false", AskNew, "No default route while no network is online",
			func(c *Config) any { return &c.Failover.WithdrawWhenDown }},
		{"failover", "manage-defaults", KindBool, "false", AskNew, "Take other programs' default routes of the networks away",
			func(c *Config) any { return &c.Failover.ManageDefaults }},
		{"failover", "dry-run", KindBool, "false", AskNew, "Log what would be done, and do nothing",
			func(c *Config) any { return &c.Failover.DryRun }},
	})
}

// qualityKeys are the settings that say from when on what answers is degraded.
func qualityKeys(section, what string, quality func(*Config) *Quality) []Key {
	return []Key{
		{section, "quality-window", KindSeconds, "60", AskNew, "Seconds over which loss and times are measured",
			func(c *Config) any { return &quality(c).Window }},
		{section, "failure-loss", KindPercent, "0", AskNew, "Loss in per cent from which " + what + " is degraded",
			func(c *Config) any { return &quality(c).FailureLoss }},
		{section, "recovery-loss", KindPercent, "0", AskNew, "Loss in per cent below which it is not any more",
			func(c *Config) any { return &quality(c).RecoveryLoss }},
		{section, "failure-rtt", KindMillis, "0", AskNew, "Round-trip time in ms from which " + what + " is degraded",
			func(c *Config) any { return &quality(c).FailureRTT }},
		{section, "recovery-rtt", KindMillis, "0", AskNew, "Round-trip time in ms below which it is not any more",
			func(c *Config) any { return &quality(c).RecoveryRTT }},
		{section, "failure-jitter", KindMillis, "0", AskNew, "Jitter in ms from which " + what + " is degraded",
			func(c *Config) any { return &quality(c).FailureJitter }},
		{section, "recovery-jitter", KindMillis, "0", AskNew, "Jitter in ms below which it is not any more",
			func(c *Config) any { return &quality(c).RecoveryJitter }},
	}
}
