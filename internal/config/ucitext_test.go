package config

import (
	"fmt"
	"strings"
)

// Sections as the program uci prints them, for comparison with what it did.

// uciExport is "uci export imon".
func uciExport(sections []uciSection) string {
	var b strings.Builder
	b.WriteString("package imon\n")
	for _, s := range sections {
		fmt.Fprintf(&b, "\nconfig %s", ticks(s.kind))
		if !s.unnamed {
			fmt.Fprintf(&b, " '%s'", s.name)
		}
		b.WriteString("\n" + uciOptions(s))
	}
	return b.String() + "\n"
}

// uciOptions is what "uci export" prints below a config line.
func uciOptions(s uciSection) string {
	var b strings.Builder
	for _, o := range s.options {
		keyword := "option"
		if o.list {
			keyword = "list"
		}
		for _, v := range o.values {
			fmt.Fprintf(&b, "\t%s %s %s\n", keyword, o.name, quoted(v))
		}
	}
	return b.String()
}

// uciShow is "uci show imon", or "uci -X show imon".
func uciShow(sections []uciSection, madeUp bool) string {
	var b strings.Builder
	count := map[string]int{}
	for _, s := range sections {
		name := s.name
		if s.unnamed && !madeUp {
			name = fmt.Sprintf("@%s[%d]", s.kind, count[s.kind])
		}
		count[s.kind]++
		fmt.Fprintf(&b, "imon.%s=%s\n", name, s.kind)
		for _, o := range s.options {
			var all []string
			for _, v := range o.values {
				all = append(all, quoted(v))
			}
			fmt.Fprintf(&b, "imon.%s.%s=%s\n", name, o.name, strings.Join(all, " "))
		}
	}
	return b.String()
}

func quoted(s string) string { return "'" + ticks(s) + "'" }

func ticks(s string) string { return strings.ReplaceAll(s, "'", `'\''`) }
