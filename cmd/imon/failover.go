package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	files, _ := os.ReadDir(filepath.Dir(path)) // none where there is no such directory
	var names []string
	for _, f := range files {
		if name, is := strings.CutSuffix(f.Name(), ".sock"); is && f.Name() != filepath.Base(path) {
			names = append(names, name)
		}
	}
	if names == nil {
		return ""
	}
	return "; there is --instance " + strings.Join(names, ", ")
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
