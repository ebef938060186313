package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	killAfter = 5 * time.Second // from SIGTERM to SIGKILL after a time-out

	lastWait     = time.Second            // for a script that runs when imon ends
	lastGrace    = 300 * time.Millisecond // from SIGTERM to SIGKILL then
	afterKill    = 100 * time.Millisecond // for the kernel to end what was killed
	pollInterval = 20 * time.Millisecond  // between looks at a process group
)

// call is one run of the action script.
type call struct {
	path    string // absolute
	args    []string
	env     []string // beside the environment of the process
	timeout time.Duration
	grace   time.Duration // from SIGTERM to SIGKILL after the time-out
}

// process is a script that runs in a process group of its own.
type process struct {
	group int
	done  chan struct{} // closed when the script has ended
	err   error         // how it ended, once done is closed
}

// run runs the script and returns how it failed: it cannot be started, it
// returned something else than 0, a signal ended it, or it took too long. After
// a time-out, or a second after ctx has ended, the whole process group gets
// SIGTERM and some time later SIGKILL. What a script that ended by itself left
// running in the background is its own business.
func run(ctx context.Context, c call) error {
	p, err := start(c)
	if err != nil {
		return err
	}
	limit := time.NewTimer(c.timeout)
	defer limit.Stop()
	select {
	case <-p.done:
		return p.err
	case <-limit.C:
		p.end(ctx, c.grace)
		return fmt.Errorf("timed out after %v", c.timeout)
	case <-ctx.Done():
	}
	select {
	case <-p.done:
		return p.err
	case <-time.After(lastWait):
		p.end(ctx, lastGrace)
		return errors.New("stopped because imon ended")
	}
}

// start starts the script. A file without "#!" is left to /bin/sh, as
// execvp(3) does it and as the shell did that ran such scripts before.
func start(c call) (*process, error) {
	cmd := command(c.path, c)
	err := cmd.Start()
	if errors.Is(err, syscall.ENOEXEC) {
		c.args = append([]string{c.path}, c.args...)
		cmd = command("/bin/sh", c)
		err = cmd.Start()
	}
	if err != nil {
		return nil, unstarted(c.path, err)
	}
	p := &process{group: cmd.Process.Pid, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// unstarted says why the script at path cannot be started. The kernel's word for an
// interpreter that is not there is that of a script that is not.
func unstarted(path string, err error) error {
	if name := interpreter(path); name != "" && errors.Is(err, syscall.ENOENT) {
		return fmt.Errorf("cannot start: its first line names %q, which is not there", name)
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		err = errno
	}
	return fmt.Errorf("cannot start: %w", err)
}

// interpreter is the program that the first line of a script names, "" for none. A
// carriage return at the end of the line is part of it, as for the kernel.
func interpreter(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	head, _ := io.ReadAll(io.LimitReader(file, 256))
	line, _, _ := strings.Cut(string(head), "\n")
	rest, found := strings.CutPrefix(line, "#!")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(strings.Trim(rest, " \t"), " ")
	return name
}

// command is path with c's arguments, environment and surroundings. Its output
// is the process's own, as files: a child in the background that keeps them
// open keeps nobody waiting.
func command(path string, c call) *exec.Cmd {
	cmd := exec.Command(path, c.args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isManagers), c.env...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// isManagers reports whether a variable is meant for imon alone: by it the service
// manager tells where to answer, see sd_notify(3).
func isManagers(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return name == "NOTIFY_SOCKET" || name == "WATCHDOG_USEC" || name == "WATCHDOG_PID"
}

// end ends the process group: SIGTERM, up to grace for all of it to go, SIGKILL.
func (p *process) end(ctx context.Context, grace time.Duration) {
	p.signal(syscall.SIGTERM)
	if p.gone(ctx, grace) {
		return
	}
	p.signal(syscall.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(afterKill): // it hangs in the kernel: nothing can be done
	}
}

// gone waits until nothing is left of the group, no longer than grace and no
// longer than lastGrace after the end of ctx.
func (p *process) gone(ctx context.Context, grace time.Duration) bool {
	limit, ended := time.After(grace), ctx.Done()
	for !errors.Is(p.signal(0), syscall.ESRCH) {
		select {
		case <-time.After(pollInterval):
		case <-limit:
			return false
		case <-ended:
			limit, ended = time.After(lastGrace), nil
		}
	}
	return true
}

// signal sends sig to all processes of the group. The group's number cannot
// mean another group while one of its processes is left, and the kernel hands
// out numbers in turn, so that it does not soon afterwards.
func (p *process) signal(sig syscall.Signal) error {
	return syscall.Kill(-p.group, sig)
}
