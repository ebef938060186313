package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/status"
)

// Colours of a terminal (ECMA-48, section 8.3.117).
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
	faint  = "2"
)

// paint colours text on a terminal.
func (s screen) paint(colour, text string) string {
	if !s.terminal || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// row is one line of the table, and what is to be said below it.
type row struct {
	name, state, age, what string
	last                   *status.Result
	past                   *history.Series
	notes                  []string
	active                 bool
}

// state is how one instance is, for a person: a line for each monitor and each uplink,
// with figures and the last hour, and below it what else there is to say.
func (s screen) state(d status.Document, past history.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, running for %s\n", s.paint(bold, clip(d.Instance, 40)), brief(d.Uptime))
	rows := rowsOf(d, past)
	for _, r := range rows {
		b.WriteString(s.line(r))
	}
	if len(rows) == 0 {
		fmt.Fprintln(&b, "no monitor is enabled")
	}
	return b.String()
}

// rowsOf are the rows of all monitors that are enabled.
func rowsOf(d status.Document, past history.Document) (rows []row) {
	for _, m := range d.Monitors.All() {
		if !m.Enabled {
			continue
		}
		r := row{name: m.Name, state: m.State, what: m.Target, last: m.Last, notes: notes(m.State, m.Reason, m.Outage)}
		if m.Since != "" {
			r.age = brief(m.Age)
		}
		r.past = find(past, func(one history.Series) bool { return one.Monitor == m.Name && one.Target == m.Target })
		f := d.Monitors.FailoverOf(m.Name)
		switch m.Name {
		case event.DDNS:
			r = r.address(d.Monitors.DDNS)
		case event.DDNS6:
			r = r.address(d.Monitors.DDNS6)
		}
		if f == nil {
			rows = append(rows, r.next(m.Interval))
			if p := d.Monitors.Ping; m.Name == event.Ping && p != nil {
				rows = append(rows, targetRows(*p, past, &rows[len(rows)-1])...)
			}
			continue
		}
		r.what, r.last, r.past = headline(*f), nil, nil
		if len(f.Uplinks) > 0 && f.Uplinks[0].Last != nil {
			r.notes = append(r.notes, due(f.Uplinks[0].Last, m.Interval))
		}
		rows = append(rows, r)
		for _, u := range f.Uplinks {
			rows = append(rows, uplinkRow(m.Name, u, f.Active, past))
		}
	}
	return rows
}

// targetRows are the targets of ping after the first, whose row is first and gets how bad it is.
func targetRows(p status.Ping, past history.Document, first *row) (rows []row) {
	for i, t := range p.Targets {
		if t.Degraded != "" && i == 0 {
			first.notes = append([]string{"degraded: " + t.Degraded}, first.notes...)
		}
		if i == 0 {
			continue
		}
		r := row{state: t.State, what: t.Target, last: t.Last, notes: notes(t.State, t.Reason, t.Outage)}
		if t.Since != "" {
			r.age = brief(t.Age)
		}
		if t.Degraded != "" {
			r.notes = append([]string{"degraded: " + t.Degraded}, r.notes...)
		}
		r.past = find(past, func(one history.Series) bool { return one.Monitor == event.Ping && one.Target == t.Target })
		rows = append(rows, r)
	}
	return rows
}

// uplinkRow is one uplink of a failover monitor.
func uplinkRow(monitor string, u status.Uplink, active string, past history.Document) row {
	r := row{name: u.Role, state: u.State, age: age(u), what: device(u), last: u.Last, active: u.Role == active}
	r.notes = notes(u.State, u.Reason, u.Outage)
	if u.Degraded != "" {
		r.notes = append([]string{"degraded: " + u.Degraded}, r.notes...)
	}
	r.past = find(past, func(one history.Series) bool { return one.Monitor == monitor && one.Uplink == u.Role })
	return r
}

// address makes r the row of an external address.
func (r row) address(d *status.DDNS) row {
	r.what, r.last = cmp.Or(d.Address, "unknown"), nil
	if d.Address != "" && d.Source != "" {
		r.notes = append(r.notes, "by "+d.Source)
	}
	if len(d.Addresses) > 0 {
		if a := d.Addresses[0]; a.Next == "" {
			r.notes = append(r.notes, "nobody needs to be asked")
		} else {
			r.notes = append(r.notes, "next question in "+brief(a.In))
		}
	}
	for _, one := range d.Deliveries {
		if one.Error != "" || one.Drifted {
			r.notes = append(r.notes, handed(one))
		}
	}
	return r
}

// next notes when the next round is due.
func (r row) next(interval status.Decimal) row {
	if r.last != nil {
		r.notes = append(r.notes, due(r.last, interval))
	}
	return r
}

// due says when the round after last is.
func due(last *status.Result, interval status.Decimal) string {
	if interval < 2 {
		return fmt.Sprintf("a round each %gs", interval)
	}
	return "next round in " + brief(max(int64(interval)-last.Age, 0))
}

// notes are why something is offline, and its last outage.
func notes(state, reason string, o *status.Outage) (all []string) {
	if state == status.Offline && reason != "" {
		all = append(all, reason)
	}
	if o != nil {
		all = append(all, fmt.Sprintf("last outage %s, ended %s ago", brief(o.Seconds), brief(o.Age)))
	}
	return all
}

// find is the first series that is wanted, nil for none.
func find(past history.Document, wanted func(history.Series) bool) *history.Series {
	if i := slices.IndexFunc(past.Series, wanted); i >= 0 {
		return &past.Series[i]
	}
	return nil
}

// Widths of the columns; with the blanks between them they make a terminal's line.
const (
	nameWidth  = 9
	stateWidth = 8
	ageWidth   = 7
	whatWidth  = 21
	rttWidth   = 8
	lossWidth  = 4
	pastWidth  = columns - nameWidth - stateWidth - ageWidth - whatWidth - rttWidth - lossWidth - 6
)

// line is a row with its notes.
func (s screen) line(r row) string {
	name := r.name
	if r.active {
		name = "* " + name
	} else if strings.HasPrefix(name, "primary") || strings.HasPrefix(name, "standby") || strings.HasPrefix(name, "uplink") {
		name = "  " + name
	}
	colour := map[string]string{status.Online: green, status.Offline: red}[r.state]
	if r.state == status.Online && r.last != nil && r.last.Loss > 0 {
		colour = yellow
	}
	rtt, loss := numbers(r.last)
	width := whatWidth
	if r.last == nil && r.past == nil {
		width = columns - nameWidth - stateWidth - ageWidth - 3
	}
	text := fmt.Sprintf("%s %s %s %s", pad(name, nameWidth), s.paint(colour, pad(r.state, stateWidth)), pad(r.age, ageWidth), pad(r.what, width))
	if width == whatWidth {
		text += fmt.Sprintf(" %*s %*s %s", rttWidth, clip(rtt, rttWidth), lossWidth, loss, s.picture(r.past))
	}
	text = strings.TrimRight(text, " ") + "\n"
	if len(r.notes) > 0 {
		text += s.paint(faint, clip(strings.Repeat(" ", nameWidth+1)+strings.Join(r.notes, "; "), columns)) + "\n"
	}
	return text
}

// numbers are the round-trip time and the loss of a round, as far as it has any.
func numbers(last *status.Result) (rtt, loss string) {
	if last == nil || last.Sent == 0 {
		return "", ""
	}
	loss = fmt.Sprintf("%.0f%%", 100*float64(last.Loss))
	if last.RTT == nil {
		return "", loss
	}
	ms := float64(last.RTT.Avg)
	switch {
	case ms >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000), loss
	case ms < 1:
		return fmt.Sprintf("%.2f ms", ms), loss
	}
	return fmt.Sprintf("%.1f ms", ms), loss
}

// pad clips text, or fills it with blanks.
func pad(text string, width int) string {
	text = clip(text, width)
	return text + strings.Repeat(" ", width-utf8.RuneCountInString(text))
}
