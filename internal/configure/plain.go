package configure

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// NewTerminal returns where to ask, and what puts everything back as it was: call
// it on each way out. Where in and out are one terminal's, of a kind (TERM) that is
// not dumb, lines can be edited; it is in raw mode until it is put back. Anywhere
// else lines are read as they come. ReadLine ends with ErrInterrupted when ctx does.
func NewTerminal(ctx context.Context, in io.Reader, out io.Writer, kind string) (Terminal, func()) {
	input, isFile := in.(*os.File)
	if !isFile {
		return newPlain(in, out, false), func() {}
	}
	reader, stop := interruptible(ctx, input)
	output, isFile := out.(*os.File)
	person := isFile && term.IsTerminal(int(input.Fd())) && term.IsTerminal(int(output.Fd()))
	if !person || kind == "" || kind == "dumb" {
		return newPlain(reader, out, person), stop
	}
	state, err := term.MakeRaw(int(input.Fd()))
	if err != nil {
		return newPlain(reader, out, person), stop
	}
	return newEditor(reader, output), func() {
		_ = term.Restore(int(input.Fd()), state)
		stop()
	}
}

// plain reads lines as they come.
type plain struct {
	lines  *bufio.Scanner
	out    io.Writer
	person bool
}

func newPlain(in io.Reader, out io.Writer, person bool) *plain {
	return &plain{lines: bufio.NewScanner(in), out: out, person: person}
}

func (p *plain) ReadLine(prompt string, _ Completer) (string, error) {
	p.Print(prompt)
	if p.lines.Scan() {
		return p.lines.Text(), nil
	}
	p.Print("\n")
	switch err := p.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return "", errors.New("a line of the input is too long: nothing was written")
	case err != nil:
		return "", err
	}
	return "", io.EOF
}

func (p *plain) Print(text string) { _, _ = io.WriteString(p.out, text) }

func (p *plain) Interactive() bool { return p.person }

// waiting is a file whose Read ends with ErrInterrupted when its context does.
type waiting struct {
	file *os.File
	end  *os.File // readable once the context has ended
}

// interruptible returns in as a reader that ctx interrupts, and what to call when it
// is not read any more.
func interruptible(ctx context.Context, in *os.File) (io.Reader, func()) {
	end, closer, err := os.Pipe()
	if err != nil {
		return in, func() {}
	}
	stop := context.AfterFunc(ctx, func() { _ = closer.Close() })
	return waiting{in, end}, func() {
		if stop() {
			_ = closer.Close()
		}
		_ = end.Close()
	}
}

// Read waits for input or the end of the context.
func (w waiting) Read(p []byte) (int, error) {
	fds := []unix.PollFd{
		{Fd: int32(w.file.Fd()), Events: unix.POLLIN},
		{Fd: int32(w.end.Fd()), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case fds[1].Revents != 0:
			return 0, ErrInterrupted
		default:
			return w.file.Read(p)
		}
	}
}
