package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ejgeiger/imon/internal/build"
)

const usage = `usage: imon [run] [--instance NAME | --config FILE] [--nosyslog]
       imon check [--instance NAME | --config FILE]
       imon convert --to uci|json [--instance NAME] [--config FILE]
       imon --version | --help

imon watches the way to the internet and keeps it open: four monitors (ddns,
updown, failover, ping) in one process.

commands:
  run               run the monitors until SIGINT or SIGTERM (the default);
                    SIGHUP reads the configuration again
  check             read the configuration, look at this machine, change nothing;
                    exit 0 if the configuration is valid, 1 if not
  convert           print the configuration in the other format

options:
  --instance NAME   instance name [main]; reads /etc/default/imon-NAME, or if
                    there is none section NAME of /etc/config/imon
  --config FILE     read FILE instead, JSON or UCI
  --to uci|json     what convert prints
  --nosyslog        log to standard output with a timestamp, not to syslog
  --version         print the version and exit
  -h, --help        print this and exit
`

// options are the command line, taken apart.
type options struct {
	command  string // "run", "check" or "convert"
	instance string
	config   string // "" for the instance's own file
	to       string // the format that convert writes: "uci" or "json"
	nosyslog bool
	line     string // the whole command line, for the log
}

// parse takes the command line apart. When done is true there is nothing more
// to do than to exit with code.
func parse(e env) (o options, code int, done bool) {
	o = options{command: "run", line: strings.Join(e.args, " ")}
	args := e.args[1:]
	if filepath.Base(e.args[0]) == "imon-configure" { // as which it must never start a daemon
		fmt.Fprintln(e.stderr, "? imon-configure does not ask questions yet: write /etc/default/imon-main by hand, see imon.conf(5), then run imon check")
		return o, exitFault, true
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.command, args = args[0], args[1:]
	}
	var version bool
	f := flag.NewFlagSet("imon", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.instance, "instance", "main", "")
	f.StringVar(&o.config, "config", "", "")
	f.StringVar(&o.to, "to", "", "")
	f.BoolVar(&o.nosyslog, "nosyslog", false, "")
	f.BoolVar(&version, "version", false, "")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.stdout, usage)
		return o, exitOK, true
	case err != nil:
		return o, misused(e, err.Error()), true
	case version:
		fmt.Fprintln(e.stdout, build.Version)
		return o, exitOK, true
	case o.command != "run" && o.command != "check" && o.command != "convert":
		return o, misused(e, fmt.Sprintf("unknown command %q", o.command)), true
	case f.NArg() > 0:
		return o, misused(e, fmt.Sprintf("unexpected argument %q", f.Arg(0))), true
	case o.command == "convert" && o.to != "uci" && o.to != "json":
		return o, misused(e, "convert needs --to uci or --to json"), true
	case o.command != "convert" && o.to != "":
		return o, misused(e, "--to goes with convert"), true
	}
	return o, exitOK, false
}

// misused prints why the command line is wrong, then how it should be.
func misused(e env, why string) int {
	fmt.Fprintf(e.stderr, "imon: %s\n\n%s", why, usage)
	return exitUsage
}
