package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Defaults are the default routes (IPv4, table main) of the router, as
// ip-route(8) prints them.
func (l *Lab) Defaults() ([]string, error) {
	out, err := l.Router.Run("-4", "route", "show", "default")
	return lines(out), err
}

func lines(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

// Moment is the set of the router's default routes from some time on.
type Moment struct {
	At     time.Time
	Routes []string // sorted; like the lines of ip-route(8)
}

// DefaultWatch records every change of the router's default routes, however
// short.
type DefaultWatch struct {
	lab    *Lab
	socket *nl.NetlinkSocket
	told   func(Moment)
	names  map[int]string // of interfaces, by index

	mu      sync.Mutex
	moments []Moment
	err     error
}

// WatchDefaults starts to watch the default routes. The first moment is the
// present. told is called with that and every later moment; it may be nil.
func (l *Lab) WatchDefaults(told func(Moment)) (*DefaultWatch, error) {
	w := &DefaultWatch{lab: l, told: told}
	err := l.Router.Do(func() (err error) {
		w.socket, err = nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR,
			unix.RTNLGRP_IPV4_ROUTE)
		if err == nil { // room for storms: what is dropped is known by the end only
			err = w.socket.SetReceiveBufferSize(64<<20, true)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot watch default routes: %w", err)
	}
	l.atClose(func() error { w.socket.Close(); return nil })
	if err := w.relist(); err != nil {
		return nil, err
	}
	l.wg.Go(w.follow)
	return w, nil
}

// Moments are the recorded moments, oldest first.
func (w *DefaultWatch) Moments() []Moment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.moments)
}

// Wrong are the moments since from at which there was not exactly one default
// route. One that began before and lasted beyond from counts.
func (w *DefaultWatch) Wrong(from time.Time) []Moment {
	moments := w.Moments()
	var wrong []Moment
	for i, m := range moments {
		over := i+1 < len(moments) && !moments[i+1].At.After(from)
		if len(m.Routes) != 1 && !over {
			wrong = append(wrong, m)
		}
	}
	return wrong
}

// Err is why the watch ended early, or nil.
func (w *DefaultWatch) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// follow reads what the kernel tells until the socket is closed.
func (w *DefaultWatch) follow() {
	for {
		messages, _, err := w.socket.Receive()
		switch {
		case err == nil:
			err = w.take(messages)
		case errors.Is(err, unix.ENOBUFS): // the kernel had to drop messages
			err = w.relist()
		}
		if err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			return
		}
	}
}

// take applies messages. The kernel does not tell which routes go with a link
// or an address: those of a link are taken to have gone in that moment, and
// after each such message the table is read again.
func (w *DefaultWatch) take(messages []syscall.NetlinkMessage) error {
	for _, m := range messages {
		switch m.Header.Type {
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			if err := w.route(m); err != nil {
				return err
			}
		default:
			w.link(m)
			if err := w.relist(); err != nil {
				return err
			}
		}
	}
	return nil
}

// link removes the routes of a link that went down or away.
func (w *DefaultWatch) link(m syscall.NetlinkMessage) {
	index, gone := parseGone(m)
	device := " dev " + w.names[index] + " "
	if gone {
		w.set(slices.DeleteFunc(slices.Clone(w.now()), func(route string) bool { return strings.Contains(route+" ", device) }))
	}
}

// relist reads the names of the interfaces and the default routes.
func (w *DefaultWatch) relist() error {
	names, err := w.lab.Router.interfaces()
	if err != nil {
		return err
	}
	routes, err := w.lab.Defaults()
	if err != nil {
		return err
	}
	for i, route := range routes {
		routes[i] = strings.TrimSuffix(route, " linkdown")
	}
	w.names = names
	w.set(routes)
	return nil
}

// route applies one message about a route.
func (w *DefaultWatch) route(m syscall.NetlinkMessage) error {
	r, ok := parseDefault(m.Data)
	if !ok {
		return nil
	}
	if _, known := w.names[r.link]; !known {
		return w.relist()
	}
	line := r.line(w.names[r.link])
	var now []string
	for _, other := range w.now() {
		replaced := m.Header.Flags&unix.NLM_F_REPLACE != 0 && metricOf(other) == metricOf(line)
		if other != line && !replaced {
			now = append(now, other)
		}
	}
	if m.Header.Type == unix.RTM_NEWROUTE {
		now = append(now, line)
	}
	w.set(now)
	return nil
}

// now is the set of routes at present.
func (w *DefaultWatch) now() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.moments) == 0 {
		return nil
	}
	return w.moments[len(w.moments)-1].Routes
}

// set records a moment if something changed.
func (w *DefaultWatch) set(routes []string) {
	slices.Sort(routes)
	w.mu.Lock()
	n := len(w.moments)
	if n > 0 && slices.Equal(w.moments[n-1].Routes, routes) {
		w.mu.Unlock()
		return
	}
	moment := Moment{time.Now(), routes}
	w.moments = append(w.moments, moment)
	w.mu.Unlock()
	if w.told != nil {
		w.told(moment)
	}
}
