package sink

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// float is v with at most the given number of decimals and at least one, as
// Python prints a rounded float: 0.434, 12.0, 0.0.
func float(v float64, decimals int) string {
	s := strings.TrimRight(strconv.FormatFloat(v, 'f', decimals, 64), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

// millis is d in milliseconds with at most three decimals.
func millis(d time.Duration) string {
	return float(inMillis(d), 3)
}

// inMillis is d in milliseconds, rounded to whole microseconds.
func inMillis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// pyBool is b as Python prints it.
func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// state is a verdict in words.
func state(online bool) string {
	if online {
		return "online"
	}
	return "offline"
}

// clock splits d, truncated to whole seconds, into days, hours, minutes and
// seconds. A negative d counts as none.
func clock(d time.Duration) (days, hours, minutes, seconds int) {
	s := int64(max(d, 0) / time.Second)
	return int(s / 86400), int(s / 3600 % 24), int(s / 60 % 60), int(s % 60)
}

// longDuration is d as log lines show it: "0 days 0 hours, 0 minutes 10 seconds".
func longDuration(d time.Duration) string {
	days, hours, minutes, seconds := clock(d)
	return fmt.Sprintf("%d days %d hours, %d minutes %d seconds", days, hours, minutes, seconds)
}

// shortDuration is d as the action script gets it: "D:H:M:S", unpadded.
func shortDuration(d time.Duration) string {
	days, hours, minutes, seconds := clock(d)
	return fmt.Sprintf("%d:%d:%d:%d", days, hours, minutes, seconds)
}
