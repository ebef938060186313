package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// fullJSON returns the settings as the Python imon-configure wrote them: every
// section and every key that it knew, in the order of the table, indented by four,
// in ASCII. Settings that it did not know are there when they are not at their
// defaults. The error is a [Faults] when a text is not UTF-8.
func (c Config) fullJSON() ([]byte, error) {
	short := make(map[string]setting)
	for _, s := range c.settings() {
		short[s.key.String()] = s
	}
	var all []setting
	for _, k := range Keys() {
		s, worth := short[k.String()]
		if k.Asking != AskNew {
			s, worth = setting{k, c.python(k)}, true
		}
		if worth {
			all = append(all, s)
		}
	}
	text, err := jsonOf(all)
	return []byte(ascii(string(text))), err
}

// python is a value in the form in which the Python dialogue put it down. It made
// floats of the intervals that it had asked for, and of all that it asked for
// failover but the metric.
func (c Config) python(k Key) value {
	v := k.plain(k.Get(c))
	float := k.Name == "interval" || k.Section == "failover" && k.Kind != KindMetric
	if v.form == formNumber && float && slices.Contains(c.Enabled(), k.Section) {
		v.text = pythonNumber(v.text + "e0")
	}
	return v
}

// ascii writes what is not ASCII as \uXXXX, as Python's json.dump does.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
