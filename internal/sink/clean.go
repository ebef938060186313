package sink

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is how many bytes one log line may have. With the header of RFC 3164
// it stays within the 1024 bytes of section 4.1, beyond which readers cut.
const maxLine = 980

// clean makes one line of s that no value in it can break or disguise: control
// characters, line separators and bytes that are not UTF-8 are shown as escapes,
// and what exceeds maxLine is replaced by "...".
func clean(s string) string { return cleanWithin(s, maxLine) }

// cleanWithin is clean with another limit.
func cleanWithin(s string, most int) string {
	if strings.ContainsFunc(s, hidden) {
		s = escape(s)
	}
	if len(s) <= most {
		return s
	}
	end := most - len("...")
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// escape writes each hidden character of s as Go would in a string literal.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf && hidden(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case r != utf8.RuneError && hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether r must not stand in a log line as it is. The
// replacement character is among them because a broken byte reads as one, and so are
// those that turn the direction of a line (Unicode Standard Annex 9).
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r >= '\u2028' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
