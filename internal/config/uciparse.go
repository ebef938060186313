package config

import (
	"fmt"
	"slices"
	"strings"
)

// uciSection is one section of a UCI file, with the options of all the places
// that write to it.
type uciSection struct {
	kind    string // the type, as in "config TYPE 'NAME'"
	name    string // made up by uci when unnamed
	unnamed bool
	line    int
	options []uciOption // each name once, in the order in which they appear
}

// uciOption is an option or a list. It has a value at least.
type uciOption struct {
	name   string
	list   bool
	values []string // one when it is not a list
	lines  []int    // of the values
	before int      // line of the value that an option has replaced, or 0
}

// line is where the option begins.
func (o uciOption) line() int { return o.lines[0] }

// maxUCICommands are the sections, options and list items of one file; an
// instance with every key has about fifty.
const maxUCICommands = 10000

// parseUCI reads a file as uci does: it takes the files that uci takes, with
// the same values in the same order, and refuses the others on the same line.
func parseUCI(data []byte) ([]uciSection, *uciFault) {
	p := walkUCI(data)
	return p.sections, p.fault
}

// walkUCI is parseUCI for those who want to know which lines say what.
func walkUCI(data []byte) *uciParser {
	p := &uciParser{uciScanner: newUCIScanner(data), open: -1}
	for p.nextLine() {
		p.skipBlanks()
		for p.fault == nil && p.one() {
			if p.commands++; p.commands > maxUCICommands {
				p.fail(fmt.Sprintf("more than %d options", maxUCICommands))
			}
		}
	}
	return p
}

type uciParser struct {
	*uciScanner
	sections []uciSection
	open     int // index of the section to which options go, -1 before the first
	commands int
	spans    []uciSpan // of all commands
}

// uciSpan are the lines of one command, from 1. Several commands may share a line.
type uciSpan struct {
	section     int    // index of the section that is open after it
	option      string // "" when it sets none
	first, last int
}

// one carries out the next command of the line and reports whether there was
// one. A command may be shortened to its first letter.
func (p *uciParser) one() bool {
	word, last := p.command()
	if word == "" || word[0] == '#' {
		return false
	}
	run := func() {}
	switch word {
	case "c", "config":
		run = p.config
	case "o", "option":
		run = p.option
	case "l", "list":
		run = p.list
	case "p", "package":
		run = p.pack
	default:
		p.fail(fmt.Sprintf("'%s' where config, option or list is due", shown(strings.TrimSpace(word))))
	}
	if p.open < 0 && (word[0] == 'o' || word[0] == 'l') {
		p.fail(word + " before the first config line")
	}
	if last {
		p.fail(word + " without a name")
	}
	if p.fault == nil {
		p.skipCommand(word)
		p.spans = append(p.spans, uciSpan{first: p.first})
		run()
		span := &p.spans[len(p.spans)-1]
		span.section, span.last = p.open, p.here()
	}
	return true
}

// pack reads a package line, which means nothing in a file of one package.
func (p *uciParser) pack() {
	p.must(p.due("a name"), isPackageName, rulePackageName)
	p.done()
}

// config opens a section: a new one, or the one of that name.
func (p *uciParser) config() {
	kind := p.due("a type")
	p.must(kind, isTypeName, ruleTypeName)
	name := p.word()
	p.must(name, isUCIName, ruleUCIName)
	p.done()
	if p.fault != nil {
		return
	}
	unnamed := name == ""
	if unnamed {
		name = madeUpName(len(p.sections)+1, kind)
	} else if i := slices.IndexFunc(p.sections, func(s uciSection) bool { return s.name == name }); i >= 0 {
		p.open = i
		if p.sections[i].kind != kind {
			p.fail(fmt.Sprintf("section '%s' has the type '%s' in line %d", name, p.sections[i].kind, p.sections[i].line))
		}
		return
	}
	p.open = len(p.sections)
	p.sections = append(p.sections, uciSection{kind: kind, name: name, unnamed: unnamed, line: p.first})
}

// madeUpName is how uci calls the n-th section when it has no name of its own.
func madeUpName(n int, kind string) string {
	hash := uint32(5381)
	for _, b := range []byte(kind) {
		hash = 33*hash + uint32(b)
	}
	return fmt.Sprintf("cfg%02x%04x", n, hash%(1<<16))
}

// option sets a value, in place of whatever stands there. An empty one changes
// nothing.
func (p *uciParser) option() {
	name, value := p.assignment()
	if p.fault != nil || value == "" {
		return
	}
	o := p.named(name)
	if len(o.lines) > 0 {
		o.before = o.line()
	}
	o.list, o.values, o.lines = false, []string{value}, []int{p.first}
}

// list adds a value to what stands there. An empty one counts.
func (p *uciParser) list() {
	name, value := p.assignment()
	if p.fault != nil {
		return
	}
	o := p.named(name)
	o.list, o.values, o.lines = true, append(o.values, value), append(o.lines, p.first)
}

func (p *uciParser) assignment() (name, value string) {
	name = p.due("a name")
	p.must(name, isUCIName, ruleUCIName)
	p.spans[len(p.spans)-1].option = name
	value = p.word()
	p.done()
	return name, value
}

// named returns the option of the open section, a new one if need be.
func (p *uciParser) named(name string) *uciOption {
	s := &p.sections[p.open]
	i := slices.IndexFunc(s.options, func(o uciOption) bool { return o.name == name })
	if i < 0 {
		i = len(s.options)
		s.options = append(s.options, uciOption{name: name})
	}
	return &s.options[i]
}

// due reads a word that must be there.
func (p *uciParser) due(what string) string {
	word := p.word()
	if word == "" {
		p.fail(what + " is missing")
	}
	return word
}

// must checks a word that is there.
func (p *uciParser) must(word string, good func(string) bool, rule string) {
	if word != "" && !good(word) {
		p.fail(fmt.Sprintf("'%s' is not a name: %s", shown(word), rule))
	}
}

// done checks that the command ends here.
func (p *uciParser) done() {
	if word := p.word(); word != "" {
		option := p.spans[len(p.spans)-1].option
		p.fail(fmt.Sprintf("'%s' is too much here", shown(keysByOption()[option].Hide(word))))
	}
}

const (
	ruleUCIName     = "names in UCI have only A-Z a-z 0-9 _"
	rulePackageName = "names of packages have only A-Z a-z 0-9 _ -"
	ruleTypeName    = "types have only visible ASCII characters"

	uciNameBytes = letters + digits + "_"
)

func isUCIName(s string) bool { return s != "" && strings.Trim(s, uciNameBytes) == "" }

func isPackageName(s string) bool { return strings.Trim(s, uciNameBytes+"-") == "" }

func isTypeName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
