package config

import "slices"

// Asked are the settings of ddns with the sources that are really used: who names
// providers, and no sources, wants nobody else on the internet to be asked.
func (c Config) Asked() DDNS {
	_, sources := c.written["ddns.sources"]
	_, providers := c.written["ddns.providers"]
	d := c.DDNS
	if providers && !sources {
		d.Sources = slices.DeleteFunc(slices.Clone(d.Sources), func(s string) bool { return s == SourceDNS })
	}
	return d
}
