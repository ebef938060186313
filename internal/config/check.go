package config

import (
	"fmt"
	"strings"
)

// check applies the rules that concern more than one key, or the machine.
func (b *builder) check() {
	b.action()
	b.target("updown", b.c.Updown.Enable)
	b.target("ping", b.c.Ping.Enable)
	b.uplinks()
	b.enabled()
}

// action checks that the action script can be started.
func (b *builder) action() {
	path := b.c.Global.Action
	if path == "" {
		return
	}
	f := Fault{Line: b.doc.section("global").lineOf("action"),
		Section: "global", Key: "action", Value: path}
	words := fmt.Sprintf("Action script '%s' not ", escape(path))
	info, err := b.stat(path)
	switch {
	case err != nil:
		b.faults = append(b.faults, b.doc.say(f, words+"found"))
	case !info.Mode().IsRegular():
		f.Rule = "must be a regular file"
		b.faults = append(b.faults, b.doc.say(f, words+"executable"))
	case info.Mode().Perm()&0o111 == 0:
		f.Rule = "must be a file that may be executed"
		b.faults = append(b.faults, b.doc.say(f, words+"executable"))
	}
}

// target checks that an enabled monitor of one host has that host.
func (b *builder) target(section string, enabled bool) {
	if !enabled || !b.blank(section, "monitorip") {
		return
	}
	f := Fault{Line: b.doc.section(section).lineOf("monitorip"),
		Section: section, Key: "monitorip", Rule: "is missing"}
	b.faults = append(b.faults, b.doc.say(f, section+" monitor requires an IP Address to monitor"))
}

// blank reports whether the file has nothing for a key.
func (b *builder) blank(section, key string) bool {
	e, ok := b.doc.section(section).entry(key)
	return !ok || e.value.form == formText && e.value.text == ""
}

// uplinks checks that the failover monitor has two different uplinks.
func (b *builder) uplinks() {
	needed := []string{"primary-if", "primary-gw", "standby-if", "standby-gw"}
	var missing []string
	for _, key := range needed {
		if b.blank("failover", key) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 && len(missing) < len(needed) || b.c.Failover.Enable {
		b.missing(missing)
	}
	b.sameUplink()
	b.colon("primary-name", b.c.Failover.Uplinks[0].Name)
	b.colon("standby-name", b.c.Failover.Uplinks[1].Name)
}

// missing reports the keys without which failover has no uplinks. A monitor
// that is off and has none of them at all is no news.
func (b *builder) missing(keys []string) {
	if len(keys) == 0 {
		return
	}
	line := b.doc.section("failover").line
	words := "Missing settings for failover monitor:  " + strings.Join(keys, " ")
	if !b.strict("failover") {
		b.warn(line, "[failover] is not enabled", words)
		return
	}
	f := Fault{Line: line, Section: "failover"}
	if b.doc.uci != "" {
		f.Rule = "add " + strings.Join(b.names("failover", keys), " ")
	}
	b.faults = append(b.faults, b.doc.say(f, words))
}

// names are the keys of a section as the file calls them.
func (b *builder) names(section string, keys []string) []string {
	var names []string
	for _, key := range keys {
		names = append(names, b.doc.name(section, key))
	}
	return names
}

// sameUplink refuses two uplinks that are one. Two gateways on one interface
// are two uplinks.
func (b *builder) sameUplink() {
	primary, standby := b.c.Failover.Uplinks[0], b.c.Failover.Uplinks[1]
	if primary.Interface == "" || !primary.Gateway.IsValid() ||
		primary.Interface != standby.Interface || primary.Gateway != standby.Gateway {
		return
	}
	k := Key{Section: "failover", Name: "standby-if"}
	f := k.fault(standby.Interface, "must not be primary-if when standby-gw is primary-gw")
	b.wrong(k, b.doc.at(b.doc.section("failover").lineOf(k.Name), f))
}

// colon warns of a name that would shift the fields of the action script's
// argument name:ename:if:ip.
func (b *builder) colon(key, name string) {
	if !b.c.Failover.Enable || !strings.Contains(name, ":") {
		return
	}
	b.warn(b.doc.section("failover").lineOf(key), b.doc.name("failover", key)+" should have no colon",
		fmt.Sprintf("':' in '%s' for %s is shown as '_' to the action script", shown(name), key))
}

// enabled refuses a configuration in which there is nothing to do, unless what
// is wrong with it may be the reason.
func (b *builder) enabled() {
	for _, f := range b.faults {
		if f.Key == "enable" || f.Key == "" && f.Section != "" {
			return
		}
	}
	if len(b.c.Enabled()) == 0 {
		f := Fault{Line: b.doc.line, Key: "enable"}
		b.faults = append(b.faults, b.doc.say(f, "No monitors are enabled. See documentation"))
	}
}
