package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// record is what became of one fault in all of its rounds.
type record struct {
	name  string
	away  []time.Duration
	wrong []error
}

// TestFaultMatrix has imon undergo every fault that the lab can make, and holds it to
// three things, each time: there is exactly one default route of imon's, by an uplink
// that works if any does; every monitor goes on; nothing is left over.
func TestFaultMatrix(t *testing.T) {
	rounds := setting(t, faultsVariable, 1)
	for kind, list := range troubles() {

		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := openTrial(t, 1)
			var all []*record
			defer func() { t.Log("\n" + records(all)) }()
			for _, x := range list {
				name := x.fault(d).Name
				if !strings.Contains(name, os.Getenv(faultVariable)) {
					continue
				}
				r := &record{name: name}
				all = append(all, r)
				for range rounds {
					d.note(r, x)
				}
			}
		})
	}
}

// note has one round of a fault written down.
func (d *trial) note(r *record, x trouble) {
	away, err := d.undergo(x)
	r.away = append(r.away, away)
	if err == nil {
		return
	}
	r.wrong = append(r.wrong, err)
	d.t.Errorf("%s, round %d: %v", r.name, len(r.away), err)
	if d.Ended() || d.recover() != nil {
		d.t.Fatal("imon does not recover")
	}
}

// records is the table of what became of the faults.
func records(all []*record) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\trounds\tmedian ms\tworst ms\tviolations")
	for _, r := range all {
		if len(r.away) == 0 {
			continue
		}
		slices.Sort(r.away)
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", r.name, len(r.away), r.away[len(r.away)/2].Milliseconds(), r.away[len(r.away)-1].Milliseconds(), len(r.wrong))
	}
	w.Flush()
	return b.String()
}
