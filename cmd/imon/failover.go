package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// askFailover asks the running imon how failover stands, or lets it prefer an uplink.
func askFailover(ctx context.Context, o options, e env) int {
	if _, err := config.Path(o.instance); err != nil {
		return refuse(e, nil, err)
	}
	path := e.socket(o.instance)
	client := socket.NewClient(path)
	document, err := client.Status(ctx, "")
	f := document.Failover()
	if err == nil && f == nil {
		err = socket.ErrOff
	}
	var p status.Preference
	if err == nil && o.uplink != "" {
		p, err = client.Failover(ctx, o.uplink, o.period)
	}
	switch {
	case err != nil:
		return refuse(e, nil, errors.New(unreached(o, path, err)))
	case o.uplink != "":
		fmt.Fprintln(e.stdout, promise(*f, p))
	default:
		fmt.Fprint(e.stdout, standing(*f))
	}
	return exitOK
}

// unreached is why nobody answered, or the refusal, as a sentence.
func unreached(o options, path string, err error) string {
	switch {
	case path == "":
		return directoryVariable + " is empty: imon has no socket, and cannot be asked"
	case errors.Is(err, fs.ErrPermission):
		return "Only root may ask imon: sudo " + o.line
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("imon does not run as instance '%s': nobody listens on %s%s", o.instance, path, others(path))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("imon does not answer on %s", path)
	}
	return fmt.Sprintf("Instance '%s': %v", o.instance, err)
}

// others names the other instances that have, or had, a socket beside path.
func others(path string) string {
	own := strings.TrimSuffix(filepath.Base(path), ".sock")
	names := slices.DeleteFunc(instances(filepath.Dir(path)), func(name string) bool { return name == own })
	if len(names) == 0 {
		return ""
	}
	return "; there is --instance " + strings.Join(names, ", ")
}

// instances are those that have, or had, a socket in a directory, in the order of their names.
func instances(directory string) (names []string) {
	files, _ := os.ReadDir(directory) // none where there is no such directory
	for _, f := range files {
		if name, is := strings.CutSuffix(f.Name(), ".sock"); is {
			names = append(names, name)
		}
	}
	return names
}

// promise says what will be done about a preference.
func promise(f status.Failover, p status.Preference) string {
	if p.Forced == status.Auto {
		return "imon decides by itself again"
	}
	text := "imon keeps to " + named(f, p.Forced) + lasting(" for ", p.Seconds)
	if p.Note != "" {
		text += "\n" + p.Note
	}
	return text
}
