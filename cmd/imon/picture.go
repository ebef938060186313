package main

import (
	"strings"

	"github.com/ejgeiger/imon/internal/history"
)

// pictured is the time that a picture shows.
const pictured = 3600 // seconds

// Characters from fast to slow.
const (
	blocks = "▁▂▃▄▅▆▇█"
	ascii  = "_.-:=+*#"
)

// bin is what one character of a picture stands for.
type bin struct {
	sum      float64 // of the average round-trip times, in milliseconds
	answered int     // how many of them there are
	lossy    bool
	silent   bool // a whole entry had no answer
}

// picture is the last hour of a series, oldest first, each character some minutes: how
// slow the answers were between the fastest and the slowest of the hour, yellow with loss,
// and a red ! where there was none. A blank is a time without questions.
func (s screen) picture(past *history.Series) string {
	if past == nil {
		return ""
	}
	bins, low, high := bins(*past)
	levels := []rune(blocks)
	if s.ascii {
		levels = []rune(ascii)
	}
	var b strings.Builder
	for _, one := range bins {
		switch {
		case one.silent:
			b.WriteString(s.paint(red, "!"))
		case one.answered == 0:
			b.WriteByte(' ')
		default:
			share := (one.sum/float64(one.answered) - low) / (high - low)
			level := string(levels[min(int(share*float64(len(levels))), len(levels)-1)])
			if one.lossy {
				level = s.paint(yellow, level)
			}
			b.WriteString(level)
		}
	}
	return b.String()
}

// bins are the entries of the last hour in the columns that there are, with the fastest and
// the slowest average; these are so far apart that noise does not look like a mountain.
func bins(past history.Series) (all [pastWidth]bin, low, high float64) {
	low = -1
	for i, age := range past.Age {
		n := pastWidth - 1 - int(age*pastWidth/pictured)
		if n < 0 || n >= pastWidth {
			continue
		}
		one, avg := &all[n], past.Avg[i]
		one.lossy = one.lossy || past.Loss[i] > 0
		if avg < 0 {
			one.silent = true
			continue
		}
		one.sum, one.answered = one.sum+avg, one.answered+1
		if low < 0 || avg < low {
			low = avg
		}
		high = max(high, avg)
	}
	return all, low, max(high, 2*low, low+1)
}
