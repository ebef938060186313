package config

import "strings"

// A document is a file as it was read, before any rule is applied to it: what
// every reader hands to the builder.
type document struct {
	path     string
	uci      string       // the UCI section that is the instance, "" in a JSON file
	line     int          // where that section begins, otherwise 0
	off      Faults       // why the instance shall not run, if so
	sections []rawSection // each name once, in the order of the file
}

type rawSection struct {
	name    string
	line    int
	entries []entry // each name once, in the order of the file
}

type entry struct {
	name  string
	line  int
	lines []int // of the items of a list where each has its own, otherwise nil
	value value
}

// value is one value and the way in which it was written.
type value struct {
	form form
	text string   // a text without its quotes; everything else as written
	list []string // of formList
	rule string   // what it must be in this file, where the rule of the kind does not say it
}

type form int

const (
	formNull   form = iota // says that there is no value
	formText               // text in quotes
	formNumber             // a number
	formBool               // true or false
	formList               // a list of texts
	formOther              // what no setting takes
)

// section returns the section of that name, an empty one when there is none.
func (d document) section(name string) rawSection {
	for _, s := range d.sections {
		if s.name == name {
			return s
		}
	}
	return rawSection{name: name}
}

// entry returns what the section has for a key. A null is the same as nothing.
func (s rawSection) entry(name string) (entry, bool) {
	for _, e := range s.entries {
		if e.name == name {
			return e, e.value.form != formNull
		}
	}
	return entry{}, false
}

// lineOf is the line of a key, or of the section when it has no such key.
func (s rawSection) lineOf(name string) int {
	for _, e := range s.entries {
		if e.name == name {
			return e.line
		}
	}
	return s.line
}

// name is what this file calls a setting.
func (d document) name(section, key string) string {
	k := Key{Section: section, Name: key}
	if d.uci != "" {
		return k.Option()
	}
	return k.String()
}

// at returns f, a wrong value, with its sentence for a line of the file.
func (d document) at(line int, f Fault) Fault {
	f.Line = line
	return d.say(f, invalidValue(f.Value, f.Key))
}

// say returns f with a sentence about this file that begins with the words that
// users know.
func (d document) say(f Fault, words string) Fault {
	f.Path = d.path
	return f.called(d.name(f.Section, f.Key), words)
}

// lineOf is the line of an item, or of the whole value.
func (e entry) lineOf(item string) int {
	for i, text := range e.value.list {
		if i < len(e.lines) && strings.TrimSpace(text) == item {
			return e.lines[i]
		}
	}
	return e.line
}

// fits reports whether a value written like this can be of that kind.
func (v value) fits(kind Kind) bool {
	switch v.form {
	case formText:
		return true
	case formNumber:
		return kind.number() || kind == KindText || kind == KindListen
	case formBool:
		return kind == KindBool
	case formList:
		return kind.list()
	default:
		return false
	}
}
