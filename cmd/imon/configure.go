package main

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/configure"
	"github.com/ejgeiger/imon/internal/store"
)

// configureInstance asks for the settings of an instance, or sets some without
// asking, and says how the service is started with them.
func configureInstance(ctx context.Context, o options, e env) int {
	names, end := lookUp(ctx, e)
	defer end()
	kind := os.Getenv("TERM")
	if len(o.request.Changes) > 0 {
		kind = "" // nothing is asked
	}
	terminal, restore := configure.NewTerminal(ctx, e.stdin, e.stdout, kind)
	defer restore()
	s := configure.Session{
		Terminal: terminal, Machine: machine{e.fs, names}, Files: files{e.fs},
		Version: build.Version, Now: time.Now,
	}
	o.request.OpenWrt = e.isOpenWrt()
	done, err := s.Run(ctx, o.request)
	if err != nil {
		restore()
		return refuseChange(e, err)
	}
	o.instance = done.Place.Instance
	wanted := false
	if done.Written && len(o.request.Changes) == 0 {
		wanted = offerCheck(&s)
	}
	restore()
	if wanted {
		check(ctx, o, e)
	}
	switch {
	case len(o.request.Changes) > 0 && !done.Enabled:
		fmt.Fprintf(e.stderr, "%% Instance '%s' is not enabled: uci set imon.%s.enabled=1; uci commit imon\n", o.instance, o.instance)
	case done.Written && len(o.request.Changes) == 0:
		fmt.Fprint(e.stdout, e.howToStart(done.Place))
	}
	return exitOK
}

// refuseChange prints why nothing was written, and returns the exit code.
func refuseChange(e env, err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(e.stderr, "? "+line)
	}
	if errors.Is(err, configure.ErrInterrupted) {
		return exitInterrupted
	}
	return exitFault
}

// offerCheck asks a person whether to run imon check.
func offerCheck(s *configure.Session) bool {
	if !s.Interactive() {
		return false
	}
	yes, err := s.Yes("Run 'imon check' now? [Y/n]: ", true)
	return yes && err == nil
}

// isOpenWrt reports whether this machine keeps its configurations in UCI.
func (e env) isOpenWrt() bool { return e.exists("/etc/openwrt_release") || e.exists(config.UCIPath) }

func (e env) exists(path string) bool {
	_, err := e.fs.Stat(path)
	return err == nil
}

// howToStart are the commands that try an instance out and start its service, or
// have a service that runs take the new settings over.
func (e env) howToStart(p config.Place) string {
	try, start := "imon --instance "+p.Instance+" --nosyslog", "systemctl enable --now imon@"+p.Instance
	switch {
	case e.isOpenWrt() && p.UCI:
		start = "service imon reload"
	case e.isOpenWrt():
		start = fmt.Sprintf("uci set imon.%s=instance; uci set imon.%s.enabled=1; uci commit imon; service imon reload", p.Instance, p.Instance)
	case e.unitRuns(p.Instance):
		return "The service runs. This lets it take the new settings over:\n    sudo systemctl reload imon@" + p.Instance + "\n"
	default:
		try, start = "sudo "+try, "sudo "+start
	}
	return "Try it on the terminal, Ctrl-C ends it; then start the service:\n    " + try + "\n    " + start + "\n"
}

// unitRuns reports whether systemd runs the instance: its processes are in a control
// group of that name (systemd.slice(5)).
func (e env) unitRuns(instance string) bool {
	group := "/system.slice/system-imon.slice/imon@" + instance + ".service/cgroup.procs"
	return e.exists("/sys/fs/cgroup"+group) || e.exists("/sys/fs/cgroup/systemd"+group)
}

// files is the file system as configure needs it.
type files struct{ fs afero.Fs }

func (f files) Read(path string) ([]byte, error) {
	return config.ReadText(f.fs, path)
}

func (f files) Writable(path string) error { return store.Writable(f.fs, path) }

func (f files) Replace(path string, text []byte, mode iofs.FileMode) (string, error) {
	return store.Replace(f.fs, path, text, mode)
}
