package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// columns is the width of a terminal on which every line has room.
const columns = 80

// standing is how failover stands, for a person: a line that says it all, then one
// for each uplink.
func standing(f status.Failover) string {
	var b strings.Builder
	fmt.Fprintln(&b, headline(f))
	for _, u := range f.Uplinks {
		line := fmt.Sprintf("%s %-8s %-24s %-8s %-8s %s", mark(u.Role == f.Active), u.Role, clip(device(u), 24), u.State, age(u), figures(u))
		fmt.Fprintln(&b, clip(strings.TrimRight(line, " "), columns))
	}
	return b.String()
}

// mark stands before an uplink.
func mark(active bool) string {
	if active {
		return "*"
	}
	return " "
}

// headline says which uplink is active and who chose it.
func headline(f status.Failover) string {
	text := "No uplink is active"
	if f.Active != "" {
		text = "Active: " + named(f, f.Active)
	}
	left := lasting(" for another ", f.ForcedSeconds)
	switch f.Forced {
	case status.Auto:
		return text
	case f.Active:
		return text + ", as told" + left
	}
	return text + "; told: " + f.Forced + left
}

// named is the uplink of that role with its device.
func named(f status.Failover, role string) string {
	if i, err := f.Find(role); err == nil {
		return role + " " + clip(device(f.Uplinks[i]), 24)
	}
	return role
}

// device is an uplink as log lines show it.
func device(u status.Uplink) string {
	return event.Uplink{Name: u.Name, Interface: u.Interface}.Device()
}

// age is for how long the uplink has had its state.
func age(u status.Uplink) string { return elapsed(u.Since, u.Age) }

// brief is a time in its two largest units.
func brief(seconds int64) string {
	switch m, h := seconds/60, seconds/3600; {
	case m == 0:
		return fmt.Sprintf("%ds", seconds)
	case h == 0:
		return fmt.Sprintf("%dm%ds", m, seconds%60)
	case h < 24:
		return fmt.Sprintf("%dh%dm", h, m%60)
	default:
		return fmt.Sprintf("%dd%dh", h/24, h%24)
	}
}

// figures are those of the last round, or why the uplink is offline.
func figures(u status.Uplink) string {
	switch {
	case u.State == status.Offline:
		return u.Reason
	case u.Last == nil || u.Last.Sent == 0:
		return ""
	case u.Last.RTT == nil:
		return "no answer"
	}
	return fmt.Sprintf("%.1f ms, %.0f%% loss", float64(u.Last.RTT.Avg), 100*float64(u.Last.Loss))
}

// clip is text in at most width characters.
func clip(text string, width int) string {
	if r := []rune(text); len(r) > width {
		return string(r[:width-2]) + ".."
	}
	return text
}

// lasting says behind words for how long a preference lasts, if it ends by itself.
func lasting(words string, seconds int64) string {
	if seconds == 0 {
		return ""
	}
	d := time.Duration(seconds) * time.Second
	if d > 10*time.Minute {
		d = d.Round(time.Minute)
	}
	return words + socket.Period(d)
}
