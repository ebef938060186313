package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// errNoDDNS says that the ddns monitor is not there to be asked.
var errNoDDNS = errors.New("the ddns monitor is not enabled")

// askDDNS prints what the running imon knows of the external addresses, and of those
// whom it asks for them.
func askDDNS(ctx context.Context, o options, e env) int {
	if _, err := config.Path(o.instance); err != nil {
		return refuse(e, nil, err)
	}
	if o.once {
		return askOnce(ctx, o, e)
	}
	path := e.socket(o.instance)
	all, err := trackings(ctx, path)
	switch {
	case err != nil:
		return refuse(e, nil, errors.New(unreached(o, path, err)))
	case o.json:
		text, _ := json.MarshalIndent(all, "", "  ") // of strings and numbers: it always works
		fmt.Fprintln(e.stdout, string(text))
	default:
		for _, t := range all {
			fmt.Fprint(e.stdout, t.text())
		}
	}
	return exitOK
}

// tracking is what is known of the external addresses of one family.
type tracking struct {
	Family int `json:"family"` // 4 or 6
	*status.DDNS
}

// trackings asks the imon on the socket at path which families it tracks.
func trackings(ctx context.Context, path string) (all []tracking, err error) {
	d, err := socket.NewClient(path).Status(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, t := range []tracking{{4, d.Monitors.DDNS}, {6, d.Monitors.DDNS6}} {
		if t.DDNS != nil && t.Enabled {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil, errNoDDNS
	}
	return all, nil
}

// text has for each address a line that says it all, and one for each source.
func (t tracking) text() string {
	var b strings.Builder
	for _, a := range t.Addresses {
		fmt.Fprintln(&b, clip(t.headline(a), columns))
		for _, s := range a.Sources {
			line := fmt.Sprintf("  %-24s %-8s %-22s %s", clip(s.Name, 24), elapsed(s.Time, s.Age), seat(s), cmp.Or(s.Address, s.Error))
			fmt.Fprintln(&b, clip(strings.TrimRight(line, " "), columns))
		}
	}
	if len(t.Addresses) == 0 {
		fmt.Fprintf(&b, "IPv%d: nothing is known yet\n", t.Family)
	}
	for _, d := range t.Deliveries {
		fmt.Fprintln(&b, clip(handed(d), columns))
	}
	return b.String()
}

// handed says how far a delivery is.
func handed(d status.Delivery) string {
	text := cmp.Or(d.Hostname, "the name") + " at " + cmp.Or(d.Server, "the action script") + ": "
	switch a := strings.Trim(d.Address+" "+d.Address6, " "); {
	case a == "":
		text += "nothing delivered yet"
	default:
		text += a + " since " + brief(d.Age)
	}
	switch {
	case d.Error != "":
		text += fmt.Sprintf("; failed %d times: %s", d.Failures, d.Error)
	case d.Drifted:
		text += "; the name was something else"
	case d.Unverified != "":
		text += "; not compared: " + d.Unverified
	}
	return text
}

// headline is an address, who says so, and when the next question is due.
func (t tracking) headline(a status.Address) string {
	text := fmt.Sprintf("IPv%d %s", t.Family, a.Uplink)
	text = strings.TrimRight(text, " ") + ": " + cmp.Or(a.Address, "unknown")
	if a.Address != "" {
		text += ", by " + a.Source
	}
	if a.Reason != "" {
		text += ", " + a.Reason
	}
	if a.Next == "" {
		return text + "; nobody needs to be asked"
	}
	return text + fmt.Sprintf("; next question in %s", brief(a.In))
}

// seat says whether a source may be asked.
func seat(s status.Source) string {
	switch {
	case s.Bench == "":
		return ""
	case s.Barred:
		return "barred for " + brief(s.Left)
	}
	return "on the bench for " + brief(s.Left)
}

// elapsed is for how long something is so, "" when it never was.
func elapsed(since string, seconds int64) string {
	if since == "" {
		return ""
	}
	return brief(seconds)
}
