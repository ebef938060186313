package config

import (
	"bytes"
	"fmt"
)

// uciScanner takes the text of a UCI file apart into words, as libuci does
// (https://openwrt.org/docs/guide-user/base-system/uci; where that is silent,
// what the program uci does with a file):
//
//   - blanks end a word, a # outside of quotes ends the line;
//   - 'text' is taken as it stands, in "text" and outside of quotes a backslash
//     takes the meaning from the byte that follows it;
//   - quotes may open and close within a word, and a quoted text may have
//     several lines; a backslash at the end of a line joins the next one;
//   - a semicolon ends a command. Right behind a word that has neither quotes
//     nor backslashes it ends the line, as libuci loses its place there.
//
// After the first fault, every method does nothing.
type uciScanner struct {
	unread []byte // of the file
	buf    []byte // the line in hand, with the lines that were joined to it
	pos    int    // in buf
	room   int    // in libuci's buffer; matters only for lines with a zero byte

	line    int  // complete lines read so far
	first   int  // line on which buf begins
	partial bool // the last line read has no newline at its end
	fault   *uciFault
}

// uciFault is the first place at which uci refuses a file, where uci says it.
type uciFault struct {
	line int // from 1
	byte int // within the line and what was joined to it, from 0
	why  string
}

const (
	uciRoom    = 32          // bytes that libuci's buffer has at first
	uciMaxRoom = 2 * maxFile // more makes no difference
)

func newUCIScanner(data []byte) *uciScanner {
	return &uciScanner{unread: data, room: uciRoom}
}

// nextLine goes to the next line and reports whether there is one.
func (s *uciScanner) nextLine() bool {
	if len(s.unread) == 0 || s.fault != nil {
		return false
	}
	s.pos, s.first = 0, s.line+1
	s.join()
	return true
}

// join puts the next line in place of what follows pos. A line ends at a zero
// byte for libuci, which then goes on to the next line, except that a piece
// that begins with one is no line at all. The pieces of such a line are as
// long as its buffer allows.
func (s *uciScanner) join() {
	if s.pos >= s.room-1 {
		s.widen()
	}
	s.buf = s.buf[:s.pos]
	for {
		piece := s.piece(s.room - len(s.buf) - 1)
		if len(piece) == 0 || piece[0] == 0 {
			return
		}
		text, _, _ := bytes.Cut(piece, []byte{0})
		s.buf = append(s.buf, text...)
		s.partial = text[len(text)-1] != '\n'
		if !s.partial {
			return
		}
		s.widen()
	}
}

func (s *uciScanner) widen() { s.room = min(2*s.room, uciMaxRoom) }

// piece takes a line off the unread text, but at most max bytes.
func (s *uciScanner) piece(max int) []byte {
	piece := s.unread[:min(max, len(s.unread))]
	if end := bytes.IndexByte(piece, '\n'); end >= 0 {
		piece = piece[:end+1]
		s.line++
	}
	s.unread = s.unread[len(piece):]
	return piece
}

// fail puts down the first fault, at the place that was reached.
func (s *uciScanner) fail(why string) {
	if s.fault != nil {
		return
	}
	s.fault = &uciFault{line: s.here(), byte: s.pos, why: why}
}

// here is the line that was read last.
func (s *uciScanner) here() int {
	if s.partial {
		return s.line + 1
	}
	return s.line
}

// peek is the next byte, 0 at the end of the line.
func (s *uciScanner) peek() byte {
	if s.pos < len(s.buf) {
		return s.buf[s.pos]
	}
	return 0
}

// end drops the rest of the line.
func (s *uciScanner) end() { s.buf = s.buf[:s.pos] }

func (s *uciScanner) skipBlanks() {
	for isUCIBlank(s.peek()) {
		s.pos++
	}
}

func isUCIBlank(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// command reads the word that begins a command, "" at the end of the line. Only
// blanks and tabs end it, so that quotes, comments and newlines are part of it.
// It does not move past a word that is the last one, and that reports last.
func (s *uciScanner) command() (word string, last bool) {
	rest := bytes.TrimLeft(s.buf[s.pos:], " \t")
	end := bytes.IndexAny(rest, " \t")
	if end < 0 {
		return string(rest), true
	}
	return string(rest[:end]), false
}

// skipCommand moves past the word that command has read.
func (s *uciScanner) skipCommand(word string) {
	s.pos = len(s.buf) - len(bytes.TrimLeft(s.buf[s.pos:], " \t")) + len(word) + 1
}

// word reads the next word and takes its quotes off. At the end of the line or
// of the command it is "".
func (s *uciScanner) word() string {
	s.skipBlanks()
	if s.peek() == ';' {
		s.pos++
		return ""
	}
	start := s.pos
	var text []byte
	for more := true; more && s.fault == nil; more = s.peek() != 0 && !isUCIBlank(s.peek()) {
		switch s.peek() {
		case 0:
		case '#':
			s.end()
		case ';':
			if len(text) == s.pos-start {
				s.end()
			}
			return string(text)
		case '\'':
			text = s.singleQuoted(text)
		case '"':
			text = s.doubleQuoted(text)
		case '\\':
			text = s.escaped(text)
		default:
			text = s.take(text)
		}
	}
	if s.peek() != 0 {
		s.pos++ // the blank
	}
	return string(text)
}

// take appends the next byte to text.
func (s *uciScanner) take(text []byte) []byte {
	s.pos++
	return append(text, s.buf[s.pos-1])
}

// escaped appends the byte after a backslash to text, or joins the next line.
func (s *uciScanner) escaped(text []byte) []byte {
	s.pos++
	switch string(s.buf[s.pos:]) {
	case "", "\n", "\r\n":
		s.join()
		return text
	}
	return s.take(text)
}

func (s *uciScanner) singleQuoted(text []byte) []byte {
	opened := s.here()
	s.pos++
	for s.within('\'', opened) {
		text = s.take(text)
	}
	return text
}

func (s *uciScanner) doubleQuoted(text []byte) []byte {
	opened := s.here()
	s.pos++
	for s.within('"', opened) {
		if s.peek() == '\\' {
			text = s.escaped(text)
		} else {
			text = s.take(text)
		}
	}
	return text
}

// within reports whether the text that a quote opened goes on, and if not moves
// past its end. It goes on to the next line where that is needed.
func (s *uciScanner) within(quote byte, opened int) bool {
	if s.peek() == 0 {
		if s.join(); s.peek() == 0 {
			s.fail(fmt.Sprintf("the %c of line %d is never closed", quote, opened))
			return false
		}
	}
	if s.peek() == quote {
		s.pos++
		return false
	}
	return true
}
