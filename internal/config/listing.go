package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Section is one section of a configuration as the start-up log shows it.
type Section struct {
	Name     string
	Settings []Setting
}

// Setting is one key and its effective value.
type Setting struct {
	Key, Value string
}

// Lines returns the log lines of the section, blanks at their ends included.
func (s Section) Lines() []string {
	lines := []string{fmt.Sprintf("** [%s] ** ", s.Name)}
	for _, x := range s.Settings {
		lines = append(lines, fmt.Sprintf("    %-17s %s", x.Key, x.Value))
	}
	return lines
}

// Listing returns all settings, section by section in the order of the table. A
// value that the file has is shown as Python's str() shows it, so that searches
// in old logs and new ones find the same; every other key has its default. What
// the Python program did not know in ddns, failover and ping, listen and outages-copy, is there only when it has
// another one. No secret is in it.
func (c Config) Listing() []Section {
	keys := Keys()
	var list []Section
	for _, name := range Sections() {
		s := Section{Name: name}
		for _, k := range keys {
			if k.Section == name && c.listed(k) {
				s.Settings = append(s.Settings, Setting{k.Name, c.shown(k)})
			}
		}
		list = append(list, s)
	}
	return list
}

// listed reports whether the listing has a key.
func (c Config) listed(k Key) bool {
	_, written := c.written[k.String()]
	return k.Section != "failover" && k.Section != "ddns" && k.Section != "ping" && k.Kind != KindListen && k.Name != "outages-copy" || k.Kind == KindURLs || k.Asking != AskNew || written || k.Get(c) != k.Get(Defaults())
}

// shown is the value of a key in the listing.
func (c Config) shown(k Key) string {
	if v, ok := c.written[k.String()]; ok {
		return escape(k.Hide(k.written(c, v)))
	}
	if k.Kind == KindBool {
		return pythonBool(k.Get(c))
	}
	return k.Hide(k.Get(c))
}

// written is a valid value of k as the Python program showed it. It turned ping
// counts and waits into integers first, which is kept for whole numbers.
func (k Key) written(c Config, v value) string {
	switch {
	case k.Kind == KindCount || k.Kind == KindURLs || k.Name == "pingwait" || v.form == formList:
		return k.Get(c)
	case v.form == formBool:
		return pythonBool(v.text)
	case v.form == formNumber:
		return pythonNumber(v.text)
	default:
		return v.text
	}
}

func pythonBool(text string) string {
	return strings.ToUpper(text[:1]) + text[1:]
}

// pythonNumber is str() of a JSON number: an integer as it stands, a float with
// the fewest digits that tell it apart, and a fraction or an exponent always.
func pythonNumber(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !strings.ContainsAny(text, ".eE") {
		return text
	}
	if abs := math.Abs(f); abs >= 1e16 || abs != 0 && abs < 1e-4 {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
