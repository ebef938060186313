package status

import (
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// address shows how one external address stands.
func (r result) address(now time.Time) Address {
	e := r.event
	a := Address{
		Uplink: roleOf(e.Uplink), Address: text(e.Address), Source: e.Source, Reason: e.Text,
		Time: wall(now, r.at), Age: seconds(now.Sub(r.at)),
	}
	if e.Lookups == nil {
		return a
	}
	a.Next, a.In = until(now, e.Lookups.Next)
	for _, s := range e.Lookups.Sources {
		a.Sources = append(a.Sources, showSource(now, s))
	}
	return a
}

func showSource(now time.Time, s event.Source) Source {
	out := Source{Kind: s.Kind, Name: s.Name, Address: text(s.Address), Error: s.Text, Barred: s.Barred}
	if !s.Time.IsZero() {
		out.Time, out.Age = wall(now, s.Time), seconds(now.Sub(s.Time))
	}
	out.Bench, out.Left = until(now, s.Bench)
	return out
}

// until is a moment to come and how many seconds are left; nothing for none.
func until(now, at time.Time) (string, int64) {
	if at.IsZero() {
		return "", 0
	}
	return wall(now, at), max(seconds(at.Sub(now)), 0)
}
