package lab

import (
	"encoding/json"
	"strings"
)

// Config is an instance file of imon: sections, keys, values.
type Config map[string]map[string]any

// Config is an instance file for this lab: failover between its two uplinks,
// "net42" and "net62", every second with one ping, and the other monitors
// ready but not enabled.
func (l *Lab) Config() Config {
	primary, standby := l.Uplink(0), l.Uplink(1)
	c := Config{
		"global": {"instance": "lab"},
		"ddns":   {"enable": false, "providers": strings.Join(l.urls(), ","), "lookup-interval": 1},
		"updown": {"enable": false, "monitorip": "9.9.9.9", "dnsserver": "8.8.8.8", "dnslookup": "example.com"},
		"failover": {
			"enable": true, "prefer-primary": true, "metric": 201,
			"primary-if": primary.Interface, "primary-name": "net42", "primary-gw": primary.Gateway.String(),
			"standby-if": standby.Interface, "standby-name": "net62", "standby-gw": standby.Gateway.String(),
		},
		"ping": {"enable": false, "monitorip": "1.1.1.1"},
	}
	for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
		c.Set(monitor, "interval", 1).Set(monitor, "pingcount", 1).Set(monitor, "pingwait", 1)
	}
	return c
}

func (l *Lab) urls() []string {
	var urls []string
	for _, p := range l.Providers {
		urls = append(urls, p.URL())
	}
	return urls
}

// Set sets one key and returns the same configuration.
func (c Config) Set(section, key string, value any) Config {
	c[section][key] = value
	return c
}

// JSON is the text of the file.
func (c Config) JSON() []byte {
	text, err := json.MarshalIndent(c, "", "    ")
	if err != nil {
		return nil // a value that is not JSON: imon will say so
	}
	return text
}
