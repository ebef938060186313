package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// guard hears of every change of the router's default routes, however short, and
// knows for how long there was none of imon's, or more than one.
type guard struct {
	mu            sync.Mutex
	routes        []string // imon's, at present
	since         time.Time
	none, several time.Duration // the longest such times
}

// tell is called with each change, in order.
func (g *guard) tell(m lab.Moment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count(m.At)
	var routes []string
	for _, route := range m.Routes {
		if strings.Contains(route, " proto 105 ") {
			routes = append(routes, route)
		}
	}
	if min(len(routes), 2) != min(len(g.routes), 2) {
		g.since = m.At
	}
	g.routes = routes
}

// count takes the time until now into account.
func (g *guard) count(now time.Time) {
	d := now.Sub(g.since)
	switch {
	case len(g.routes) == 0:
		g.none = max(g.none, d)
	case len(g.routes) > 1:
		g.several = max(g.several, d)
	}
}

// reset begins to count anew.
func (g *guard) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.since, g.none, g.several = time.Now(), 0, 0
}

// longest is for how long at a time there was no default route of imon's, and for
// how long there were several, since the last reset.
func (g *guard) longest() (none, several time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count(time.Now())
	return g.none, g.several
}

// heard are imon's default routes by what was heard.
func (g *guard) heard() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.routes
}

// by is the number of the uplink by which imon's only default route leads, -1 when it
// has none, or several, or one by somebody else.
func (g *guard) by(l *lab.Lab) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range 2 {
		u := l.Uplink(i)
		if len(g.routes) == 1 && strings.Contains(g.routes[0], fmt.Sprintf("via %s dev %s ", u.Gateway, u.Interface)) {
			return i
		}
	}
	return -1
}
