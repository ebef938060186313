package config

import (
	"fmt"
	"slices"
	"strings"
)

// UCIPath is the file of OpenWrt in which each instance is a section.
//
// Only the file itself is read: neither changes that "uci commit" has not
// written yet (/tmp/.uci), nor overrides in /var/run/uci.
const UCIPath = "/etc/config/imon"

const optionEnabled = "enabled" // of an instance; it is no key of the table

// Option returns the UCI name of the setting: "failover_primary_if" for
// "failover.primary-if". Global settings have no prefix: "action_timeout".
func (k Key) Option() string {
	name := k.String()
	if k.Section == "global" {
		name = k.Name
	}
	return strings.NewReplacer(".", "_", "-", "_").Replace(name)
}

// document returns the settings of one instance, as a JSON file would have them.
func (t uciTree) document(s uciSection) (document, []Warning, Faults) {
	d := document{path: t.path, line: s.line, uci: s.name}
	for _, name := range Sections() {
		d.sections = append(d.sections, rawSection{name: name, line: s.line})
	}
	warnings := t.strangers()
	for _, o := range s.options {
		if o.before > 0 {
			warnings = append(warnings, Warning{Path: t.path, Line: o.line(),
				Text: fmt.Sprintf(`option "%s" stands there twice: line %d is ignored, line %d counts`, o.name, o.before, o.line())})
		}
		i := slices.IndexFunc(Keys(), func(k Key) bool { return k.Option() == o.name })
		switch {
		case i >= 0:
			k := Keys()[i]
			section := &d.sections[slices.Index(Sections(), k.Section)]
			section.entries = append(section.entries, entry{name: k.Name, line: o.line(), lines: o.lines, value: t.value(s, o, k)})
		case o.name != optionEnabled:
			warnings = append(warnings, Warning{Path: t.path, Line: o.line(), Text: aboutOption(o.name)})
		}
	}
	return d, warnings, t.disabled(s)
}

// disabled is the fault of an instance that shall not run.
func (t uciTree) disabled(s uciSection) Faults {
	f := Fault{Path: t.path, Line: s.line, Key: optionEnabled}
	words := fmt.Sprintf("Instance '%s' is not enabled", s.name)
	for _, o := range s.options {
		if o.name == optionEnabled {
			f.Line, f.Value = o.line(), strings.Join(o.values, " ")
		}
	}
	on, isBool := t.tree.GetBool(inMemory, s.name, optionEnabled)
	switch {
	case on:
		return nil
	case isBool || f.Value == "":
		f.Rule = "must be 1"
	default:
		f.Rule, words = ruleUCIBool, invalidValue(f.Value, optionEnabled)
	}
	return Faults{f.called(optionEnabled, words)}
}

// strangers warns of the sections that can be no instance.
func (t uciTree) strangers() (warnings []Warning) {
	for _, s := range t.sections {
		text := ""
		switch {
		case s.kind != instanceType:
			text = fmt.Sprintf(`section type "%s": unknown, ignored`, shown(s.kind))
			if nearest(s.kind, []string{instanceType}) != "" {
				text = fmt.Sprintf(`section type "%s": did you mean "%s"?`, shown(s.kind), instanceType)
			}
		case s.unnamed:
			text = "an instance without a name is ignored: write config instance 'NAME'"
		default:
			continue
		}
		warnings = append(warnings, Warning{Path: t.path, Line: s.line, Text: text})
	}
	return warnings
}

// aboutOption says what an unknown option of an instance may be.
func aboutOption(name string) string {
	names := []string{optionEnabled}
	var meant []string
	for _, k := range Keys() {
		names = append(names, k.Option())
		if option := strings.ReplaceAll(k.Name, "-", "_"); option == strings.TrimPrefix(name, "global_") {
			meant = append(meant, k.Option()) // it lacks its prefix, or has one too much
		}
	}
	if near := nearest(name, names); near != "" && !slices.Contains(meant, near) {
		meant = append([]string{near}, meant...)
	}
	if len(meant) == 0 {
		return fmt.Sprintf(`option "%s": unknown, ignored`, shown(name))
	}
	return fmt.Sprintf(`option "%s": did you mean "%s"?`, shown(name), strings.Join(meant, `" or "`))
}
