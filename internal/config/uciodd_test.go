package config

import (
	"strings"
	"testing"
)

// oddities are what uci makes of corners that the fixtures do not have: file,
// and what "uci -X show" prints of it without the package's name.
func oddities() map[string]string {
	long := strings.Repeat("long ", 50)
	return map[string]string{
		"config i a\n option x 1\\\r\n2\n":                               "a=i|a.x='12'",
		"config i a\n option x 1\\\n 2\n":                                "", // the blank ends the word
		"config i a\n option x 1\n option x ''\n":                        "a=i|a.x='1'",
		"config i a\n list x 1\n option x ''\n":                          "a=i|a.x='1'",
		"config i a\n option x '1'; option y 2\n":                        "a=i|a.x='1'|a.y='2'",
		"config i a\n option x '1';\n":                                   "", // a newline is no command
		"config i 'a'; option x \\1; option y 2\n":                       "a=i|a.x='1'|a.y='2'",
		"config i\n option x 1\nconfig i cfg01b60e\n":                    "cfg01b60e=i|cfg01b60e.x='1'",
		"config i a\f\n\v option x 1\r\n":                                "a=i|a.x='1'",
		"config i a\n option x '" + long + "'":                           "a=i|a.x='" + long + "'",
		"config i a\n option x 1 '' # 2 \n":                              "a=i|a.x='1'",
		"config i a #'\n option x a#'\n":                                 "a=i|a.x='a'",
		"config i a\n option x \"'\"'\"'\\'\\\"\n":                       `a=i|a.x=''\''"'\''"'`,
		"\x00\x00\x00config i a\nconfig i b\n":                           "b=i",
		"config i a\x00 this is lost\n option x 1\n":                     "", // the next line is joined
		"config i \x00 this is lost\na\n option x 1\n":                   "a=i|a.x='1'",
		"package x-y\nconfig i a\npackage z\noption x 1":                 "a=i|a.x='1'",
		"config i a\n option x 1\nconfig i b\nconfig i a\n option y 2\n": "a=i|a.x='1'|a.y='2'|b=i",
	}
}

func TestUCIOddities(t *testing.T) {
	program, found := realUCI(t)
	for text, want := range oddities() {
		sections, fault := parseUCI([]byte(text))
		got := strings.ReplaceAll(strings.TrimSpace(uciShow(sections, true)), "\n", "|")
		got = strings.ReplaceAll("|"+got, "|imon.", "|")[1:]
		if want == "" && fault == nil || want != "" && (fault != nil || got != want) {
			t.Errorf("%q: %q, %+v, want %q", text, got, fault, want)
		}
		if found {
			newUCIRun(t, program).compare(t, []byte(text))
		}
	}
}
