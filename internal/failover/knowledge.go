package failover

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// knowledge is what step knows of one uplink.
type knowledge struct {
	verdict    verdict
	reason     string        // why it is not online
	address    netip.Addr    // the last one seen
	device     string        // the last one seen
	gateway    netip.Addr    // the last one seen
	moved      bool          // device or gateway changed, and the default route has not followed
	since      time.Duration // when it went offline
	blind      int           // rounds in a row without a verdict
	failed     bool          // an activate failed, and no round ended and no verdict changed since
	complained bool          // and that was said
	removals   removals
}

// removals counts how often the default route was put back after somebody
// else had removed it.
type removals struct {
	said  time.Duration // when the last line about it was written
	count int           // how often since
}

// note takes over what was seen of uplink i, and says it when the verdict changed.
func (t *turn) note(i int, o observation) {
	u := &t.uplinks[i]
	if o.address.IsValid() {
		u.address = o.address
	}
	u.place(o)
	u.moved = u.moved && t.holder != i
	switch {
	case o.verdict != unknown:
		u.blind = 0
		t.judge(i, o.verdict, o.reason)
	case t.round:
		t.noteBlind(i, o.reason)
	}
}

// place takes over through which device and gateway the uplink leads now.
func (u *knowledge) place(o observation) {
	if o.device == "" || !o.gateway.IsValid() {
		return
	}
	u.moved = u.moved || u.gateway.IsValid() && (o.device != u.device || o.gateway != u.gateway)
	u.device, u.gateway = o.device, o.gateway
}

// noteBlind counts a round that said nothing about uplink i.
func (t *turn) noteBlind(i int, reason string) {
	u := &t.uplinks[i]
	u.blind++
	if u.blind != patience {
		return
	}
	if u.verdict == unknown {
		t.judge(i, offline, reason)
	}
	t.say(event.Error, "Cannot tell whether %s is online: %s; it counts as %v until that is known", t.name(i), reason, u.verdict)
}

// judge sets the verdict on uplink i. The first one is said by start.
func (t *turn) judge(i int, v verdict, reason string) {
	u := &t.uplinks[i]
	old := u.verdict
	u.verdict, u.reason = v, reason
	if v == old {
		return
	}
	u.complained = false
	t.uplinks[primary].failed, t.uplinks[standby].failed = false, false // all is to be chosen anew
	outage := t.at - u.since
	if v == offline {
		u.since = t.at
	}
	switch {
	case !t.started:
	case v == online:
		t.emit(event.Event{Kind: event.FailoverUplinkOnline, Uplink: t.describe(i), Outage: outage})
	default:
		t.emit(event.Event{Kind: event.FailoverUplinkOffline, Uplink: t.describe(i), Text: reason})
	}
}

// complain says once that uplink i cannot be activated, until it can, or goes offline.
func (t *turn) complain(i int, err error) {
	if t.uplinks[i].complained {
		return
	}
	t.uplinks[i].complained = true
	t.say(event.Error, "Cannot activate %s: %v; will try again", t.name(i), err)
}

// mayPutBack reports whether a removed route of uplink i is put back now.
func (t *turn) mayPutBack(i int) bool {
	return t.round || t.uplinks[i].moved || t.uplinks[i].removals.count < maxPutBacks
}

// putBack says that a removed route is in place again, at most once in a window,
// or that the route has followed its uplink to another device or gateway.
func (t *turn) putBack(i int) {
	u := &t.uplinks[i]
	if u.moved {
		u.moved = false
		t.say(event.Notice, "Default route of %s leads via %s dev %s now", t.name(i), u.gateway, u.device)
		return
	}
	r := &u.removals
	if t.at-r.said < removalWindow {
		r.count++
		return
	}
	r.said = t.at
	t.say(event.Warning, "Default route of %s had been removed; put back", t.name(i))
}

// recount says how often a route was put back in the window that has ended.
func (t *turn) recount(i int) {
	r := &t.uplinks[i].removals
	if r.count == 0 || t.at-r.said < removalWindow {
		return
	}
	times := ""
	if r.count > 1 {
		times = fmt.Sprintf(" %d times in the last minute", r.count)
	}
	r.said, r.count = t.at, 0
	t.say(event.Warning, "Default route of %s had been removed; put back%s", t.name(i), times)
}

func (t *turn) emit(e event.Event) { t.out = append(t.out, emit{e}) }

// say emits one line for the log.
func (t *turn) say(severity event.Severity, format string, args ...any) {
	t.emit(event.Event{Kind: event.Message, Severity: severity, Text: fmt.Sprintf(format, args...)})
}

// name is uplink i as log lines show it: "Primary Network isp1 (eth1)".
func (s *state) name(i int) string {
	u := s.describe(i)
	return u.Role + " Network " + u.Device()
}

// describe returns uplink i as events show it; without address while offline.
func (s *state) describe(i int) event.Uplink {
	c := s.cfg.Uplinks[i]
	k := s.uplinks[i]
	u := event.Uplink{Role: role(i), Name: c.Name, Interface: c.Interface, Gateway: k.gateway}
	if !k.gateway.IsValid() && !c.AutoGateway() {
		u.Gateway = c.Gateway
	}
	if k.device != c.Interface {
		u.Link = k.device
	}
	if k.verdict == online {
		u.Address = k.address
	}
	return u
}

// role is the word for uplink i in log lines and events.
func role(i int) string { return [...]string{"Primary", "Standby"}[i] }
