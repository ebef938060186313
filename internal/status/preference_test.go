package status

import (
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// named are uplinks with all their names; the names of some are words that mean
// something else.
func named() Failover {
	return Failover{Uplinks: []Uplink{
		{Role: "primary", Name: "standby", Interface: "wan", Device: "eth1", State: Online},
		{Role: "standby", Name: "lte", Interface: "wwan", Device: "wwan0", State: Offline},
		{Role: "third", Name: "lte 2", Interface: "eth1", State: Unknown},
		{Role: "fourth", Name: "twin", Interface: "eth9"},
		{Role: "fifth", Name: "twin", Interface: "eth9"},
	}}
}

func TestFind(t *testing.T) {
	const roles = "primary, standby, third, fourth, fifth"
	for name, want := range map[string]any{
		"primary": 0, "standby": 1, "third": 2, "lte": 1, "lte 2": 2, "wan": 0, "wwan": 1, "wwan0": 1,
		"eth1":    2, // what is configured comes before the device behind it
		"twin":    `there is more than one uplink "twin": say which by its role, ` + roles,
		"eth9":    `there is more than one uplink "eth9": say which by its role, ` + roles,
		"moon":    `there is no uplink "moon": say ` + roles + `, auto, a name or an interface`,
		"":        `there is no uplink "": say ` + roles + `, auto, a name or an interface`,
		"Primary": `there is no uplink "Primary": say ` + roles + `, auto, a name or an interface`,
	} {
		i, err := named().Find(name)
		if n, ok := want.(int); ok && (err != nil || i != n) || !ok && (err == nil || err.Error() != want) {
			t.Errorf("%q: %d, %v; want %v", name, i, err, want)
		}
	}
}

func TestPrefer(t *testing.T) {
	if p := named().Prefer(0, 2*time.Hour); p != (Preference{Forced: "primary", Seconds: 7200, State: Online}) {
		t.Errorf("%+v", p)
	}
	for _, i := range []int{1, 2} {
		if p := named().Prefer(i, 0); p.Seconds != 0 || !strings.Contains(p.Note, "not online") {
			t.Errorf("%+v", p)
		}
	}
}

func TestWhichFailoverRuns(t *testing.T) {
	on, off := &Failover{Monitor: Monitor{Enabled: true}}, &Failover{}
	six := &Failover{Monitor: Monitor{Enabled: true}}
	for _, c := range []struct{ four, six, want *Failover }{{on, six, on}, {on, off, on}, {off, six, six}, {off, off, nil}, {nil, nil, nil}} {
		if got := (Document{Monitors: Monitors{Failover: c.four, Failover6: c.six}}).Failover(); got != c.want {
			t.Errorf("of %v and %v: %v", c.four, c.six, got)
		}
	}
}

// The document says when a preference ends, once the monitor has obeyed it.
func TestEnd(t *testing.T) {
	in(t, func(t *testing.T, s *Store) {
		ends := func(i int, left time.Duration) string {
			d := all(t, s)
			d.End(i, left)
			text, err := d.JSON()
			if err != nil {
				t.Fatal(err)
			}
			_, found, _ := strings.Cut(string(text), `"forced"`)
			found, _, _ = strings.Cut(found, `,"uplinks"`)
			return found
		}
		if got := ends(1, time.Hour); got != `:"auto"` {
			t.Errorf("not obeyed yet: %s", got)
		}
		s.Publish(event.Event{Kind: event.FailoverForced, Monitor: event.Failover, Uplink: standby()})
		until := time.Now().Add(90 * time.Minute).Format(time.RFC3339)
		for _, c := range []struct {
			i    int
			left time.Duration
			want string
		}{
			{1, 0, `:"standby"`},
			{0, time.Hour, `:"standby"`},
			{-1, time.Hour, `:"standby"`},
			{7, time.Hour, `:"standby"`},
			{1, 90 * time.Minute, `:"standby","forced_until":"` + until + `","forced_seconds":5400`},
		} {
			if got := ends(c.i, c.left); got != c.want {
				t.Errorf("%d for %v: %s", c.i, c.left, got)
			}
		}
		if got := ends(1, 1500*time.Millisecond); !strings.HasSuffix(got, `"forced_seconds":2`) {
			t.Errorf("rounded: %s", got)
		}
		d, _ := s.Document(event.Ping)
		d.End(1, time.Hour) // without failover it does nothing
	})
}
