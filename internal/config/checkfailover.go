package config

import (
	"fmt"
	"slices"
	"strings"
)

// failover checks that the failover monitor has different uplinks, and that its
// settings go together.
func (b *builder) failover() {
	b.needed()
	b.furtherGateways()
	for _, s := range b.sides() {
		b.sameUplink(s)
		b.askable(s)
		b.reliability(s)
	}
	b.names()
	b.decisions()
	b.unused()
}

// needed checks that there is what failover cannot do without.
func (b *builder) needed() {
	needed := []string{"primary-if", "primary-gw", "standby-if", "standby-gw"}
	if !b.c.Failover.Family.V4() {
		needed = []string{"primary-if", "standby-if"}
	}
	var missing []string
	for _, key := range needed {
		if b.blank("failover", key) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 && len(missing) < len(needed) || b.c.Failover.Enable {
		b.missing(missing)
	}
}

// missing reports the keys without which failover has no uplinks. A monitor
// that is off and has none of them at all is no news.
func (b *builder) missing(keys []string) {
	if len(keys) == 0 {
		return
	}
	line := b.doc.section("failover").line
	words := "Missing settings for failover monitor:  " + strings.Join(keys, " ")
	if !b.strict("failover") {
		b.warn(line, "[failover] is not enabled", words)
		return
	}
	f := Fault{Line: line, Section: "failover"}
	if b.doc.uci != "" {
		var names []string
		for _, key := range keys {
			names = append(names, b.doc.name("failover", key))
		}
		f.Rule = "add " + strings.Join(names, " ")
	}
	b.faults = append(b.faults, b.doc.say(f, words))
}

// wrongPart is a wrong setting of uplink i, which of a further one is a part of its
// text: what messages then show is that text.
func (b *builder) wrongPart(i int, part, value, rule string) {
	k := Key{Section: "failover", Name: partName(i, part)}
	line := b.doc.section(k.Section).lineOf(k.Name)
	if i >= 2 {
		k.Name, rule = "uplinks", part+"="+shown(value)+" "+rule
		value, line = b.item(i)
	}
	b.wrong(k, b.doc.at(line, k.fault(value, rule)))
}

// wrongItem is a further uplink that is wrong as a whole.
func (b *builder) wrongItem(i int, rule string) {
	k := Key{Section: "failover", Name: "uplinks"}
	text, line := b.item(i)
	b.wrong(k, b.doc.at(line, k.fault(text, rule)))
}

// item is the text of further uplink i, as it was written, and its line.
func (b *builder) item(i int) (text string, line int) {
	e, _ := b.doc.section("failover").entry("uplinks")
	items := e.value.list
	if e.value.form != formList {
		items = []string{e.value.text}
	}
	text = splitUplinks(items)[i-2]
	return text, e.lineOf(text)
}

// partName is the key of a setting of uplink i, as messages call it.
func partName(i int, part string) string {
	if i >= 2 {
		return part
	}
	return [...]string{"primary-", "standby-"}[i] + part
}

// names checks that an uplink can be called by its name, and warns of one that means
// another uplink, too, or would shift the fields of the action script's argument
// name:ename:if:ip.
func (b *builder) names() {
	taken := reservedNames()
	for i, u := range b.c.Failover.All() {
		name := strings.ToLower(u.Name)
		switch {
		case i >= 2 && name != "" && slices.Contains(taken, name):
			b.wrongPart(i, "name", u.Name, "must not be the name of another uplink, primary, standby, uplink3 to uplink8, or auto")
		case b.c.Failover.Enable && b.ambiguous(i, name):
			b.warnOfName(i, "should be a name of its own",
				fmt.Sprintf("'%s' for %s is a word for another uplink or for auto in \"imon failover\", too", shown(u.Name), partName(i, "name")))
		}
		taken = append(taken, name)
		if b.c.Failover.Enable && strings.Contains(u.Name, ":") {
			b.warnOfName(i, "should have no colon",
				fmt.Sprintf("':' in '%s' for %s is shown as '_' to the action script", shown(u.Name), partName(i, "name")))
		}
	}
}

// ambiguous reports whether the name of uplink i, in lower case, also stands for another one:
// as the word for its place, as its name or as its interface.
func (b *builder) ambiguous(i int, name string) bool {
	if name == "" {
		return false
	}
	words := reservedNames()
	if own := i + 1; own < len(words) {
		words = slices.Delete(words, own, own+1)
	}
	for j, u := range b.c.Failover.All() {
		if j != i {
			words = append(words, strings.ToLower(u.Name), strings.ToLower(u.Interface))
		}
	}
	return slices.Contains(words, name)
}

// reservedNames are the words that stand for an uplink already, where one is called.
func reservedNames() []string {
	return []string{"auto", "primary", "standby", "uplink3", "uplink4", "uplink5", "uplink6", "uplink7", "uplink8"}
}

// warnOfName warns of the name of uplink i.
func (b *builder) warnOfName(i int, rule, words string) {
	where := partName(i, "name")
	line := b.doc.section("failover").lineOf(where)
	if i >= 2 {
		where = "uplinks"
		_, line = b.item(i)
	}
	b.warn(line, b.doc.name("failover", where)+" "+rule, words)
}
