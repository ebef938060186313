package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// reported is of which time outages are told when nobody says.
const reported = 30 * 24 * time.Hour

// newLedger returns the ledger of an instance.
func (e env) newLedger(instance string, log event.Publisher) *ledger.Ledger {
	pinger := probe.NewPinger(probe.NewResolver())
	return ledger.New(instance, e.state(instance, "outages"), func(u event.Uplink) string { return lookAtGateway(pinger, u) }, log)
}

// things are what the ledger keeps outages of: updown's host, each uplink, and all of them.
func things(settings []status.Settings) []ledger.Thing {
	all := []ledger.Thing{}
	for _, s := range settings {
		switch {
		case !s.Enabled:
		case s.Monitor == event.Updown:
			all = append(all, ledger.Thing{Monitor: s.Monitor, Target: s.Target})
		case len(s.Uplinks) > 0:
			all = append(all, ledger.Thing{Monitor: s.Monitor})
			for _, u := range s.Uplinks {
				all = append(all, ledger.Thing{Monitor: s.Monitor, Uplink: strings.ToLower(u.Uplink.Role)})
			}
		}
	}
	return all
}

// lookAtGateway says whether the gateway of an uplink answers.
func lookAtGateway(pinger *probe.Pinger, u event.Uplink) string {
	r := pinger.Ping(context.Background(), probe.EchoRequest{
		Target: u.Gateway.String(), Path: probe.Path{Source: u.Address, Interface: u.Netdev()}, Count: 2, Spacing: 100 * time.Millisecond, Wait: time.Second,
	})
	switch {
	case r.Alive():
		return "gateway " + u.Gateway.String() + " answers"
	case r.Unknown() || u.Gateway == netip.IPv4Unspecified():
		return ""
	}
	return "gateway " + u.Gateway.String() + " does not answer"
}

// report prints outages and availability: what the running imon knows, or what the last one
// has left.
func report(ctx context.Context, o options, e env) int {
	if _, err := config.Path(o.instance); err != nil {
		return refuse(e, nil, err)
	}
	since := o.since
	if since == 0 {
		since = reported
	}
	path := e.socket(o.instance)
	d, err := socket.NewClient(path).Outages(ctx, since)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		unreached := unreached(o, path, err)
		if d, err = ledger.Read(o.instance, e.state(o.instance, "outages"), since); err == nil && len(d.Availability) > 0 {
			fmt.Fprintln(e.stderr, "% "+unreached+"; this is what it knew when it ended")
		} else if err == nil {
			return refuse(e, nil, errors.New(unreached))
		}
	}
	if err != nil {
		return refuse(e, nil, errors.New(unreached(o, path, err)))
	}
	switch {
	case o.json:
		text, _ := json.MarshalIndent(d, "", "  ") // of strings and numbers: it always works
		fmt.Fprintln(e.stdout, string(text))
	case o.csv:
		_ = inCSV(e.stdout, d)
	default:
		_, _ = io.WriteString(e.stdout, asTable(d, since))
	}
	return exitOK
}

// inCSV writes the outages as RFC 4180 says.
func inCSV(to io.Writer, d ledger.Document) error {
	w := csv.NewWriter(to)
	rows := [][]string{{"what", "monitor", "start", "end", "seconds", "cause", "cut"}}
	for _, o := range d.Outages {
		end := ""
		if o.End != nil {
			end = o.End.Format(time.RFC3339)
		}
		rows = append(rows, []string{o.What, o.Monitor, o.Start.Format(time.RFC3339), end, strconv.FormatInt(o.Seconds, 10), o.Cause, strconv.FormatBool(o.Cut)})
	}
	return w.WriteAll(rows)
}

// asTable is the report for a person: the outages, then how available each thing was.
func asTable(d ledger.Document, since time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Instance %s, %s\n\n", d.Instance, d.Time.Local().Format("2006-01-02 15:04:05 -0700"))
	if len(d.Outages) == 0 {
		fmt.Fprintf(&b, "No outage in the last %s.\n", ago(since))
	} else {
		fmt.Fprintf(&b, "%-19s %9s  %-22s %s\n", "offline from", "for", "what", "cause")
	}
	for _, o := range d.Outages {
		long := brief(o.Seconds)
		switch {
		case o.End == nil:
			long = "> " + long
		case o.Cut: // imon ended
			long = ">= " + long
		}
		line := fmt.Sprintf("%-19s %9s  %-22s %s", o.Start.Local().Format(time.DateTime), long, clip(o.What, 22), o.Cause)
		line = strings.TrimRight(line, " ")
		if utf8.RuneCountInString(line) > columns {
			line = strings.TrimRight(strings.TrimSuffix(line, o.Cause), " ") + "\n    " + clip(o.Cause, columns-4)
		}
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintf(&b, "\n%-22s %10s %10s %10s %7s %8s %7s\n", "availability", "24h", "7d", "30d", "outages", "longest", "offline")
	for i := 0; i+2 < len(d.Availability); i += 3 {
		b.WriteString(row3([3]ledger.Availability(d.Availability[i : i+3])))
	}
	return b.String()
}

// row3 is the availability of one thing in three windows, and what there was in the largest.
func row3(a [3]ledger.Availability) string {
	var shares [3]string
	for i, one := range a {
		shares[i] = "-"
		if one.Watched > 0 {
			shares[i] = fmt.Sprintf("%.3f%%", 100*one.Share)
		}
	}
	all := a[2]
	text := fmt.Sprintf("%-22s %10s %10s %10s %7d %8s %7s\n", clip(all.What, 22), shares[0], shares[1], shares[2], all.Outages, brief(all.Longest), brief(all.Total))
	if all.Watched < all.Window*99/100 {
		text += fmt.Sprintf("  (of 30d imon has watched %s)\n", brief(all.Watched))
	}
	return text
}

// ago is a time for people.
func ago(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return socket.Period(d)
}
