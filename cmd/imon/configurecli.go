package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/configure"
)

const configureUsage = `usage: imon-configure [--instance NAME] [--uci | --json] [--recommended]
       imon-configure [--instance NAME] [--uci | --json] [--recommended]
                      --set KEY=VALUE...
       imon-configure --version | --help

imon-configure asks for the settings of an instance of imon and writes its
configuration. An instance that exists is edited: Enter keeps the value in
brackets, - empties it. Where an interface is due, ? or Tab lists those there
are. The same as imon configure.

options:
  --instance NAME   the instance, which is then not asked for; [main] with --set
  --set KEY=VALUE   ask nothing and set KEY, for example updown.enable=true or
                    updown.monitorip=1.1.1.1; may be given several times
  --unset KEY       ask nothing and give KEY its default
  --recommended     where failover is enabled and a setting has its default,
                    propose what is recommended, such as two targets for each
                    network and three rounds to decide; with --set, set it
  --uci             write section NAME of /etc/config/imon (as on OpenWrt unless
                    /etc/default/imon-NAME exists)
  --json            write /etc/default/imon-NAME
  --version         print the version and exit
  -h, --help        print this and exit

The old file is kept beside the new one as .imon-NAME~ (.imon~ for UCI).

exit codes:
  0                 written; or the last question was answered with no, or the
                    settings were there already
  1                 nothing is written: a line that begins with "? " says why
  2                 the command line is wrong
  130               nothing is written: Ctrl-C
`

// parseConfigure takes the command line of configure apart, as parse does.
func parseConfigure(o options, e env, args []string) (options, int, bool) {
	const program = "imon-configure"
	o.command = "configure"
	var version, uci, json bool
	var wrong error
	change := func(c configure.Change, err error) {
		o.request.Changes, wrong = append(o.request.Changes, c), errors.Join(wrong, err)
	}
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.request.Instance, "instance", "", "")
	f.BoolVar(&uci, "uci", false, "")
	f.BoolVar(&json, "json", false, "")
	f.BoolVar(&o.request.Recommended, "recommended", false, "")
	f.BoolVar(&version, "version", false, "")
	f.Func("set", "", func(text string) error { change(configure.ParseChange(text)); return nil })
	f.Func("unset", "", func(key string) error { change(configure.Change{Key: key, Unset: true}, nil); return nil })
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.stdout, configureUsage)
		return o, exitOK, true
	case err != nil:
		return o, misused(e, program, err.Error(), configureUsage), true
	case version:
		fmt.Fprintln(e.stdout, build.Version)
		return o, exitOK, true
	case wrong != nil:
		return o, misused(e, program, wrong.Error(), configureUsage), true
	case f.NArg() > 0:
		return o, misused(e, program, fmt.Sprintf("unexpected argument %q", f.Arg(0)), configureUsage), true
	case uci && json:
		return o, misused(e, program, "--uci and --json exclude each other", configureUsage), true
	case uci:
		o.request.Format = configure.UCI
	case json:
		o.request.Format = configure.JSON
	}
	return o, exitOK, false
}
