package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// editUCI returns data, a UCI file, with the settings of the instance. The lines of
// an option change only when its value does; everything else stays byte for byte.
func (p Place) editUCI(data []byte, c Config) ([]byte, error) {
	section, err := c.UCI(p.Instance)
	if err != nil {
		return nil, err
	}
	before := walkUCI(data)
	if before.fault != nil {
		return nil, uciSyntax(p.Path, before.fault)
	}
	own := slices.IndexFunc(before.sections, func(s uciSection) bool { return s.name == p.Instance && !s.unnamed })
	var text []byte
	switch {
	case own < 0:
		text = appendSection(data, section)
	case before.sections[own].kind != instanceType:
		_, _, faults := p.read(data)
		return nil, faults
	default:
		e := uciEditor{data: data, spans: before.spans, own: own, remove: make(map[string]bool), lines: make(map[string]string)}
		e.plan(p.Draft(data), c)
		text = e.text()
	}
	if !p.holds(text, before.sections, own, c) {
		return nil, fileFault(p.Path, fmt.Sprintf(
			"cannot be edited without harm to other parts of it: give each option of instance '%s' a line of its own", p.Instance))
	}
	return text, nil
}

// appendSection puts a section at the end of a file, after a blank line.
func appendSection(data, section []byte) []byte {
	text := slices.Clone(data)
	if len(text) > 0 {
		if !bytes.HasSuffix(text, []byte("\n")) {
			text = append(text, '\n')
		}
		text = append(text, '\n')
	}
	return append(text, section...)
}

// uciEditor changes options of one section.
type uciEditor struct {
	data   []byte
	spans  []uciSpan
	own    int               // index of the section
	remove map[string]bool   // the options whose lines go
	lines  map[string]string // the lines that come in their place
	added  string            // lines of options that have none yet
}

// plan decides which lines go and which come. Of an option without a value only
// the place is of use.
func (e *uciEditor) plan(d Draft, c Config) {
	old, wanted := d.Config, make(map[string]string)
	for _, s := range c.settings() {
		var lines bytes.Buffer
		s.writeUCI(&lines)
		wanted[s.key.Option()] = lines.String()
	}
	for _, k := range Keys() {
		wrong := slices.ContainsFunc(d.Faults, func(f Fault) bool { return f.Section == k.Section && f.Key == k.Name })
		if wrong || k.Get(old) != k.Get(c) || !e.has(k.Option()) && wanted[k.Option()] != "" {
			e.change(k.Option(), wanted[k.Option()])
		}
	}
	odd := slices.ContainsFunc(d.Faults, func(f Fault) bool { return f.Key == optionEnabled })
	if odd || old.off != c.off {
		var line bytes.Buffer
		c.writeEnabled(&line)
		e.change(optionEnabled, line.String())
	}
}

// has reports whether the section has lines of that option.
func (e *uciEditor) has(option string) bool {
	return slices.ContainsFunc(e.spans, func(s uciSpan) bool { return s.section == e.own && s.option == option })
}

func (e *uciEditor) change(option, lines string) {
	if e.has(option) {
		e.remove[option], e.lines[option] = true, lines
	} else {
		e.added += lines
	}
}

// text carries the plan out. New lines stand where the first of the old ones was,
// or at the end of the section.
func (e *uciEditor) text() []byte {
	gone, come, end := make(map[int]bool), make(map[int]string), 0
	for _, s := range e.spans {
		if s.section != e.own {
			continue
		}
		end = max(end, s.last)
		if !e.remove[s.option] {
			continue
		}
		come[s.first] += e.lines[s.option]
		e.lines[s.option] = ""
		for line := s.first; line <= s.last; line++ {
			gone[line] = true
		}
	}
	var out strings.Builder
	line := 0
	for text := range bytes.Lines(e.data) {
		line++
		out.WriteString(come[line])
		if !gone[line] {
			out.Write(text)
		}
		if line == end && e.added != "" {
			if !strings.HasSuffix(out.String(), "\n") {
				out.WriteString("\n")
			}
			out.WriteString(e.added)
		}
	}
	return []byte(out.String())
}

// holds reports whether text has the settings c for the instance, and everything
// else as before.
func (p Place) holds(text []byte, before []uciSection, own int, c Config) bool {
	after, fault := parseUCI(text)
	if fault != nil {
		return false
	}
	if own < 0 {
		own, before = len(before), append(slices.Clone(before), uciSection{kind: instanceType, name: p.Instance})
	}
	if len(after) != len(before) {
		return false
	}
	for i := range before {
		if !reflect.DeepEqual(bare(before[i], i == own), bare(after[i], i == own)) {
			return false
		}
	}
	d := p.Draft(text)
	for _, k := range Keys() {
		if k.Get(d.Config) != k.Get(c) {
			return false
		}
	}
	return len(d.Faults) == 0 && d.Config.off == c.off
}

// bare is a section without its lines and, when it is ours, without the options
// that we know.
func bare(s uciSection, ours bool) uciSection {
	known := keysByOption()
	var options []uciOption
	for _, o := range s.options {
		if _, is := known[o.name]; ours && (is || o.name == optionEnabled) {
			continue
		}
		options = append(options, uciOption{name: o.name, list: o.list, values: o.values})
	}
	return uciSection{kind: s.kind, name: s.name, unnamed: s.unnamed, options: options}
}
