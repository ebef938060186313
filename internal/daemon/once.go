package daemon

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"runtime/debug"
	"strings"
)

var (
	errEarly = errors.New("it ended by itself")
	errExit  = errors.New("it ended by runtime.Goexit")
)

// once runs job in a goroutine of its own and returns how it ended. A panic is
// an error whose first line names it and whose other lines are the stack.
func once(ctx context.Context, job Job) error {
	ended := make(chan error, 1)
	go func() {
		err := errExit
		defer func() {
			if p := recover(); p != nil {
				err = crash(p)
			}
			ended <- err
		}()
		err = job.Run(ctx)
	}()
	return <-ended
}

// crash is the error for a panic with value p. It is called by the deferred
// function that recovered from it.
func crash(p any) error {
	text := strings.ReplaceAll(fmt.Sprint(p), "\n", " ")
	return fmt.Errorf("panic: %s in %s\n%s", text, culprit(), debug.Stack())
}

// culprit is the name of the function that panicked: the first one below the
// runtime's own.
func culprit() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for panicking := false; ; {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !inRuntime {
			return path.Base(frame.Function)
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown function"
		}
	}
}
