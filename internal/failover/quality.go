package failover

import (
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/quality"
)

// assess adds what a round has measured of uplink i, and says when the uplink is
// degraded by now, or is no longer.
func (t *turn) assess(i int, s quality.Sample) {
	u, q := &t.uplinks[i], t.cfg.Quality
	if !q.Measured() || s.Sent == 0 {
		return
	}
	u.window.Add(t.at, q.Window, s)
	if u.verdict != online {
		return
	}
	switch bad, why := u.window.Judge(t.at, q, u.degraded); {
	case bad && !u.degraded:
		u.degraded = true
		t.relapse(i)
		t.emit(event.Event{Kind: event.FailoverDegraded, Uplink: t.describe(i), Text: why})
	case !bad && u.degraded:
		u.degraded = false
		t.recover(i)
		t.emit(event.Event{Kind: event.FailoverRecovered, Uplink: t.describe(i)})
	}
}

// forget drops what was measured of uplink i: it is about another way.
func (u *knowledge) forget() { u.window, u.degraded = quality.Window{}, false }
