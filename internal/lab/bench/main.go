// Command bench measures what the LAN notices of a fault when imon keeps the
// default route, and what it notices when other programs do: the same faults in
// the same lab of network namespaces, in one run. docs/bench.md says how to
// read what it prints.
//
// It needs root and leaves nothing behind. Peers that are not installed are
// named as absent. Nothing it measures makes it fail.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == reflexCommand {
		os.Exit(reflexMain(os.Args[2:]))
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	imon    string        // the program
	dpinger string        // the program
	conf    string        // directory of the contenders' configurations
	rounds  int           // of each contender with each fault
	every   time.Duration // between two packets of the stream
	peers   string        // which contenders: names or beginnings of names
	faults  string        // which faults: letters
	all     bool          // an absent peer is an error
	snat    bool          // the router has snat rules, not masquerade
	raw     string        // file for every round
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.imon, "imon", "", "the imon `program` to measure")
	flags.StringVar(&o.dpinger, "dpinger", "dpinger", "the dpinger `program`")
	flags.StringVar(&o.conf, "conf", "internal/lab/bench/conf", "`directory` of the programs' configurations")
	flags.IntVar(&o.rounds, "rounds", 10, "of each program with each fault")
	flags.DurationVar(&o.every, "every", 5*time.Millisecond, "between two packets of the LAN's stream")
	flags.StringVar(&o.peers, "only", "", "comma separated beginnings of `names`: measure only these programs")
	flags.StringVar(&o.faults, "faults", "abcdefgh", "the `letters` of the faults to measure")
	flags.BoolVar(&o.all, "all", false, "a peer that is absent is an error")
	flags.BoolVar(&o.snat, "snat", false, "the router has snat rules, not masquerade")
	flags.StringVar(&o.raw, "raw", "", "`file` for the figures of every round, as comma separated values")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.imon == "" || o.rounds < 1 || flags.NArg() > 0 {
		flags.Usage()
		return o, flag.ErrHelp
	}
	var err error
	o.imon, err = filepath.Abs(o.imon)
	return o, err
}

// run measures and prints the tables. It returns the exit code: 0, 1 when
// something could not be measured, 2 for a wrong command line, 130 when interrupted.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	err = measure(ctx, o, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "? bench interrupted; everything is cleaned up")
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "? bench:", err)
		return 1
	}
	return 0
}

// measure runs all cells and prints them.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) error {
	present, absent := contenders(o)
	if len(absent) > 0 && o.all {
		return fmt.Errorf("cannot measure all peers: %s", strings.Join(absent, "; "))
	}
	began, heard := time.Now(), listen(ctx)
	t := &table{options: o, contenders: present, absent: absent, cells: cells(o, present)}
	err := play(ctx, t.cells, stderr)
	t.noise, t.took = heard.stop(), time.Since(began)
	t.print(stdout)
	if err == nil && o.raw != "" {
		err = t.writeRaw(o.raw)
	}
	return err
}
