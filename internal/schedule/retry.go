package schedule

import "time"

// RetryAfter is how long a delivery waits that has failed so many times in a row,
// at least once: 10 s, 30 s, 1 min, 5 min, 15 min, and from then on 1 h.
func RetryAfter(failures int) time.Duration {
	pauses := [...]time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	return pauses[min(max(failures, 1), len(pauses))-1]
}

// Tell reports whether that failure is worth a line of the log: while the pauses
// grow each one is, and then one a day.
func Tell(failures int) bool { return failures <= 6 || (failures-6)%24 == 0 }
