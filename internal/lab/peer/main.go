// Command peer is the internet of an emulated machine, as one small static
// program: a name server for a few names, and web servers with and without TLS
// that tell an address. The self-test of scripts/emulate.sh runs it in the guest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// options are the command line.
type options struct {
	dns, http, https string // where to listen, host:port; empty for nowhere
	body             string // the file that the web servers show
	ca               string // the file that gets the certificate of the web server with TLS
	ready            string // the file that is made when all servers listen
	names            zone
}

// run serves until ctx ends and returns the exit code: 0, 1 when a server
// cannot listen, 2 for a wrong command line.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "peer: %v\n", err)
		return 2
	}
	if err := serve(ctx, o); err != nil {
		fmt.Fprintf(stderr, "peer: %v\n", err)
		return 1
	}
	return 0
}

// parse reads the command line: flags, then NAME=ADDRESS for each name.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{names: zone{}}
	flags := flag.NewFlagSet("peer", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.dns, "dns", "", "`host:port` of the name server")
	flags.StringVar(&o.http, "http", "", "`host:port` of the web server")
	flags.StringVar(&o.https, "https", "", "`host:port` of the web server with TLS")
	flags.StringVar(&o.body, "body", "", "`file` that the web servers show")
	flags.StringVar(&o.ca, "ca", "", "`file` for the certificate, in PEM")
	flags.StringVar(&o.ready, "ready", "", "`file` to make when all servers listen")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for _, pair := range flags.Args() {
		name, text, _ := strings.Cut(pair, "=")
		address, err := netip.ParseAddr(text)
		if err != nil || !address.Is4() {
			return o, fmt.Errorf("cannot use %q: a name is NAME=IPv4-ADDRESS", pair)
		}
		o.names[strings.ToLower(name)] = address
	}
	return o, nil
}

// serve opens all servers, says so, and closes them when ctx ends.
func serve(ctx context.Context, o options) error {
	var open []io.Closer
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	if o.dns != "" {
		conn, err := net.ListenPacket("udp", o.dns)
		if err != nil {
			return fmt.Errorf("cannot open name server: %w", err)
		}
		open = append(open, conn)
		go o.names.serve(conn)
	}
	for _, at := range []string{o.http, o.https} {
		if at == "" {
			continue
		}
		listener, err := listen(at, at == o.https, o)
		if err != nil {
			return fmt.Errorf("cannot open web server: %w", err)
		}
		open = append(open, listener)
		go serveWeb(listener, o.body)
	}
	if o.ready != "" {
		if err := os.WriteFile(o.ready, nil, 0o644); err != nil {
			return fmt.Errorf("cannot say that all servers listen: %w", err)
		}
	}
	<-ctx.Done()
	return nil
}
