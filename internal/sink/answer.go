package sink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// mostAnswer is how much of what a program prints is read, in bytes.
const mostAnswer = 1 << 10

// Answer runs the program at path, without arguments and with env beside the
// environment of the process, and returns what it prints. It is here because here
// is where programs are run: by argv, in a process group of its own, which is ended
// after the time-out. The error says what went wrong, and does not name the program.
func Answer(ctx context.Context, path string, env []string, timeout time.Duration) (string, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, path)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isManagers), env...)
	cmd.Dir = "/"
	out := &first{most: mostAnswer}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = lastGrace // for children that keep the output open
	err := cmd.Run()
	var errno syscall.Errno
	switch {
	case limited.Err() != nil && ctx.Err() == nil:
		return "", fmt.Errorf("timed out after %v", timeout)
	case errors.As(err, &errno):
		return "", unstarted(path, err)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", err
	case out.more:
		return "", fmt.Errorf("it prints more than %d bytes", mostAnswer)
	}
	return string(out.text), nil
}

// first keeps the first bytes of what is written, and knows whether there were more.
type first struct {
	text []byte
	most int
	more bool
}

// Write takes everything.
func (f *first) Write(b []byte) (int, error) {
	room := min(f.most-len(f.text), len(b))
	f.more = f.more || room < len(b)
	f.text = append(f.text, b[:room]...)
	return len(b), nil
}
