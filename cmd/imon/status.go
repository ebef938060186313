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
	code := exitOK
	for i, instance := range e.running(o) {
		path, one := e.socket(instance), o
		one.instance = instance
		client := socket.NewClient(path)
		d, err := client.Status(ctx, "")
		if err != nil {
			refuse(e, nil, errors.New(unreached(one, path, err)))
			code = exitFault
			continue
		}
		if code == exitOK && d.Offline() {
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
		if i > 0 {
			fmt.Fprintln(to)
		}
		to.WriteString(s.state(d, past))
	}
	return code
}

// running are the instances that have a socket, main first, or the one that was asked for.
// Without any it is main, of which the client then says that it does not run.
func (e env) running(o options) []string {
	if o.named {
		return []string{o.instance}
	}
	var names []string
	if path := e.socket("x"); path != "" {
		files, _ := os.ReadDir(filepath.Dir(path)) // none where there is no such directory
		for _, f := range files {
			if name, is := strings.CutSuffix(f.Name(), ".sock"); is && alive(filepath.Join(filepath.Dir(path), f.Name())) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return []string{o.instance}
	}
	if i := slices.Index(names, "main"); i > 0 { // ReadDir has sorted them
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "main")
	}
	return names
}

// alive reports whether an imon, or something that may not be asked, is behind a socket:
// what one that was killed has left is not worth a word.
func alive(path string) bool {
	_, err := socket.NewClient(path).Status(context.Background(), "")
	return err == nil || !errors.Is(err, unix.ECONNREFUSED)
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
	if f, is := e.stdout.(*os.File); is {
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
