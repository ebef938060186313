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
	name := strings.ReplaceAll(k.Name, "-", "_")
	if k.Section == "global" {
		return name
	}
	return k.Section + "_" + name
}

// document returns the settings of one instance, as a JSON file would have them.
func (t uciTree) document(s uciSection) (document, []Warning, Faults) {
	if len(s.options) > maxKeys {
		return document{}, nil, fileFault(t.path, fmt.Sprintf("has more than %d options in instance '%s'", maxKeys, s.name))
	}
	d := document{path: t.path, line: s.line, uci: s.name}
	for _, name := range Sections() {
		d.sections = append(d.sections, rawSection{name: name, line: s.line})
	}
	keys, warnings := keysByOption(), t.strangers()
	for _, o := range s.options {
		if o.before > 0 {
			warnings = append(warnings, t.warning(o.line(),
				`option "%s" stands there twice: line %d is ignored, line %d counts`, o.name, o.before, o.line()))
		}
		k, known := keys[o.name]
		switch {
		case known:
			section := &d.sections[slices.Index(Sections(), k.Section)]
			section.entries = append(section.entries, entry{name: k.Name, line: o.line(), lines: o.lines, value: t.value(s, o, k)})
		case o.name != optionEnabled:
			warnings = append(warnings, t.warning(o.line(), "%s", aboutOption(o.name)))
		}
	}
	off, faults := t.disabled(s)
	d.off = off
	return d, warnings, faults
}

func keysByOption() map[string]Key {
	keys := make(map[string]Key)
	for _, k := range Keys() {
		keys[k.Option()] = k
	}
	return keys
}

func (t uciTree) warning(line int, format string, args ...any) Warning {
	return Warning{Path: t.path, Line: line, Text: fmt.Sprintf(format, args...)}
}

// disabled returns the fault of an instance that shall not run, or the one of a
// value that does not say whether it shall.
func (t uciTree) disabled(s uciSection) (off, wrong Faults) {
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
		return nil, nil
	case isBool || f.Value == "":
		f.Rule = "must be 1"
	default:
		f.Rule, words = ruleUCIBool, invalidValue(f.Value, optionEnabled)
		return nil, Faults{f.called(optionEnabled, words)}
	}
	return Faults{f.called(optionEnabled, words)}, nil
}

// strangers warns of the sections that can be no instance.
func (t uciTree) strangers() (warnings []Warning) {
	for _, s := range t.sections {
		switch {
		case s.kind == instanceType && s.unnamed:
			warnings = append(warnings, t.warning(s.line, "an instance without a name is ignored: write config instance 'NAME'"))
		case s.kind == instanceType, s.kind == globalsType:
		case nearest(s.kind, []string{instanceType}) != "":
			warnings = append(warnings, t.warning(s.line, `section type "%s": did you mean "%s"?`, shown(s.kind), instanceType))
		default:
			warnings = append(warnings, t.warning(s.line, `section type "%s": unknown type, ignored`, shown(s.kind)))
		}
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
		return fmt.Sprintf(`option "%s": unknown option, ignored`, shown(name))
	}
	return fmt.Sprintf(`option "%s": did you mean "%s"?`, shown(name), strings.Join(meant, `" or "`))
}
