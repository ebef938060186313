package config

// recommended is what failover ought to have where its default is what the Python imon
// did. A blackhole is then noticed after at most interval + 2 × failure-interval +
// pingwait, 8 s, and two targets that are asked once every 5 s cost an uplink that is
// paid by volume about 6 MB a day.
func recommended() map[string]string {
	const targets = "1.1.1.1,8.8.8.8" // anycast, of two companies
	const targets6 = "2606:4700:4700::1111,2001:4860:4860::8888"
	return map[string]string{
		"interval": "5", "pingcount": "1", "fall": "3", "rise": "3", "failure-interval": "1", "hold": "60",
		"primary-ping": targets, "standby-ping": targets, "primary-ping6": targets6, "standby-ping6": targets6,
	}
}

// Recommended returns the value that is proposed for the setting in a new
// configuration: its default, or for some of failover a better one. The defaults
// are what files of the Python imon rely on.
func (k Key) Recommended() string {
	if text, found := recommended()[k.Name]; found && k.Section == "failover" {
		return text
	}
	return k.Default
}

// Recommend gives the settings of failover that are at their defaults the values
// that are recommended for them, but for those that the caller has reason to keep.
func (c *Config) Recommend(keep func(Key) bool) {
	for _, k := range failoverKeys() {
		if k.Get(*c) == k.Default && !keep(k) && c.suits(k) {
			k.Set(c, k.Recommended())
		}
	}
}

// suits reports whether what is recommended for a setting goes with the others:
// targets are addresses, and of a family whose route is kept.
func (c *Config) suits(k Key) bool {
	family := c.Failover.Family
	pinged := func(i int) bool { m := c.Failover.Uplinks[i].Method; return m == MethodICMP || m == MethodDNS }
	switch k.Name {
	case "primary-ping":
		return family.V4() && pinged(0)
	case "standby-ping":
		return family.V4() && pinged(1)
	case "primary-ping6":
		return family.V6() && pinged(0)
	case "standby-ping6":
		return family.V6() && pinged(1)
	}
	return true
}

// Untuned reports whether failover is enabled and its file says nothing of how it
// decides: then it decides as the Python imon did, after one round.
func (c Config) Untuned() bool {
	if !c.Failover.Enable {
		return false
	}
	for _, k := range failoverKeys() {
		_, said := c.written[k.String()]
		if said && k.Asking == AskNew && k.Recommended() != k.Default {
			return false
		}
	}
	return true
}
