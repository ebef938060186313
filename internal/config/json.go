package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

const maxKeys = 1000 // in one file; the table has about fifty

// readJSON reads an instance file: JSON (RFC 8259) in which a line whose first
// character is # is a comment. It changes data. When the file cannot be read as
// that, the document is empty and there is one fault.
func readJSON(path string, data []byte) (document, []Warning, Faults) {
	blankComments(data)
	data = bytes.TrimRight(data, " \t\r\n")
	if line, why := syntaxError(data); why != "" {
		return document{}, nil, syntaxFault(path, line, why)
	}
	t := newTokens(path, data)
	t.sections()
	if t.keys > maxKeys {
		return document{}, nil, syntaxFault(path, t.line, fmt.Sprintf("more than %d keys", maxKeys))
	}
	return t.doc, t.warnings, t.faults
}

// blankComments replaces comments, and a byte order mark at the start, by
// blanks, so that every other byte keeps its place.
func blankComments(data []byte) {
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		copy(data, "   ")
	}
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) {
			copy(line, bytes.Repeat([]byte(" "), len(bytes.TrimRight(line, "\n"))))
		}
	}
}

// syntaxError returns the line of the first fault and what it is, or "".
func syntaxError(data []byte) (line int, why string) {
	if len(data) == 0 {
		return 1, "the file is empty"
	}
	var raw json.RawMessage
	var syntax *json.SyntaxError
	wrong := len(data)
	if errors.As(json.Unmarshal(data, &raw), &syntax) {
		wrong = max(0, int(syntax.Offset)-1)
	}
	if at := invalidUTF8(data); at <= wrong && at < len(data) {
		return lineAt(data, at), "not UTF-8 text"
	}
	if start := bytes.TrimLeft(data, " \t\r\n"); start[0] != '{' {
		return lineAt(data, len(data)-len(start)), "the sections must stand in braces"
	}
	if syntax != nil {
		return lineAt(data, wrong), plainSyntax(data, syntax)
	}
	return 0, ""
}

func lineAt(data []byte, offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or the
// length when there is none.
func invalidUTF8(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

func syntaxFault(path string, line int, why string) Faults {
	faults := fileFault(path, fmt.Sprintf("has invalid syntax: line %d: %s", line, why))
	faults[0].Line, faults[0].Rule = line, why
	return faults
}
