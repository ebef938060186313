package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainSyntax is what is wrong with JSON, in the words of one who writes it and not
// of one who reads it. What this knows no words for, it says as Go does.
func plainSyntax(data []byte, e *json.SyntaxError) string {
	why := e.Error()
	r, _ := utf8.DecodeRune(data[max(0, int(e.Offset)-1):])
	if strings.Contains(why, "unexpected end") || strings.Contains(why, "character ' '") && r != ' ' { // Go ends a file by a blank
		return "the file ends before its last brace or quote is closed"
	}
	found := strings.Trim(strconv.QuoteRune(r), "'")
	if r == '\'' {
		found = "'"
	}
	switch {
	case strings.HasSuffix(why, "exceeded max depth"):
		return "more than 10000 brackets and braces stand in each other"
	case r == '#' || r == '/':
		return "a comment needs a line of its own that begins with #"
	case r == '}' && strings.HasSuffix(why, "of object key string"):
		return "a comma stands before a closing brace, where none may stand"
	}
	for _, s := range syntaxes() {
		if strings.Contains(why, s.goes) {
			return fmt.Sprintf("'%s' %s", found, s.plain)
		}
	}
	return why
}

// syntaxes are the places at which a character may be wrong.
func syntaxes() []struct{ goes, plain string } {
	return []struct{ goes, plain string }{
		{"beginning of object key string", "where a name in double quotes is due"},
		{"beginning of value", "where a value is due: a text in double quotes, a number, true, false, null, a list or a section"},
		{"after object key:value pair", "where a comma or a closing brace is due"},
		{"after object key", "where a colon is due"},
		{"after array element", "where a comma or a closing bracket is due"},
		{"after top-level value", "behind the last brace, where the file must end"},
		{"in string literal", "in a text, where it must be written as an escape such as \\n"},
		{"in string escape", `behind a backslash, where only " \ / b f n r t and u with four digits may stand`},
		{"hexadecimal character escape", `in an escape, where \u needs four hexadecimal digits`},
		{"in literal", "in a word that is none of true, false and null"},
		{"literal", "in a number, which is written like 10, 0.5 or -1e3"},
	}
}
