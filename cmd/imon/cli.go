package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/configure"
)

const usage = `usage: imon [run] [--instance NAME | --config FILE] [--nosyslog]
       imon check [--instance NAME | --config FILE]
       imon configure [--help | OPTIONS]
       imon convert --to uci|json [--instance NAME] [--config FILE]
       imon --version | --help

imon watches the way to the internet and keeps it open: four monitors (ddns,
updown, failover, ping) in one process.

commands:
  run               run the monitors until SIGINT or SIGTERM (the default);
                    SIGHUP reads the configuration again
  check             read the configuration, look at this machine, change nothing;
                    exit 0 if the configuration is valid, 1 if not
  configure         ask for the settings of an instance and write its
                    configuration; the same as imon-configure
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
	command  string // "run", "check", "configure" or "convert"
	instance string
	config   string // "" for the instance's own file
	to       string // the format that convert writes: "uci" or "json"
	nosyslog bool
	line     string // the whole command line, for the log

	request configure.Request // of configure
}

// parse takes the command line apart. When done is true there is nothing more
// to do than to exit with code.
func parse(e env) (o options, code int, done bool) {
	o = options{command: "run", line: strings.Join(e.args, " ")}
	args := e.args[1:]
	if filepath.Base(e.args[0]) == "imon-configure" {
		return parseConfigure(o, e, args)
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.command, args = args[0], args[1:]
	}
	if o.command == "configure" {
		return parseConfigure(o, e, args)
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
		return o, misused(e, "imon", err.Error(), usage), true
	case version:
		fmt.Fprintln(e.stdout, build.Version)
		return o, exitOK, true
	case o.command != "run" && o.command != "check" && o.command != "convert":
		return o, misused(e, "imon", fmt.Sprintf("unknown command %q", o.command), usage), true
	case f.NArg() > 0:
		return o, misused(e, "imon", fmt.Sprintf("unexpected argument %q", f.Arg(0)), usage), true
	case o.command == "convert" && o.to != "uci" && o.to != "json":
		return o, misused(e, "imon", "convert needs --to uci or --to json", usage), true
	case o.command != "convert" && o.to != "":
		return o, misused(e, "imon", "--to goes with convert", usage), true
	}
	return o, exitOK, false
}

// misused prints why the command line is wrong, then how it should be.
func misused(e env, program, why, usage string) int {
	fmt.Fprintf(e.stderr, "%s: %s\n\n%s", program, why, usage)
	return exitUsage
}
