package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
)

// tokens walks through JSON that is known to be well-formed and puts down what
// stands where.
type tokens struct {
	data  []byte
	dec   *json.Decoder
	keys  int
	line  int // of offset
	until int // offset up to which the lines are counted

	doc      document
	warnings []Warning
	faults   Faults
}

func newTokens(path string, data []byte) *tokens {
	dec := json.NewDecoder(bytes.NewReader(data))
	return &tokens{data: data, dec: dec, line: 1, doc: document{path: path}}
}

// sections reads the whole file.
func (t *tokens) sections() {
	for name := range t.names() {
		s := rawSection{name: name, line: t.line}
		switch {
		case !slices.Contains(Sections(), name):
			t.value() // only the name is of interest, for a warning
		case t.next() == '{':
			t.section(&s)
		default:
			t.notSection(s, t.value())
		}
		t.add(s)
	}
}

// names reads an object and yields its keys; the body must read the value. It
// ends early when the file has too many keys.
func (t *tokens) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		_, err := t.dec.Token() // the opening brace
		for err == nil && t.dec.More() {
			var token json.Token
			token, err = t.dec.Token()
			name, ok := token.(string)
			if !ok || !t.count() || !yield(name) {
				return
			}
		}
		_, _ = t.dec.Token() // the closing brace
	}
}

// count counts a key that was just read, and the lines up to it.
func (t *tokens) count() bool {
	offset := int(t.dec.InputOffset())
	t.line += bytes.Count(t.data[t.until:offset], []byte("\n"))
	t.until = offset
	t.keys++
	return t.keys <= maxKeys
}

// next is the first byte of the value that follows a key.
func (t *tokens) next() byte {
	return bytes.TrimLeft(t.data[t.dec.InputOffset():], ": \t\r\n")[0]
}

func (t *tokens) section(s *rawSection) {
	for name := range t.names() {
		e := entry{name: name, line: t.line, value: t.value()}
		i := slices.IndexFunc(s.entries, func(old entry) bool { return old.name == name })
		if i < 0 {
			s.entries = append(s.entries, e)
			continue
		}
		t.twice(fmt.Sprintf(`"%s" in [%s]`, shown(name), s.name), s.entries[i].line, e.line)
		s.entries[i] = e
	}
}

// add puts a section into the document, in place of an earlier one.
func (t *tokens) add(s rawSection) {
	i := slices.IndexFunc(t.doc.sections, func(old rawSection) bool { return old.name == s.name })
	if i < 0 {
		t.doc.sections = append(t.doc.sections, s)
		return
	}
	t.twice(fmt.Sprintf(`section "%s"`, shown(s.name)), t.doc.sections[i].line, s.line)
	t.doc.sections[i] = s
}

// twice warns that the last one of two counts, as it did in Python.
func (t *tokens) twice(what string, first, last int) {
	text := fmt.Sprintf("%s stands there twice: line %d is ignored, line %d counts", what, first, last)
	t.warnings = append(t.warnings, Warning{Path: t.doc.path, Line: last, Text: text})
}

func (t *tokens) notSection(s rawSection, v value) {
	if v.form == formNull {
		return
	}
	if s.name == "ddns" {
		v.text = hidden // a secret may be in it
	}
	f := Fault{Path: t.doc.path, Line: s.line, Section: s.name, Value: v.text,
		Rule: s.name + " must be a section in braces"}
	t.faults = append(t.faults, t.doc.say(f, invalidValue(v.text, s.name)))
}

// value reads the value of a key.
func (t *tokens) value() value {
	var raw json.RawMessage
	if err := t.dec.Decode(&raw); err != nil || len(raw) == 0 {
		return value{}
	}
	v := value{form: formOther, text: string(raw)}
	switch raw[0] {
	case 'n':
		v.form = formNull
	case 't', 'f':
		v.form = formBool
	case '"':
		v.form, v.text = formText, ""
		_ = json.Unmarshal(raw, &v.text) // the syntax has been checked
	case '[':
		if json.Unmarshal(raw, &v.list) == nil {
			v.form = formList
		}
	case '{':
	default:
		v.form = formNumber
	}
	return v
}
