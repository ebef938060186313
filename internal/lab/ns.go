package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Where ip-netns(8) keeps the names of namespaces, and the files that it binds
// over those of /etc for a program that it starts in one.
const (
	runNetns = "/run/netns"
	etcNetns = "/etc/netns"
)

// NS is one network namespace of the lab.
type NS struct{ name string }

// Name is the name of the namespace as ip-netns(8) knows it.
func (n *NS) Name() string { return n.name }

func (n *NS) path() string { return filepath.Join(runNetns, n.name) }

// Command is a program to be started in the namespace. In the router and on
// the LAN host it sees an /etc/resolv.conf with the lab's name servers.
func (n *NS) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.name, name}, args...)...)
}

// Run runs ip(8) in the namespace and returns what it printed.
func (n *NS) Run(args ...string) (string, error) {
	return run(exec.Command("ip", append([]string{"-n", n.name}, args...)...))
}

// Do calls f on a thread that is in the namespace. A socket that f makes stays
// in the namespace for good; a goroutine that f starts is outside of it.
func (n *NS) Do(f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("cannot open this thread's namespace: %w", err)
	}
	defer home.Close()
	if err := enter(n.path()); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer leave(home)
	return f()
}

// enter moves this thread into the namespace at path.
func enter(path string) error {
	target, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot open namespace: %w", err)
	}
	defer target.Close()
	if err := unix.Setns(int(target.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("cannot enter namespace %q: %w", path, err)
	}
	return nil
}

// leave moves this thread back home. If it cannot, the thread stays locked and
// ends with its goroutine.
func leave(home *os.File) {
	if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
}

// batch runs lines of ip(8) commands in the namespace, stopping at the first
// one that fails.
func (n *NS) batch(lines string) error { return n.feed(lines, "ip", "-batch", "-") }

// nft applies a ruleset in the namespace, all or nothing.
func (n *NS) nft(rules string) error { return n.feed(rules, "nft", "-f", "-") }

// feed runs a program in the namespace with the given standard input.
func (n *NS) feed(input, name string, args ...string) error {
	return n.Do(func() error {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(input)
		_, err := run(cmd)
		return err
	})
}

// sysctl writes value to each file of /proc/sys/net that matches the pattern.
func (n *NS) sysctl(pattern, value string) error {
	return n.Do(func() error {
		files, err := filepath.Glob("/proc/sys/net/" + pattern)
		if err != nil || len(files) == 0 {
			return fmt.Errorf("cannot find kernel setting %q: %w", pattern, os.ErrNotExist)
		}
		for _, file := range files {
			if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// run runs cmd; its error has what the command said on standard error.
func run(cmd *exec.Cmd) (string, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("cannot run %q: %w: %s", strings.Join(cmd.Args, " "), err,
			strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}

// host runs lines of ip(8) commands outside of the namespaces.
func host(lines string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(lines)
	_, err := run(cmd)
	return err
}
