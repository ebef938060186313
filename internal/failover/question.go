package failover

import (
	"cmp"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
	"github.com/ejgeiger/imon/internal/schedule"
)

// anyName is what name servers are asked for when nothing is configured. It is there
// for good (RFC 2606).
const anyName = "example.com"

// questions is how many questions a round has at most.
func (l *loop) questions() (n int) {
	for _, u := range l.state.all {
		n += max(1, len(u.Targets))
	}
	return n
}

// questionsOf are the questions of a round about uplink i: one for each target, or
// one for its gateway. There is none for an uplink that has neither.
func (l *loop) questionsOf(i int) []probe.Question {
	var all []probe.Question
	u := l.state.all[i]
	for _, target := range u.Targets {
		all = append(all, l.question(i, u.Method, target))
	}
	if gateway := l.gateway(i); len(all) == 0 && gateway != "" {
		all = append(all, l.question(i, u.Method, gateway))
	}
	return all
}

// question is a round of questions to target by the path of uplink i as it is now.
func (l *loop) question(i int, m config.Method, target string) probe.Question {
	return probe.Question{
		Method:  methods()[m],
		Target:  target,
		Path:    probe.Path{Source: l.snapshot.Uplinks[i].Address, Interface: l.spec(l.snapshot, i).Interface},
		Count:   l.cfg.Count,
		Spacing: schedule.Spacing(l.cfg.Interval, l.cfg.Count),
		Wait:    l.cfg.Wait,
		Name:    cmp.Or(l.cfg.DNSName, anyName),
		Status:  l.cfg.HTTPStatus,
	}
}

// methods are the methods of a configuration as package probe has them.
func methods() map[config.Method]probe.Method {
	return map[config.Method]probe.Method{
		config.MethodICMP: probe.ICMP, config.MethodDNS: probe.DNSQuery,
		config.MethodTCP: probe.TCP, config.MethodHTTP: probe.HTTPStatus,
	}
}

// gateway is the gateway of uplink i now, "" when there is none, or it is not known.
// A link-local one has the device as its zone.
func (l *loop) gateway(i int) string {
	spec := l.spec(l.snapshot, i)
	switch {
	case !spec.Gateway.IsValid():
		return ""
	case spec.Gateway.IsLinkLocalUnicast() && spec.Gateway.Is6():
		return spec.Gateway.WithZone(spec.Interface).String()
	}
	return spec.Gateway.String()
}
