package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/socket"
)

// look is how often imon status --watch asks.
const look = time.Second

// askStatus prints how the running imons are: of all instances, or of one.
func askStatus(ctx context.Context, o options, e env) int {
	if _, err := config.Path(o.instance); err != nil {
		return refuse(e, nil, err)
	}
	code := exitOK
	s := e.screen()
	for first := true; ; first = false {
		var text bytes.Buffer
		code = e.glance(ctx, o, s, &text)
		switch {
		case !o.watch:
		case s.terminal:
			fmt.Fprint(e.stdout, "\x1b[H\x1b[2J")
		case !first:
			fmt.Fprintln(e.stdout)
		}
		_, err := e.stdout.Write(text.Bytes())
		if !o.watch || err != nil {
			return code
		}
		select {
		case <-ctx.Done():
			return exitOK
		case <-time.After(look):
		}
	}
}

// glance writes the state of each instance; the code is [exitOffline] when one is offline
// somewhere, and [exitFault] when one that was asked for does not answer.
func (e env) glance(ctx context.Context, o options, s screen, to *bytes.Buffer) int {
	code, silent := exitOK, error(nil)
	for _, instance := range e.wanted(o) {
		path, one := e.socket(instance), o
		one.instance = instance
		client := socket.NewClient(path)
		d, err := client.Status(ctx, "")
		switch {
		case errors.Is(err, syscall.ECONNREFUSED) && !o.named: // one that was killed has left its socket
			silent = err
			continue
		case err != nil:
			code = refuse(e, nil, errors.New(unreached(one, path, err)))
			continue
		case code == exitOK && d.Offline():
			code = exitOffline
		}
		if o.json {
			text, _ := d.JSON() // of strings and numbers: it always works
			fmt.Fprintf(to, "%s\n", text)
			continue
		}
		past, err := client.History(ctx, history.Query{Since: time.Hour})
		if err != nil {
			past = history.Document{} // the state is worth more than its picture
		}
		if to.Len() > 0 {
			fmt.Fprintln(to)
		}
		to.WriteString(s.state(d, past))
	}
	if silent != nil && to.Len() == 0 && code == exitOK { // nobody else is there
		return refuse(e, nil, errors.New(unreached(o, e.socket(o.instance), silent)))
	}
	return code
}

// wanted are the instances that have a socket, main first, or the one that was asked for.
// Without any it is main, of which the client then says that it does not run.
func (e env) wanted(o options) []string {
	path := e.socket(o.instance)
	if o.named || path == "" {
		return []string{o.instance}
	}
	names := instances(filepath.Dir(path))
	if i := slices.Index(names, o.instance); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, o.instance)
	}
	if len(names) == 0 {
		names = []string{o.instance}
	}
	return names
}

// screen is where the state is shown.
type screen struct {
	terminal bool // with colours
	ascii    bool // without blocks
}

// screen returns what standard output is. Colours are for terminals whose user does not
// mind (no-color.org), and blocks unless the locale says that there are none.
func (e env) screen() screen {
	s := screen{}
	out := e.stdout
	if p, is := out.(*printed); is {
		out = p.Writer
	}
	if f, is := out.(*os.File); is {
		_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		s.terminal = err == nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(os.Getenv(name)); locale != "" {
			s.ascii = !strings.Contains(locale, "utf")
			break
		}
	}
	return s
}
