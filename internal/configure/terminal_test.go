package configure

import (
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// keyboard is the other end of a terminal.
type keyboard struct {
	t        *testing.T
	end, tty *os.File
	mu       sync.Mutex
	text     strings.Builder
	closed   chan struct{}
}

func newKeyboard(t *testing.T) *keyboard {
	t.Helper()
	end, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	k := &keyboard{t: t, end: end, tty: tty, closed: make(chan struct{})}
	if err := pty.Setsize(end, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	go k.collect()
	t.Cleanup(func() {
		tty.Close()
		<-k.closed
		end.Close()
	})
	return k
}

func (k *keyboard) collect() {
	defer close(k.closed)
	buf := make([]byte, 4096)
	for {
		n, err := k.end.Read(buf)
		k.mu.Lock()
		k.text.Write(buf[:n])
		k.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// screen is what was shown, without the escape sequences that move the cursor.
func (k *keyboard) screen() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]").ReplaceAllString(k.text.String(), "")
}

// await waits until text is on the screen.
func (k *keyboard) await(text string) {
	k.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(k.screen(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("no %q in %q", text, k.screen())
		}
	}
}

func (k *keyboard) press(keys string) {
	k.t.Helper()
	if _, err := io.WriteString(k.end, keys); err != nil {
		k.t.Fatal(err)
	}
}

func (k *keyboard) state() unix.Termios {
	k.t.Helper()
	state, err := unix.IoctlGetTermios(int(k.tty.Fd()), unix.TCGETS)
	if err != nil {
		k.t.Fatal(err)
	}
	return *state
}

// line is what one ReadLine returned.
type line struct {
	text string
	err  error
}

// ask reads a line while the test types.
func (k *keyboard) ask(terminal Terminal, prompt string, complete Completer) <-chan line {
	answered := make(chan line, 1)
	go func() {
		text, err := terminal.ReadLine(prompt, complete)
		answered <- line{text, err}
	}()
	k.await(prompt)
	return answered
}

func (k *keyboard) want(answered <-chan line, text string, err error) {
	k.t.Helper()
	select {
	case got := <-answered:
		if got.text != text || !errors.Is(got.err, err) {
			k.t.Errorf("%q, %v; want %q, %v", got.text, got.err, text, err)
		}
	case <-time.After(patience):
		k.t.Fatalf("no answer after %q", k.screen())
	}
}

func TestLineEditing(t *testing.T) {
	k := newKeyboard(t)
	before := k.state()
	terminal, restore := NewTerminal(t.Context(), k.tty, k.tty, "xterm")
	if k.state() == before || !terminal.Interactive() {
		t.Error("the terminal is not in raw mode")
	}
	answered := k.ask(terminal, "first: ", nil)
	k.press("aXc\x1b[D\x7fb\r") // left, backspace
	k.want(answered, "abc", nil)
	answered = k.ask(terminal, "empty: ", nil)
	k.press("\t\r")
	k.want(answered, "", nil)
	answered = k.ask(terminal, "again: ", nil)
	k.press("\x1b[A!\r") // the answer before the last: empty ones do not count
	k.want(answered, "abc!", nil)
	terminal.Print("% one\n% two\n")
	k.await("% one\r\n% two\r\n")
	restore()
	if k.state() != before {
		t.Error("the terminal is not as it was")
	}
}

func TestTabOnATerminal(t *testing.T) {
	k := newKeyboard(t)
	terminal, restore := NewTerminal(t.Context(), k.tty, k.tty, "xterm")
	defer restore()
	complete := func(typed string) (string, []string) {
		if typed == "" {
			return "", []string{"  eth1  up", "  wwan0 down"}
		}
		return "eth1", nil
	}
	answered := k.ask(terminal, "interface: ", complete)
	k.press("\t")
	k.await("  eth1  up\r\n  wwan0 down\r\ninterface: ")
	k.press("e\t\r")
	k.want(answered, "eth1", nil)
}

func TestEndOfATerminal(t *testing.T) {
	for _, c := range []struct {
		keys string
		want error
	}{{"\x03", ErrInterrupted}, {"abc\x03", ErrInterrupted}, {"\x1b\x03", ErrInterrupted}, {"abc\x1b[12\x03", ErrInterrupted}, {"\x04", io.EOF}} {
		k := newKeyboard(t)
		terminal, restore := NewTerminal(t.Context(), k.tty, k.tty, "xterm")
		answered := k.ask(terminal, "prompt: ", nil)
		k.press(c.keys)
		k.want(answered, "", c.want)
		restore()
	}
}

// A signal ends the context, and with it the question.
func TestContextEndsAQuestion(t *testing.T) {
	for _, kind := range []string{"xterm", "dumb"} {
		ctx, cancel := context.WithCancel(t.Context())
		k := newKeyboard(t)
		before := k.state()
		terminal, restore := NewTerminal(ctx, k.tty, k.tty, kind)
		answered := k.ask(terminal, "prompt: ", nil)
		cancel()
		k.want(answered, "", ErrInterrupted)
		restore()
		if k.state() != before {
			t.Errorf("%s: the terminal is not as it was", kind)
		}
	}
}

// A dumb terminal is one, but its lines are read as they come.
func TestDumbTerminal(t *testing.T) {
	k := newKeyboard(t)
	before := k.state()
	terminal, restore := NewTerminal(t.Context(), k.tty, k.tty, "dumb")
	defer restore()
	if k.state() != before || !terminal.Interactive() {
		t.Error("it is in raw mode, or not for a person")
	}
	answered := k.ask(terminal, "prompt: ", nil)
	k.press("abc\n")
	k.want(answered, "abc", nil)
}

func TestPlainInput(t *testing.T) {
	var out strings.Builder
	terminal, restore := NewTerminal(t.Context(), strings.NewReader("a\r\n\nlast"), &out, "xterm")
	defer restore()
	for _, want := range []string{"a", "", "last"} {
		if got, err := terminal.ReadLine("p: ", nil); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := terminal.ReadLine("p: ", nil); err != io.EOF || out.String() != "p: p: p: p: \n" || terminal.Interactive() {
		t.Errorf("%v, %q", err, out.String())
	}
	terminal, _ = NewTerminal(t.Context(), strings.NewReader(strings.Repeat("x", 1<<17)), &out, "xterm")
	if _, err := terminal.ReadLine("p: ", nil); err == nil || err.Error() != "a line of the input is too long: nothing was written" {
		t.Errorf("%v", err)
	}
}

// A file or a pipe is read like anything else, and its end is one.
func TestPipe(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := writer.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	terminal, restore := NewTerminal(t.Context(), reader, io.Discard, "xterm")
	defer restore()
	if got, err := terminal.ReadLine("", nil); got != "yes" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := terminal.ReadLine("", nil); err != io.EOF {
		t.Errorf("%v", err)
	}
}
