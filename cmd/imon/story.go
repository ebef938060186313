package main

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/ubus"
)

// History writes what is kept of the targets' answers.
func (f front) History(w io.Writer, q history.Query) error { return f.past.Write(w, q) }

// Outages returns the outages that are not longer ago than since, 0 for all.
func (f front) Outages(since time.Duration) ledger.Document { return f.ledger.Document(since) }

// Events returns the transitions after number since, oldest first, the number of the
// last one, and a channel that is closed at the next.
func (f front) Events(since int64) (all []socket.Event, last int64, more <-chan struct{}) {
	more = f.store.Next()
	recent := f.store.Recent(since, 0)
	last = min(since, f.store.Last())
	for _, tr := range recent {
		last = tr.Sequence
		table := append(f.told(tr), ubus.Field{Name: "text", Value: sink.Text(tr.Event)})
		all = append(all, socket.Event{Sequence: last, Data: inJSON(table)})
	}
	return all, last, more
}

// told is a transition as others get it.
func (f front) told(tr status.Transition) ubus.Table {
	return append(ubus.Table{
		{Name: "sequence", Value: tr.Sequence}, {Name: "age_seconds", Value: int64(tr.Age.Seconds())},
	}, sink.Table(f.instance, tr.Event)...)
}

// inJSON is a table of strings, bools and numbers as an object, in its order.
func inJSON(t ubus.Table) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range t {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(f.Name)
		if v, is := f.Value.(float64); is {
			f.Value = status.Decimal(v)
		}
		value, _ := json.Marshal(f.Value)
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
