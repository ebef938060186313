package config

import (
	"fmt"
	"strings"

	"github.com/digineo/go-uci/v2"
)

// uciTree is a UCI file: go-uci's tree for its values, and beside it what that
// tree does not tell, which options there are and on which lines.
//
// go-uci is given what the parser has read, value by value, and never text or a
// file: its own reader refuses files that uci takes, drops equal values of a
// list, has no lines, and a Get that fails to read says only that there is
// nothing. Nothing is ever committed, as it writes values without escaping them.
type uciTree struct {
	path     string
	tree     uci.Tree
	sections []uciSection
}

// inMemory is the name of the one configuration in the tree. No file can be
// called "" in a directory "" either, so go-uci never finds one to read.
const inMemory = ""

// instanceType is the type of the sections that are instances of imon.
const instanceType = "instance"

// globalsType is the type of the section that the service script reads: how much
// memory an imon may take. It says nothing to imon itself.
const globalsType = "globals"

// readUCI reads a file of the package imon. The sections without a name stay
// out of the tree, which mixes them up; imon has no use for them.
func readUCI(path string, data []byte) (uciTree, Faults) {
	sections, fault := parseUCI(data)
	if fault != nil {
		return uciTree{}, uciSyntax(path, fault)
	}
	t := uciTree{path: path, tree: uci.NewTree(inMemory), sections: sections}
	for _, s := range sections {
		if s.unnamed {
			continue
		}
		if err := t.add(s); err != nil {
			return uciTree{}, fileFault(path, "cannot be used: "+err.Error())
		}
	}
	return t, nil
}

func uciSyntax(path string, u *uciFault) Faults {
	faults := fileFault(path, fmt.Sprintf("has invalid syntax: line %d, byte %d: %s", u.line, u.byte, u.why))
	faults[0].Line, faults[0].Rule = u.line, u.why
	return faults
}

func (t uciTree) add(s uciSection) error {
	if err := t.tree.AddSection(inMemory, s.name, s.kind); err != nil {
		return err
	}
	for _, o := range s.options {
		kind := uci.TypeOption
		if o.list {
			kind = uci.TypeList
		}
		if err := t.tree.SetType(inMemory, s.name, o.name, kind, o.values...); err != nil {
			return err
		}
	}
	return nil
}

// instance returns the section of an instance, or why there is none.
func (t uciTree) instance(name string) (s uciSection, why string) {
	for _, s := range t.sections {
		switch {
		case s.name != name || s.unnamed:
		case s.kind == instanceType:
			return s, ""
		default:
			return s, fmt.Sprintf("line %d has 'config %s' where 'config instance' is due", s.line, shown(s.kind))
		}
	}
	if !isUCIName(name) {
		return s, ruleUCIName
	}
	if names, _ := t.tree.GetSections(inMemory, instanceType); len(names) > 0 {
		return s, "it has only " + strings.Join(names, ", ")
	}
	return s, "it has no instance"
}

// value returns what an instance has for a key in its option o. A list of one
// is that one where no list is due.
func (t uciTree) value(s uciSection, o uciOption, k Key) value {
	list, _ := t.tree.Get(inMemory, s.name, o.name)
	text := strings.Join(list, " ")
	on, isBool := t.tree.GetBool(inMemory, s.name, o.name)
	switch {
	case o.list && k.Kind.list():
		return value{form: formList, text: text, list: list}
	case len(list) > 1:
		return value{form: formOther, text: text, rule: "must be one option, not a list"}
	case k.Kind == KindBool && isBool:
		return value{form: formBool, text: fmt.Sprint(on)}
	case k.Kind == KindBool:
		return value{form: formOther, text: text, rule: ruleUCIBool}
	case k.Kind.number() && isNumber(text):
		return value{form: formNumber, text: text}
	default:
		return value{form: formText, text: text}
	}
}

const ruleUCIBool = "must be 0 or 1"
