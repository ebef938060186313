package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Place is where the settings of one instance stand or shall stand, for those who
// edit them.
type Place struct {
	Instance string
	Path     string // of the file
	UCI      bool   // a file with a section for each instance, and not one JSON file
}

// Draft is what could be read of the settings of an instance that is edited.
type Draft struct {
	Config   Config // a default wherever there is nothing, or nothing right
	Found    bool   // the file has this instance
	Warnings []Warning
	Faults   Faults // of what the file has
}

// Draft reads data, the text of the file, and gives up on nothing: a wrong value
// is a fault, or a warning in a section that is not enabled, and the setting keeps
// its default.
func (p Place) Draft(data []byte) Draft {
	doc, warnings, faults := p.read(data)
	b := newBuilder(nil, doc)
	b.toRun, b.warnings, b.faults = true, warnings, faults
	found := len(doc.sections) > 0 || len(faults) == 0
	if found {
		b.unknown()
		for _, k := range b.keys {
			b.read(k)
		}
	}
	sortFaults(b.faults)
	sortWarnings(b.warnings)
	return Draft{b.c, found, b.warnings, b.faults}
}

func (p Place) read(data []byte) (document, []Warning, Faults) {
	if p.UCI {
		return readInstance(p.Path, data, p.Instance, p.Path)
	}
	return readJSON(p.Path, slices.Clone(data))
}

// Check applies all rules to data, the text of a file that is not written yet, so
// that its messages name no lines. Whether the instance is enabled does not
// matter. The error is a [Faults].
func (p Place) Check(stat Stat, data []byte) ([]Warning, error) {
	doc, warnings, faults := p.read(data)
	if faults != nil {
		return warnings, faults
	}
	doc.off = nil
	doc.forgetLines()
	b := newBuilder(stat, doc)
	b.toRun, b.warnings = true, warnings
	_, warnings, err := b.result()
	return warnings, err
}

// forgetLines makes a document that stands nowhere.
func (d *document) forgetLines() {
	d.path, d.line = "", 0
	for i := range d.sections {
		s := &d.sections[i]
		s.line = 0
		for j := range s.entries {
			s.entries[j].line, s.entries[j].lines = 0, nil
		}
	}
}

// Idle reports whether the fault is only that no monitor is enabled.
func (f Fault) Idle() bool { return f.Section == "" && f.Key == "enable" }

// Text returns the new text of the file, old being the one that it has, nil when
// there is none. A JSON file is made anew, as the Python imon-configure wrote it;
// of a UCI file nothing changes but options of the instance whose values change.
// The error is a [Faults].
func (p Place) Text(old []byte, c Config) ([]byte, error) {
	if p.UCI {
		return p.editUCI(old, c)
	}
	return c.fullJSON()
}

// Enable makes settings that come from a section of a UCI file that is not enabled
// the ones of an enabled instance.
func (c *Config) Enable() { c.off = false }

// Unset gives a setting its default, as if the file had never had it.
func (c *Config) Unset(k Key) {
	c.written = maps.Clone(c.written)
	delete(c.written, k.String())
	k.Set(c, k.Default)
}

// FindKey returns the setting called name, "section.key". The error suggests what
// may be meant.
func FindKey(name string) (Key, error) {
	var names []string
	for _, k := range Keys() {
		if k.String() == name {
			return k, nil
		}
		names = append(names, k.String())
	}
	section, key, dotted := strings.Cut(name, ".")
	b := builder{keys: Keys()}
	near := nearest(name, names)
	switch {
	case dotted && slices.Contains(Sections(), section):
		return Key{}, fmt.Errorf("%s", strings.TrimSuffix(b.aboutKey(section, key), ", ignored"))
	case near != "":
		return Key{}, fmt.Errorf("%q: did you mean %q?", shown(name), near)
	case b.owners(name) != "":
		return Key{}, fmt.Errorf("%q: it belongs to %s, write SECTION.%s", name, b.owners(name), name)
	default:
		return Key{}, fmt.Errorf("%q: unknown key, see imon.conf(5)", shown(name))
	}
}
