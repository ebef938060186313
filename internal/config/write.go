package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// setting is a key and how its value is written.
type setting struct {
	key   Key
	value value
}

// settings returns what is to be written: the keys that the file had, as it had
// them, and those that have another value than the default. A value that was
// changed since is the new one.
func (c Config) settings() []setting {
	var all []setting
	defaults := Defaults()
	for _, k := range Keys() {
		now := k.Get(c)
		v, had := c.written[k.String()]
		if !had && now == k.Get(defaults) {
			continue
		}
		scratch := defaults
		changed := !had || len(k.setValue(&scratch, v)) > 0 || k.Get(scratch) != now
		if changed || k.Kind == KindBool {
			v = k.plain(now)
		}
		all = append(all, setting{k, v})
	}
	return all
}

// plain is a value as JSON has it by nature.
func (k Key) plain(text string) value {
	switch {
	case k.Kind == KindBool:
		return value{form: formBool, text: text}
	case k.Kind.number() && isNumber(text):
		return value{form: formNumber, text: text}
	default:
		return value{form: formText, text: text}
	}
}

// JSON returns the settings as an instance file in JSON, the keys in the order
// of the table, indented by four. It has the keys that were in the file from
// which they were read, and every other one that is not at its default. The
// error is a [Faults]: JSON holds only UTF-8 text, UCI any.
func (c Config) JSON() ([]byte, error) { return jsonOf(c.settings()) }

func jsonOf(settings []setting) ([]byte, error) {
	members := make(map[string][]string)
	for _, s := range settings {
		text, ok := s.value.json()
		if !ok {
			f := s.key.fault(s.value.text, "must be UTF-8 text in JSON")
			return nil, Faults{f}
		}
		members[s.key.Section] = append(members[s.key.Section], jsonText(s.key.Name)+":"+text)
	}
	var sections []string
	for _, name := range Sections() {
		if len(members[name]) > 0 {
			sections = append(sections, jsonText(name)+":{"+strings.Join(members[name], ",")+"}")
		}
	}
	var out bytes.Buffer
	if err := json.Indent(&out, []byte("{"+strings.Join(sections, ",")+"}\n"), "", "    "); err != nil {
		return nil, fmt.Errorf("cannot write JSON: %w", err)
	}
	return out.Bytes(), nil
}

// json is the value in JSON, if JSON can hold it.
func (v value) json() (text string, ok bool) {
	switch v.form {
	case formBool, formNumber:
		return v.text, true
	case formList:
		items := make([]string, len(v.list))
		for i, item := range v.list {
			items[i] = jsonText(item)
		}
		return "[" + strings.Join(items, ",") + "]", utf8.ValidString(strings.Join(v.list, ""))
	default:
		return jsonText(v.text), utf8.ValidString(v.text)
	}
}

// jsonText is a text in quotes.
func jsonText(text string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a buffer takes everything
	return strings.TrimSuffix(out.String(), "\n")
}

// UCI returns the settings as a section of a UCI file, enabled unless they come
// from one that is not, the keys in the
// order of the table, quoted as uci does it. It has the same keys as [Config.JSON]
// but for empty ones, which UCI drops: they are at their defaults. The error is
// a [Faults] when UCI cannot hold the name of the instance.
func (c Config) UCI(instance string) ([]byte, error) {
	if !isUCIName(instance) {
		return nil, badInstance(instance, ruleUCIName)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "config %s '%s'\n", instanceType, instance)
	c.writeEnabled(&out)
	for _, s := range c.settings() {
		s.writeUCI(&out)
	}
	return out.Bytes(), nil
}

func (c Config) writeEnabled(out *bytes.Buffer) {
	writeOption(out, "option", optionEnabled, map[bool]string{true: "0", false: "1"}[c.off])
}

func (s setting) writeUCI(out *bytes.Buffer) {
	name, text := s.key.Option(), s.value.text
	switch {
	case s.value.form == formList:
		for _, item := range s.value.list {
			writeOption(out, "list", name, item)
		}
	case s.value.form == formBool:
		writeOption(out, "option", name, map[string]string{"true": "1", "false": "0"}[text])
	case text != "":
		writeOption(out, "option", name, text)
	case s.key.Kind == KindText && s.key.Default != "":
		writeOption(out, "list", name, text) // a list may have an empty item
	}
}

func writeOption(out *bytes.Buffer, keyword, name, value string) {
	fmt.Fprintf(out, "\t%s %s '%s'\n", keyword, name, strings.ReplaceAll(value, "'", `'\''`))
}
