package update

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// carryTime is how long one delivery, or one comparison, may take.
const carryTime = 30 * time.Second

// Run delivers and compares, one after the other, until ctx ends.
func (s *Sink) Run(ctx context.Context) error {
	s.load()
	for ctx.Err() == nil {
		s.takeNews(time.Now())
		role, deliver, wait := s.first(time.Now())
		switch {
		case wait > 0:
			s.await(ctx, wait)
		case deliver:
			s.deliver(ctx, role)
		default:
			s.compare(ctx, role)
		}
	}
	return nil
}

// await waits for a change, but no longer than d.
func (s *Sink) await(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.ready:
	}
}

// takeNews notes the newest addresses in the records of their names.
func (s *Sink) takeNews(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, e := range s.news {
		host, wanted := s.hostOf(p.role)
		if !wanted || !s.cfg.Enable || !s.takes(e.Address) {
			continue
		}
		r := s.records[p.role]
		if r == nil {
			r = s.begin(p.role, host)
			s.records[p.role] = r
		}
		r.news(e.Address, s.pathOf(e), now)
		if s.carrier == nil { // the script has had the event itself
			r.arrived(r.wanted, now)
		}
	}
	clear(s.news)
}

// hostOf is the name that has the address of an uplink, "" for none that is known
// here. wanted is whether anything at all is to be done with that address.
func (s *Sink) hostOf(role string) (host string, wanted bool) {
	d := s.cfg.Delivery
	if s.cfg.Follow != config.FollowEach {
		return d.Hostname, role == "" && (s.carrier != nil || d.Hostname != "" || d.ForceInterval > 0)
	}
	for i, name := range d.Hostnames(2 + len(d.FurtherHostnames)) {
		if event.Role(i) == role {
			return name, name != ""
		}
	}
	return "", false
}

// takes reports whether addresses of that family are wanted, and can be delivered.
func (s *Sink) takes(a netip.Addr) bool {
	if a.Is4() && !s.cfg.Family.V4() || a.Is6() && !s.cfg.Family.V6() {
		return false
	}
	w, ok := s.carrier.(*webServer)
	return !ok || w.takes(a)
}

// pathOf is the uplink whose address e is, where each one has a name; otherwise the
// kernel chooses, which is the active one.
func (s *Sink) pathOf(e event.Event) probe.Path {
	if s.cfg.Follow != config.FollowEach {
		return probe.Path{}
	}
	return probe.Path{Source: e.Uplink.Address, Interface: e.Uplink.Netdev()}
}

// first is the record that is to be looked at first, whether it is to be delivered,
// and how long until then.
func (s *Sink) first(now time.Time) (role string, deliver bool, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at time.Time
	for name, r := range s.records {
		t, d := r.next()
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			role, deliver, at = name, d, t
		}
	}
	if at.IsZero() {
		return "", false, time.Hour
	}
	return role, deliver, at.Sub(now)
}

// job is what a delivery or a comparison is about, read at one moment.
type job struct {
	*record
	carrier carrier
	parcel  parcel
	wanted  addresses
}

func (s *Sink) job(role string) job {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[role]
	return job{r, s.carrier, r.parcel(), r.wanted}
}

// events are the last ones of that role, which the script is to get again.
func (s *Sink) events(role string) (last []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, four := range []bool{true, false} {
		if e, ok := s.known[place{role, four}]; ok {
			last = append(last, e)
		}
	}
	return last
}

// deliver delivers the addresses of a name. A newer address ends what is under way.
func (s *Sink) deliver(ctx context.Context, role string) {
	j := s.job(role)
	if j.carrier == nil {
		for _, e := range s.events(role) {
			s.script.Publish(e)
		}
		s.settle(j, nil)
		return
	}
	limited, cancel := context.WithTimeout(ctx, carryTime)
	defer cancel()
	s.underWay(role, cancel)
	err := j.carrier.carry(limited, j.parcel)
	if superseded := s.underWay("", nil); err != nil && (superseded || ctx.Err() != nil) {
		return // neither that nor the end of imon is a failure
	}
	severity, text := s.settle(j, err)
	s.save() // first: what the log says is known to the next process, too
	if text != "" {
		s.say(severity, "%s", text)
	}
}

// underWay notes which delivery runs, if any, and how to end it. It reports whether
// there is news for the one before.
func (s *Sink) underWay(role string, abort func()) (superseded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.news {
		superseded = superseded || s.abort != nil && p.role == s.running
	}
	s.running, s.abort = role, abort
	return superseded
}

// settle notes how a delivery went and returns what there is to say.
func (s *Sink) settle(j job, err error) (severity event.Severity, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if err == nil {
		if j.arrived(j.wanted, now); j.carrier != nil {
			text = fmt.Sprintf("Delivered %s to %s", j.parcel, j.carrier.where())
		}
		return event.Notice, text
	}
	var refused *refusal
	hold := time.Duration(0)
	if errors.As(err, &refused) {
		hold = refused.hold
	}
	pause := j.failed(err.Error(), hold, now)
	switch where := j.carrier.where(); {
	case hold >= refusalHold:
		return event.Error, fmt.Sprintf("%s refuses %s: %v; not tried again for %v, or until the configuration changes", where, j.parcel, err, pause)
	case schedule.Tell(j.failures):
		return event.Warning, fmt.Sprintf("Cannot deliver %s to %s: %v; next try in %v", j.parcel, where, err, pause)
	}
	return 0, ""
}

// compare compares a name with what its name server says.
func (s *Sink) compare(ctx context.Context, role string) {
	j := s.job(role)
	limited, cancel := context.WithTimeout(ctx, carryTime)
	defer cancel()
	found, server, err := s.look(limited, j)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := time.Now(); {
	case err != nil:
		if j.doubtful(err.Error(), now) {
			s.say(event.Info, "Cannot compare %s with its name server: %v", j.host, err)
		}
	case slices.Equal(found, j.parcel.addresses):
		j.compared(now)
	case j.drifted(now):
		s.say(event.Warning, "%s is %s at %s, and not %s as it was delivered: delivering it again",
			j.host, texts(found), server, texts(j.parcel.addresses))
	}
}

// look returns the addresses of the name, as its name server says, or the one that
// takes the updates.
func (s *Sink) look(ctx context.Context, j job) (found []netip.Addr, server string, err error) {
	for _, a := range j.parcel.addresses {
		some, from, err := s.ask(ctx, j, a)
		if err != nil {
			return nil, from, err
		}
		found, server = append(found, some...), from
	}
	return found, server, nil
}

// ask asks for the addresses of the family of a.
func (s *Sink) ask(ctx context.Context, j job, a netip.Addr) (found []netip.Addr, server string, err error) {
	family, path := probe.IPv6, j.parcel.path
	if a.Is4() {
		family = probe.IPv4
	}
	n, ok := j.carrier.(*nameServer)
	if !ok {
		return s.network.DNS.Authoritative(ctx, j.host, family, path)
	}
	if _, path, err = n.reach(ctx, path); err == nil {
		found, err = s.network.DNS.At(ctx, n.Server, j.host, family, path)
	}
	return found, n.Server, err
}

// texts are addresses as the log shows them.
func texts(all []netip.Addr) string {
	if len(all) == 0 {
		return "nowhere"
	}
	list := make([]string, len(all))
	for i, a := range all {
		list[i] = a.String()
	}
	return strings.Join(list, ", ")
}

// message is a line for the log.
func message(severity event.Severity, text string) event.Event {
	return event.Event{Kind: event.Message, Monitor: event.DDNS, Time: time.Now(), Severity: severity, Text: text}
}
