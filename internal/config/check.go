package config

import "fmt"

// check applies the rules that concern more than one key, or the machine.
func (b *builder) check() {
	b.writable()
	b.action()
	b.outagesCopy()
	b.listen()
	b.target("updown", b.c.Updown.Enable)
	b.target("ping", b.c.Ping.Enable)
	b.failover()
	b.ddns()
	b.enabled()
}

// action checks that the action script can be started.
func (b *builder) action() { b.program("global", "action", b.c.Global.Action, "Action script") }

// program checks that what a key names can be started.
func (b *builder) program(section, key, path, what string) {
	if path == "" {
		return
	}
	f := Fault{Line: b.doc.section(section).lineOf(key), Section: section, Key: key, Value: path}
	words := fmt.Sprintf("%s '%s' not ", what, escape(path))
	info, err := b.stat(path)
	switch {
	case err != nil:
		b.unfit(f, words+"found")
	case !info.Mode().IsRegular():
		f.Rule = "must be a regular file"
		b.unfit(f, words+"executable")
	case info.Mode().Perm()&0o111 == 0:
		f.Rule = "must be a file that may be executed"
		b.unfit(f, words+"executable")
	case info.Mode().Perm()&0o002 != 0:
		b.warn(f.Line, "mode should be 0755", fmt.Sprintf("%s '%s' can be changed by everybody", what, escape(path)))
	}
}

// outagesCopy checks that the copy of the outages can take the place of what is there.
func (b *builder) outagesCopy() {
	path := b.c.Global.OutagesCopy
	if path == "" {
		return
	}
	if info, err := b.stat(path); err == nil && !info.Mode().IsRegular() {
		b.unfit(Fault{Line: b.doc.section("global").lineOf("outages-copy"), Section: "global", Key: "outages-copy", Value: path,
			Rule: "must be a regular file, or none yet"}, fmt.Sprintf("File '%s' for outages-copy cannot be replaced", escape(path)))
	}
}

// writable warns of a configuration that everybody can change, and with it what imon
// runs.
func (b *builder) writable() {
	if info, err := b.stat(b.doc.path); err == nil && info.Mode().Perm()&0o002 != 0 {
		b.warn(b.doc.line, "mode should be 0644, or 0600", fmt.Sprintf("Configuration file '%s' can be changed by everybody", escape(b.doc.path)))
	}
}

// listen warns when others than this machine can ask.
func (b *builder) listen() {
	if !b.c.Global.Local() {
		b.warn(b.doc.section("global").lineOf("listen"), "a port alone is for this machine",
			fmt.Sprintf("Whoever can reach %s can read the state of imon, its targets and addresses", b.c.Global.Listen))
	}
}

// unfit is a fault in words of its own, or a warning where nobody will use the value.
func (b *builder) unfit(f Fault, words string) {
	if b.strict(f.Section) {
		b.faults = append(b.faults, b.doc.say(f, words))
		return
	}
	b.warn(f.Line, f.Rule, words+fmt.Sprintf(", which does not matter as [%s] is not enabled", f.Section))
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
