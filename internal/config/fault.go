package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing in a configuration that must be put right before imon can
// run. The fields that do not apply are empty.
type Fault struct {
	Path    string // of the file
	Line    int    // in the file, from 1; 0 when no line is to blame
	Section string
	Key     string
	Value   string // as it stands in the file, but no secret
	Rule    string // what the value must be

	Sentence string // all of that in one line, for people
}

// Error returns the sentence.
func (f Fault) Error() string { return f.Sentence }

// Faults are all the faults of one configuration, sorted by line; those without
// a line come last.
type Faults []Fault

// Error returns the sentences, one per line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Sentence
	}
	return strings.Join(lines, "\n")
}

// Warning is something in a configuration that imon gets along with, but that
// is hardly meant.
type Warning struct {
	Path string
	Line int    // from 1; 0 when no line is to blame
	Text string // what is strange, and what imon makes of it
	Rule string // what it should be; may be empty
}

// String returns the warning as one line.
func (w Warning) String() string { return w.Text + where(w.Path, w.Line, w.Rule) }

// where is the end of a message: " (PATH:LINE: RULE)", as much of it as is known.
func where(path string, line int, rule string) string {
	place := escape(path)
	if line > 0 {
		place += ":" + strconv.Itoa(line)
	}
	switch {
	case place == "" && rule == "":
		return ""
	case place == "":
		return " (" + rule + ")"
	case rule == "":
		return " (" + place + ")"
	default:
		return " (" + place + ": " + rule + ")"
	}
}

// fault is a value of k that breaks a rule, in no file yet.
func (k Key) fault(value, rule string) Fault {
	value = k.Hide(value)
	f := Fault{Section: k.Section, Key: k.Name, Value: value, Rule: rule}
	return f.called(k.String(), invalidValue(value, k.Name))
}

// called returns f with a sentence that begins with words. In its rule the
// setting has the name that it is called by where f was found.
func (f Fault) called(name, words string) Fault {
	rule := f.Rule
	if rule != "" && f.Key != "" {
		rule = name + " " + rule
	}
	f.Sentence = words + where(f.Path, f.Line, rule)
	return f
}

func invalidValue(value, key string) string {
	return fmt.Sprintf("Invalid value '%s' for %s", shown(value), key)
}

// fileFault is a file that cannot be used at all.
func fileFault(path, words string) Faults {
	return Faults{{Path: path, Sentence: fmt.Sprintf("Configuration file '%s' %s", escape(path), words)}}
}

// byLine sorts by line; what has none comes last.
func byLine(a, b int) int {
	if a == 0 || b == 0 {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

func sortFaults(fs Faults) {
	slices.SortStableFunc(fs, func(a, b Fault) int { return byLine(a.Line, b.Line) })
}

func sortWarnings(ws []Warning) {
	slices.SortStableFunc(ws, func(a, b Warning) int { return byLine(a.Line, b.Line) })
}

const maxShown = 60 // characters of a value in a message

// shown is a value as messages show it: without control characters and cut.
func shown(value string) string {
	if len(value) > 4*maxShown {
		value = strings.ToValidUTF8(value[:4*maxShown], "") + "…"
	}
	value = escapeIf(value, func(r rune) bool { return !unicode.IsPrint(r) })
	if utf8.RuneCountInString(value) <= maxShown {
		return value
	}
	return string([]rune(value)[:maxShown-1]) + "…"
}

// escape writes what would break a line or disguise it as Go does in a literal, and
// a mark in place of bytes that are no UTF-8.
func escape(s string) string { return escapeIf(s, disguises) }

func escapeIf(s string, strange func(rune) bool) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !strings.ContainsFunc(s, strange) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strange(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// disguises reports whether r is a control character, or one that turns the
// direction of a line (Unicode Standard Annex 9), so that what stands there is not
// what is seen.
func disguises(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
