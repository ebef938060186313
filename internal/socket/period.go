package socket

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Shortest and Longest bound how long an uplink can be preferred.
const (
	Shortest = time.Second
	Longest  = 366 * 24 * time.Hour
)

// ParsePeriod reads how long an uplink is to be preferred: whole seconds ("7200"),
// days ("2d"), or hours, minutes and seconds ("1h30m"), from [Shortest] to [Longest].
func ParsePeriod(text string) (time.Duration, error) {
	d, ok := parse(text)
	if !ok || d < Shortest || d > Longest {
		return 0, fmt.Errorf("%q is no time such as 90s, 30m, 2h or 1d, at most 366d", text)
	}
	return d, nil
}

func parse(text string) (time.Duration, bool) {
	unit := time.Second
	number, days := strings.CutSuffix(text, "d")
	if days {
		unit = 24 * time.Hour
	}
	if n, err := strconv.ParseUint(number, 10, 32); err == nil {
		return min(time.Duration(n), Longest/unit+1) * unit, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// Period is d as [ParsePeriod] reads it, in whole seconds and without zeros: "1h30m".
func Period(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
