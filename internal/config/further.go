package config

import (
	"fmt"
	"slices"
	"strings"
)

const maxUplinks = 8 // primary and standby included

// ruleFurther is what the list of further uplinks may hold.
const ruleFurther = "must have at most 6 uplinks, as primary and standby make 8"

// splitUplinks returns the uplinks of a list, which are texts like
// "name=lte if=wwan0 gw=auto". Whether they stand apart already or not, a ';' is
// between two of them.
func splitUplinks(items []string) []string {
	return nonEmpty(strings.Split(strings.Join(items, ";"), ";"))
}

// partKeys are the settings of one uplink, called as in the list of further ones:
// if, name, gw and so on. They are those of the primary.
func partKeys() []Key {
	keys := uplinkKeys("primary", "", 0)
	for i := range keys {
		keys[i].Name = strings.TrimPrefix(keys[i].Name, "primary-")
	}
	return keys
}

// setUplinks is Set for the list of further uplinks.
func (k Key) setUplinks(c *Config, items []string) (faults []Fault) {
	items = splitUplinks(items)
	if len(items) > maxUplinks-len(c.Failover.Uplinks) {
		return []Fault{k.fault(strings.Join(items, ";"), ruleFurther)}
	}
	var all []Uplink
	for _, item := range items {
		u, rule := parseUplink(item)
		if rule != "" {
			faults = append(faults, k.fault(item, rule))
		}
		all = append(all, u)
	}
	if len(faults) == 0 {
		*k.field(c).(*[]Uplink) = all
	}
	return faults
}

// parseUplink reads one uplink. A gateway may be missing: whether it is needed is a
// rule of two keys.
func parseUplink(item string) (Uplink, string) {
	var c Config
	keys, seen := partKeys(), make(map[string]bool)
	for _, k := range keys {
		k.Set(&c, k.Default)
	}
	for _, part := range strings.Fields(item) {
		name, text, paired := strings.Cut(part, "=")
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
		switch {
		case !paired || i < 0:
			return Uplink{}, aboutPart(name, keys)
		case seen[name]:
			return Uplink{}, fmt.Sprintf("must have %s= once for each uplink", name)
		}
		seen[name] = true
		if faults := keys[i].Set(&c, text); len(faults) > 0 {
			return Uplink{}, fmt.Sprintf("%s=%s %s", name, shown(keys[i].Hide(text)), faults[0].Rule)
		}
	}
	if c.Failover.Uplinks[0].Interface == "" {
		return Uplink{}, "must have if= for each uplink"
	}
	return c.Failover.Uplinks[0], ""
}

// aboutPart is the rule that a part breaks which is no setting of an uplink.
func aboutPart(name string, keys []Key) string {
	var names []string
	for _, k := range keys {
		names = append(names, k.Name)
	}
	rule := KindUplinks.rule()
	if near := nearest(name, names); near != "" && len(name) > 2 && !slices.Contains(names, name) {
		return fmt.Sprintf(`%s: "%s" may be meant for "%s"`, rule, shown(name), near)
	}
	return fmt.Sprintf(`%s: "%s" is none`, rule, shown(name))
}

// uplinkText is the text of one uplink that parseUplink takes, without what is at
// its default.
func uplinkText(u Uplink) string {
	var c Config
	c.Failover.Uplinks[0] = u
	var parts []string
	for _, k := range partKeys() {
		if text := k.Get(c); text != k.Default {
			parts = append(parts, k.Name+"="+text)
		}
	}
	return strings.Join(parts, " ")
}

// uplinksText is the text of all further uplinks.
func uplinksText(all []Uplink) string {
	texts := make([]string, len(all))
	for i, u := range all {
		texts[i] = uplinkText(u)
	}
	return strings.Join(texts, "; ")
}

// nonEmpty returns the items that are not empty, without the blanks around them.
func nonEmpty(items []string) (all []string) {
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}
