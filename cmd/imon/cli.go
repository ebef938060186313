package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/configure"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

const usage = `usage: imon [run] [--instance NAME | --config FILE] [--nosyslog]
       imon check [--instance NAME | --config FILE]
       imon configure [--help | OPTIONS]
       imon convert --to uci|json [--instance NAME] [--config FILE]
       imon ddns [--instance NAME] [--json] [--once [--config FILE]]
       imon events [--instance NAME] [-f] [--json]
       imon failover [--instance NAME] [UPLINK [--for TIME] | auto]
       imon report [--instance NAME] [--since TIME] [--csv | --json]
       imon status [--instance NAME] [--watch] [--json]
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
  ddns              ask the running imon for the external addresses and what each
                    source has said; with --once print the addresses alone, found
                    out now where no imon runs, a line each: family, uplink,
                    address; exit 1 if one is not known
  events            ask the running imon what has happened; with -f go on with what
                    happens, until Ctrl-C
  failover          ask the running imon which uplink is active, or let it keep
                    to UPLINK (primary, standby, a name or an interface) while
                    that is online; auto leaves the choice to it again
  report            print the outages and the availability of the last 24 hours, 7
                    and 30 days, to be sent to a provider; also where no imon runs
  status            ask all running imons, or one, how things are: each monitor,
                    since when, its figures and the last hour as a picture; with
                    --watch each second; exit 0 if all is online, 3 if not

options:
  --instance NAME   instance name [main]; reads /etc/default/imon-NAME, or if
                    there is none section NAME of /etc/config/imon
  --config FILE     read FILE instead, JSON or UCI
  --to uci|json     what convert prints
  --for TIME        until then only, then auto: 90s, 30m, 2h, 1d
  --since TIME      outages that are not longer ago than that: 12h, 30d [30d]
  --csv             print outages as comma-separated values
  --json            print JSON, of status and events one object a line
  --nosyslog        log to standard output with a timestamp, not to syslog
  --version         print the version and exit
  -h, --help        print this and exit
`

// options are the command line, taken apart.
type options struct {
	command  string // "run", "check", "configure", "convert", "ddns", "events", "failover", "report" or "status"
	instance string
	named    bool   // somebody asked for that instance
	config   string // "" for the instance's own file
	to       string // the format that convert writes: "uci" or "json"
	nosyslog bool
	line     string // the whole command line, for the log

	uplink string        // that failover prefers, "auto", or "" to look only
	period time.Duration // for which it does, 0 until told otherwise

	watch  bool // status goes on
	follow bool // events goes on
	csv    bool // of report
	since  time.Duration

	once bool // ddns prints the addresses alone
	json bool // as JSON

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
	version, err := o.read(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.stdout, usage)
		return o, exitOK, true
	case err != nil:
		return o, misused(e, "imon", err.Error(), usage), true
	case version:
		fmt.Fprintln(e.stdout, build.Version)
		return o, exitOK, true
	}
	return o, exitOK, false
}

// read takes the options and arguments of a command.
func (o *options) read(args []string) (version bool, err error) {
	var period, since string
	f := flag.NewFlagSet("imon", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.instance, "instance", "main", "")
	f.StringVar(&o.config, "config", "", "")
	f.StringVar(&o.to, "to", "", "")
	f.StringVar(&period, "for", "", "")
	f.BoolVar(&o.once, "once", false, "")
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.csv, "csv", false, "")
	f.StringVar(&since, "since", "", "")
	f.BoolVar(&o.watch, "watch", false, "")
	f.BoolVar(&o.follow, "f", false, "")
	f.BoolVar(&o.follow, "follow", false, "")
	f.BoolVar(&o.nosyslog, "nosyslog", false, "")
	f.BoolVar(&version, "version", false, "")
	err = f.Parse(args)
	if err == nil && o.command == "failover" && f.NArg() > 0 {
		if o.uplink = f.Arg(0); o.uplink == "" {
			return version, errors.New("the uplink is empty")
		}
		err = f.Parse(f.Args()[1:])
	}
	f.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" && err == nil { // of a variable that is not set, most likely
			err = fmt.Errorf("--%s is empty", f.Name)
		}
	})
	if err == nil && period != "" {
		o.period, err = socket.ParsePeriod(period)
	}
	if err == nil && since != "" {
		o.since, err = socket.ParsePeriod(since)
	}
	f.Visit(func(f *flag.Flag) { o.named = o.named || f.Name == "instance" })
	if err == nil && !version {
		err = o.wrong(f.Args())
	}
	return version, err
}

// wrong is why the options do not go together; rest are the arguments that nobody took.
func (o *options) wrong(rest []string) error {
	commands := []string{"run", "check", "convert", "ddns", "events", "failover", "report", "status"}
	switch {
	case !slices.Contains(commands, o.command):
		return fmt.Errorf("unknown command %q", o.command)
	case len(rest) > 0 && o.command == "run" && (slices.Contains(commands, rest[0]) || rest[0] == "configure"):
		return fmt.Errorf("the command comes first: imon %s, then the options", rest[0])
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.command == "convert" && o.to != "uci" && o.to != "json":
		return errors.New("convert needs --to uci or --to json")
	case o.command != "convert" && o.to != "":
		return errors.New("--to goes with convert")
	case o.period > 0 && (o.uplink == "" || o.uplink == status.Auto):
		return errors.New("--for goes with failover and an uplink")
	case slices.Contains([]string{"events", "failover", "report", "status"}, o.command) && o.config != "":
		return errors.New(o.command + " takes --instance, not --config")
	case o.command != "ddns" && o.once:
		return errors.New("--once goes with ddns")
	case o.json && !slices.Contains([]string{"ddns", "events", "report", "status"}, o.command):
		return errors.New("--json goes with ddns, events, report and status")
	case o.command != "report" && (o.csv || o.since > 0):
		return errors.New("--csv and --since go with report")
	case o.csv && o.json:
		return errors.New("--csv or --json, not both")
	case o.watch && o.command != "status":
		return errors.New("--watch goes with status")
	case o.follow && o.command != "events":
		return errors.New("-f goes with events")
	case o.command == "ddns" && !o.once && o.config != "":
		return errors.New("--config goes with ddns --once")
	}
	return nil
}

// misused prints why the command line is wrong, then how it should be, in so few lines that the
// first is still to be seen.
func misused(e env, program, why, usage string) int {
	synopsis, _, _ := strings.Cut(usage, "\n\n")
	fmt.Fprintf(e.stderr, "%s: %s\n\n%s\n\n\"%s --help\" tells more.\n", program, why, synopsis, program)
	return exitUsage
}
