// Command imon watches a home's or small office's way to the internet and
// keeps it open.
//
// Without a subcommand it runs the monitors of one instance; see usage for the
// others. Each command is one small file here: flags, load, wire, run, exit
// code. What the program does lives in the packages below internal.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/afero"
	"golang.org/x/sys/unix"
)

// env is what a command gets from the outside, so that tests can run commands
// in process.
type env struct {
	args   []string         // as in os.Args
	fs     afero.Fs         // where configurations are
	stdin  io.Reader        // answers
	stdout io.Writer        // log lines with --nosyslog, what was asked for
	stderr io.Writer        // faults and usage
	reload <-chan os.Signal // SIGHUP
}

// endLimit is when the process ends after SIGTERM or SIGINT, whatever hangs: a
// standard error that nobody reads, a configuration on a dead file server.
const endLimit = 1900 * time.Millisecond

func main() {
	economize(os.Getenv)
	end := ending()
	ctx, stop := signal.NotifyContext(context.Background(), end...)
	defer stop()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(endLimit, func() { os.Exit(exitOK) })
	})
	reload := make(chan os.Signal, 1)
	if !slices.Contains(end, os.Signal(syscall.SIGHUP)) {
		signal.Notify(reload, syscall.SIGHUP)
	}
	// Somebody listens, so a reader of standard output that goes away is an error
	// of a write and not the end of failover; actions start with the default.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(ctx, env{os.Args, afero.NewOsFs(), os.Stdin, os.Stdout, os.Stderr, reload}))
}

// ending are the signals that end the process. On a terminal SIGHUP is one of
// them, because it says that the terminal is gone (termios(3)); elsewhere it asks
// for a reload.
func ending() []os.Signal {
	end := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if _, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS); err == nil {
		end = append(end, syscall.SIGHUP)
	}
	return end
}

// Exit codes of every command.
const (
	exitOK          = 0
	exitFault       = 1   // a sentence that begins with "? " is on stderr
	exitOffline     = 3   // of imon status: something is offline
	exitUsage       = 2   // the command line is wrong: usage is on stderr
	exitInterrupted = 130 // Ctrl-C, or a signal, in the middle of a dialogue
)

// run carries out the command line and returns the exit code.
func run(ctx context.Context, e env) int {
	o, code, done := parse(e)
	if done {
		return code
	}
	switch o.command {
	case "configure":
		return configureInstance(ctx, o, e)
	case "run":
		return daemonize(ctx, o, e)
	}
	p := &printed{Writer: e.stdout}
	e.stdout = p
	code = answer(ctx, o, e)
	if p.failed != nil && !errors.Is(p.failed, syscall.EPIPE) { // who has read enough is content
		return refuse(e, nil, p.failed)
	}
	return code
}

// answer carries out a command that prints something and ends.
func answer(ctx context.Context, o options, e env) int {
	switch o.command {
	case "check":
		return check(ctx, o, e)
	case "convert":
		return convert(o, e)
	case "ddns":
		return askDDNS(ctx, o, e)
	case "events":
		return askEvents(ctx, o, e)
	case "failover":
		return askFailover(ctx, o, e)
	case "report":
		return report(ctx, o, e)
	default:
		return askStatus(ctx, o, e)
	}
}

// printed is standard output that remembers that something could not be written: what is
// not there must not look like an answer.
type printed struct {
	io.Writer
	failed error // the first one
}

func (p *printed) Write(text []byte) (int, error) {
	n, err := p.Writer.Write(text)
	if p.failed == nil {
		p.failed = err
	}
	return n, err
}
