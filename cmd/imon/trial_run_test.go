package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
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
	rounds := setting(t, roundsVariable, 1)
	for kind, list := range troubles() {

		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := openTrial(t, 1, hurry)
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

// TestFaultPairs has imon undergo two faults at a time, at random: the second comes
// while the first lasts, and lasts longer.
func TestFaultPairs(t *testing.T) {
	t.Parallel()
	seed := setting(t, seedVariable, 1)
	t.Logf("%s=%d", seedVariable, seed)
	d := openTrial(t, uint64(seed), hurry)
	var all []trouble
	for _, kind := range []string{"lines", "process", "routing", "services"} {
		all = append(all, troubles()[kind]...)
	}
	r := &record{name: "pairs"}
	defer func() { t.Log("\n" + records([]*record{r})) }()
	for range setting(t, pairsVariable, 4) {
		d.note(r, d.pair(all))
	}
}

// pair is two troubles at random that do not touch the same thing.
func (d *trial) pair(all []trouble) trouble {
	for {
		a, b := all[d.rng.IntN(len(all))], all[d.rng.IntN(len(all))]
		if a.collides(b) {
			continue
		}
		return trouble{
			fault:   func(d *trial) lab.Fault { return inTurn(a.fault(d), b.fault(d)) },
			dead:    [2]bool{a.dead[0] || b.dead[0], a.dead[1] || b.dead[1]},
			touches: a.touches + " " + b.touches,
			but:     max(a.but, b.but),
		}
	}
}

// inTurn is a second fault while the first lasts.
func inTurn(a, b lab.Fault) lab.Fault {
	return lab.NewFault(a.Name+", then "+b.Name, all(a.Inject, func() error {
		err := b.Inject()
		if err != nil {
			err = errors.Join(err, a.Restore())
		}
		return err
	}), all(a.Restore, b.Restore))
}

// collides reports whether both touch the same thing.
func (x trouble) collides(y trouble) bool {
	for _, thing := range strings.Split(x.touches, ",") {
		if slices.Contains(strings.Split(y.touches, ","), thing) {
			return true
		}
	}
	return false
}

// note has one round of a fault written down.
func (d *trial) note(r *record, x trouble) {
	began := time.Now()
	away, err := d.undergo(x)
	if errors.Is(err, lab.ErrMissing) {
		d.t.Logf("not tried: %v", err)
		return
	}
	r.away = append(r.away, away)
	if err == nil {
		return
	}
	r.wrong = append(r.wrong, err)
	d.t.Errorf("%s, round %d, from %s on: %v", x.fault(d).Name, len(r.away), began.Format(time.TimeOnly), err)
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

// The table of docs/reliability.md has each fault that is tried, and no other.
func TestEveryFaultIsInTheTable(t *testing.T) {
	d := &trial{counter: &counter{bench: &bench{Lab: &lab.Lab{}}}}
	_, text, _ := strings.Cut(content("../../docs/reliability.md"), "\n## Faults in the lab\n")
	text, _, _ = strings.Cut(text, "\n## ")
	rows := strings.Count(text, "\n| ") - 1 // the first is the heading
	for _, list := range troubles() {
		for _, x := range list {
			rows--
			if name := x.fault(d).Name; !strings.Contains(text, "\n| "+name+" |") {
				t.Errorf("docs/reliability.md has no row for %q", name)
			}
		}
	}
	if rows != 0 {
		t.Errorf("%d rows more than faults", rows)
	}
}
