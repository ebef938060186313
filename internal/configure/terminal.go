package configure

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// editor is a terminal with line editing: arrows, history, Tab.
type editor struct {
	*term.Terminal
	keys *keys
	out  *os.File
}

// keys is what is typed, until Ctrl-C. Package term would wait for the end of an escape
// sequence after Esc, and take Ctrl-C for a part of it.
type keys struct {
	io.Reader
	interrupted bool
}

func (k *keys) Read(p []byte) (int, error) {
	if k.interrupted {
		return 0, io.EOF
	}
	n, err := k.Reader.Read(p)
	if i := bytes.IndexByte(p[:n], '\x03'); i >= 0 {
		k.interrupted = true
		n = i
	}
	if n == 0 && k.interrupted {
		err = io.EOF
	}
	return n, err
}

func newEditor(in io.Reader, out *os.File) *editor {
	k := &keys{Reader: in}
	e := &editor{keys: k, out: out, Terminal: term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{k, out}, "")}
	e.History = &history{}
	return e
}

func (e *editor) ReadLine(prompt string, complete Completer) (string, error) {
	if width, height, err := term.GetSize(int(e.out.Fd())); err == nil && width > 0 {
		_ = e.SetSize(width, height)
	}
	e.SetPrompt(prompt)
	e.AutoCompleteCallback = e.tab(complete)
	line, err := e.Terminal.ReadLine()
	if err != nil {
		e.Print("\n")
	}
	if err == io.EOF && e.keys.interrupted {
		err = ErrInterrupted
	}
	return line, err
}

// tab is what happens at each key.
func (e *editor) tab(complete Completer) func(string, int, rune) (string, int, bool) {
	return func(line string, pos int, key rune) (string, int, bool) {
		if key != '\t' || complete == nil || pos != len(line) {
			return "", 0, false
		}
		completed, choices := complete(line)
		if len(choices) > 0 {
			e.Print(strings.Join(choices, "\n") + "\n")
		}
		return completed, len(completed), true
	}
}

func (e *editor) Print(text string) { _, _ = io.WriteString(e.Terminal, text) }

func (e *editor) Interactive() bool { return true }

// history are the answers that the arrow keys bring back: each once, none empty.
type history struct{ lines []string }

// Add puts an answer on top.
func (h *history) Add(line string) {
	if line == "" {
		return
	}
	h.lines = slices.DeleteFunc(h.lines, func(old string) bool { return old == line })
	h.lines = append(h.lines, line)
}

// Len is how many answers there are.
func (h *history) Len() int { return len(h.lines) }

// At is the answer before the last i ones.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }
