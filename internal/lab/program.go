package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Program is a running program of the lab, and every line that it printed.
type Program struct {
	cmd  *exec.Cmd
	told func(Line)
	done chan struct{} // closed when the process has ended

	mu    sync.Mutex
	lines []Line
	more  chan struct{} // closed and made anew when a line arrives
}

// Line is one line of output with the time at which it arrived.
type Line struct {
	At    time.Time
	Text  string // without line feed
	Error bool   // from standard error
}

// Imon starts an imon in the router on the given configuration, with
// --nosyslog, --config and then args. It is killed when the lab closes.
func (l *Lab) Imon(ctx context.Context, binary string, config []byte, args ...string) (*Program, error) {
	return l.ImonTelling(ctx, nil, binary, config, args...)
}

// ImonTelling is [Lab.Imon] with told called for each line as it arrives.
func (l *Lab) ImonTelling(ctx context.Context, told func(Line), binary string, config []byte, args ...string) (*Program, error) {
	dir, err := os.MkdirTemp(l.dir, "imon-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "imon-lab")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return nil, err
	}
	return l.Start(ctx, l.Router, told, binary, append([]string{"--nosyslog", "--config", file}, args...)...)
}

// Start starts a program in a namespace of the lab. told, which may be nil, is
// called with each line as it arrives. When ctx ends or the lab closes, the
// program is killed, and so are its children.
func (l *Lab) Start(ctx context.Context, ns *NS, told func(Line), name string, args ...string) (*Program, error) {
	p := &Program{cmd: ns.Command(ctx, name, args...), told: told, done: make(chan struct{}), more: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Env = append(p.cmd.Environ(), "IMON_SOCKET_DIR="+l.dir, "IMON_STATE_DIR="+l.dir) // not where the machine's own imon has them
	p.cmd.Cancel = func() error { return p.Signal(syscall.SIGKILL) }
	outputs, err := p.outputs()
	if err != nil {
		return nil, err
	}
	err = p.cmd.Start()
	p.cmd.Stdout.(*os.File).Close()
	p.cmd.Stderr.(*os.File).Close()
	if err != nil {
		closeAll(outputs)
		return nil, fmt.Errorf("cannot start %q: %w", name, err)
	}
	l.atClose(func() error { return p.end(ns, outputs) })
	l.wg.Go(p.wait)
	l.wg.Go(func() { p.read(outputs[0], false) })
	l.wg.Go(func() { p.read(outputs[1], true) })
	return p, nil
}

// outputs makes the pipes for the program's output and returns their read ends.
func (p *Program) outputs() ([]*os.File, error) {
	out, outW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	complaints, complaintsW, err := os.Pipe()
	if err != nil {
		closeAll([]*os.File{out, outW})
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = outW, complaintsW
	return []*os.File{out, complaints}, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// end kills what runs in the namespace and stops to read.
func (p *Program) end(ns *NS, outputs []*os.File) error {
	p.Signal(syscall.SIGKILL)
	<-p.done
	var err error
	if id, there := identify(ns.path()); there {
		err = id.killAll() // its children
	}
	closeAll(outputs)
	return err
}

func (p *Program) wait() {
	p.cmd.Wait() // the exit code is read from the process state
	close(p.done)
}

func (p *Program) read(from *os.File, isError bool) {
	scanner := bufio.NewScanner(from)
	for scanner.Scan() {
		p.add(Line{time.Now(), scanner.Text(), isError})
	}
}

func (p *Program) add(line Line) {
	p.mu.Lock()
	p.lines = append(p.lines, line)
	close(p.more)
	p.more = make(chan struct{})
	p.mu.Unlock()
	if p.told != nil {
		p.told(line)
	}
}

// Lines are the lines printed so far.
func (p *Program) Lines() []Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

// Text is all that was printed so far, for the message of a failed test.
func (p *Program) Text() string {
	var b strings.Builder
	for _, line := range p.Lines() {
		b.WriteString(line.Text + "\n")
	}
	return b.String()
}

// Await waits until a line that arrived after from contains text, and returns
// it. With the zero time every line counts. It gives up when ctx ends.
func (p *Program) Await(ctx context.Context, from time.Time, text string) (Line, error) {
	for {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for _, line := range lines {
			if line.At.After(from) && strings.Contains(line.Text, text) {
				return line, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Line{}, fmt.Errorf("cannot find line %q: %w", text, ctx.Err())
		}
	}
}

// Pid is the process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the process, not to its children.
func (p *Program) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Ended reports whether the process has ended.
func (p *Program) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits until the process has ended and returns its exit code, -1 when a
// signal ended it.
func (p *Program) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("cannot wait for process %d: %w", p.Pid(), ctx.Err())
	}
}
