package ledger

import (
	"math"
	"slices"
	"time"
)

// Version is the version of the form of [Document].
const Version = 1

// Document is what others are told: the outages, oldest first, and how available each thing was.
type Document struct {
	Version      int            `json:"version"`
	Instance     string         `json:"instance"`
	Time         time.Time      `json:"time"`
	Outages      []Told         `json:"outages"`
	Availability []Availability `json:"availability"`
}

// Told is an outage as others get it.
type Told struct {
	What string `json:"what"` // for people
	Outage
	End     *time.Time `json:"end"` // null while it lasts
	Seconds int64      `json:"seconds"`
}

// Availability is how available a thing was in a window of time that ends now, as far as imon
// was watching.
type Availability struct {
	What string `json:"what"`
	Thing
	Window  int64   `json:"window_seconds"`
	Watched int64   `json:"watched_seconds"` // of the window
	Outages int     `json:"outages"`         // which were in it, at least in part
	Longest int64   `json:"longest_seconds"` // of these, within the window
	Total   int64   `json:"offline_seconds"`
	Share   float64 `json:"availability"` // (watched - offline) ÷ watched, 0 to 1; 1 when nobody watched
}

// windows are those of which availability is told.
func windows() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{day, 7 * day, 30 * day}
}

// Document is what there is: outages that are not over, or not longer ago than since, which is 0
// for all; and the availability of 24 hours, 7 days and 30 days.
func (l *Ledger) Document(since time.Duration) Document {
	now := time.Now()
	return l.content(now).document(l.instance, now, since)
}

func (c content) document(instance string, now time.Time, since time.Duration) Document {
	now = clock(now, now)
	slices.SortFunc(c.Spans, func(a, b span) int { return a.From.Compare(b.From) })
	d := Document{Version: Version, Instance: instance, Time: now, Outages: []Told{}, Availability: []Availability{}}
	names := make(map[Thing]string)
	for _, w := range c.Things {
		names[w.Thing] = w.Name
	}
	for _, o := range c.Outages {
		end := o.End
		if end.IsZero() {
			end = now
		}
		if since > 0 && now.Sub(end) > since {
			continue
		}
		t := Told{What: o.what(o.Name), Outage: o, Seconds: int64(end.Sub(o.Start) / time.Second)}
		if !o.End.IsZero() {
			t.End = &o.End
		}
		d.Outages = append(d.Outages, t)
	}
	for _, w := range c.Things {
		for _, window := range windows() {
			d.Availability = append(d.Availability, c.availability(w, now, window))
		}
	}
	return d
}

// what is a thing for people.
func (t Thing) what(name string) string {
	six := ""
	if t.Monitor == "failover6" {
		six = ", IPv6"
	}
	switch {
	case t.Target != "":
		return t.Target
	case t.Uplink != "":
		return t.Uplink + " " + name + six
	}
	return "all uplinks" + six
}

// availability is that of one thing in one window.
func (c content) availability(w watched, now time.Time, window time.Duration) Availability {
	from := now.Add(-window)
	if w.Since.After(from) {
		from = w.Since
	}
	a := Availability{What: w.what(w.Name), Thing: w.Thing, Window: int64(window / time.Second), Share: 1}
	watching := overlap(c.Spans, from, now)
	var offline time.Duration
	for _, o := range c.Outages {
		end := o.End
		if end.IsZero() {
			end = now
		}
		if o.Thing != w.Thing || !end.After(from) {
			continue
		}
		start := o.Start
		if start.Before(from) {
			start = from
		}
		d := overlap(c.Spans, start, end)
		a.Outages++
		a.Longest = max(a.Longest, int64(d/time.Second))
		offline += d
	}
	a.Watched, a.Total = int64(watching/time.Second), int64(offline/time.Second)
	if watching > 0 {
		a.Share = math.Round(max(1-float64(offline)/float64(watching), 0)*1e6) / 1e6
	}
	return a
}

// overlap is how much of the spans, in their order, is between from and to. A clock that was
// set back makes spans that overlap each other; that time counts once.
func overlap(spans []span, from, to time.Time) (d time.Duration) {
	for _, s := range spans {
		if s.From.Before(from) {
			s.From = from
		}
		if s.To.After(to) {
			s.To = to
		}
		if s.To.After(s.From) {
			d += s.To.Sub(s.From)
			from = s.To
		}
	}
	return d
}
