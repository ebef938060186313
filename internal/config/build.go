package config

import (
	"cmp"
	"fmt"
	iofs "io/fs"
	"strings"
)

// Stat returns what a file system says of a path, with an error when there is
// no such file, as [io/fs.Stat] does.
type Stat func(path string) (iofs.FileInfo, error)

// builder turns a document into a Config, whatever format it had.
type builder struct {
	stat  Stat
	doc   document
	keys  []Key
	toRun bool // an imon is to run on it, and not only to pass it on

	c        Config
	warnings []Warning
	faults   Faults
}

func newBuilder(stat Stat, doc document) *builder {
	b := &builder{stat: stat, doc: doc, keys: Keys(), c: Defaults()}
	b.c.Path = doc.path
	b.c.section = doc.uci
	b.c.off = len(doc.off) > 0
	b.c.written = make(map[string]value)
	return b
}

// result applies the table and then, for a Config to run on, the rules that go
// beyond one key. It does neither when the reader could not make sense of the
// file.
func (b *builder) result() (Config, []Warning, error) {
	if len(b.doc.sections) > 0 || len(b.faults) == 0 {
		b.unknown()
		for _, k := range b.keys {
			b.read(k)
		}
		if b.toRun {
			b.faults = append(b.faults, b.doc.off...)
			b.check()
		}
	}
	sortWarnings(b.warnings)
	if len(b.faults) > 0 {
		sortFaults(b.faults)
		return Config{}, b.warnings, b.faults
	}
	return b.c, b.warnings, nil
}

// read stores what the document has for a key.
func (b *builder) read(k Key) {
	e, ok := b.doc.section(k.Section).entry(k.Name)
	if !ok {
		return
	}
	faults := k.setValue(&b.c, e.value)
	for _, f := range faults {
		b.wrong(k, b.doc.at(e.lineOf(f.Value), f))
	}
	if len(faults) > 0 {
		return
	}
	b.c.written[k.String()] = e.value
	if k.Kind == KindBool && e.value.form == formText {
		b.warn(e.line, k.String()+" "+k.Kind.rule()+" without quotes",
			fmt.Sprintf("Text '%s' for %s is taken as %s", shown(e.value.text), k.Name, k.Get(b.c)))
	}
}

// setValue is Set for a value that knows how it was written.
func (k Key) setValue(c *Config, v value) []Fault {
	switch {
	case !v.fits(k.Kind):
		return []Fault{k.fault(v.text, cmp.Or(v.rule, k.Kind.rule()))}
	case v.form == formList:
		return k.setItems(c, v.list)
	default:
		return k.Set(c, v.text)
	}
}

// wrong is a fault, or a warning where nobody will use the value.
func (b *builder) wrong(k Key, f Fault) {
	if b.strict(k.Section) {
		b.faults = append(b.faults, f)
		return
	}
	b.warn(f.Line, b.doc.name(k.Section, k.Name)+" "+f.Rule, fmt.Sprintf("%s is ignored, as [%s] is not enabled",
		invalidValue(f.Value, f.Key), k.Section))
}

// strict reports whether the values of a section matter: a monitor's do unless
// its file says clearly that it is off.
func (b *builder) strict(section string) bool {
	if section == "global" || !b.toRun {
		return true
	}
	e, ok := b.doc.section(section).entry("enable")
	off := !ok || e.value.form <= formBool && strings.EqualFold(e.value.text, "false")
	return !off
}

func (b *builder) warn(line int, rule, text string) {
	b.warnings = append(b.warnings, Warning{Path: b.doc.path, Line: line, Rule: rule, Text: text})
}
