package main

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/lease"
	"github.com/ejgeiger/imon/internal/uplink"
)

// lessons are where the gateways of uplinks come from that are to be learned. What
// was learned once holds until there is something newer.
type lessons struct {
	names  interfaces
	fs     afero.Fs
	cfg    config.Failover
	family uplink.Family
	kept   []lesson // of each uplink
}

// lesson is a way that was learned, and of what.
type lesson struct {
	device  string
	gateway netip.Addr
	direct  bool
	from    string
}

func newLessons(names interfaces, fs afero.Fs, cfg config.Failover, family uplink.Family) *lessons {
	return &lessons{names: names, fs: fs, cfg: cfg, family: family, kept: make([]lesson, len(cfg.All()))}
}

// specs are the uplinks as they are now; hops are what the kernel tells of their
// devices, none when it was not asked yet.
func (l *lessons) specs(hops []uplink.Hop) []uplink.Spec {
	specs := l.names.specs(l.cfg, l.family)
	for i, u := range l.cfg.All() {
		if s := &specs[i]; u.AutoGateway() && s.Interface != "" && !s.Gateway.IsValid() {
			if i < len(hops) {
				l.learn(i, s.Interface, hops[i])
			}
			*s = l.kept[i].apply(*s)
		}
	}
	return alone(specs)
}

// apply is s with what was learned of its device.
func (l lesson) apply(s uplink.Spec) uplink.Spec {
	if l.from == "" || l.device != s.Interface {
		return s
	}
	return uplink.Spec{Interface: s.Interface, Gateway: l.gateway, Direct: l.direct}
}

// learn keeps what is known now of the way by a device: from a default route of
// another program, or else from a lease of which the device has the address.
func (l *lessons) learn(i int, device string, hop uplink.Hop) {
	if hop.Gateway.IsValid() {
		l.kept[i] = lesson{device, hop.Gateway, false, fmt.Sprintf("the default route %q", hop.Route)}
		return
	}
	if l.family == uplink.V4 {
		for _, found := range lease.Of(l.fs, device, hop.Index) {
			if slices.Contains(hop.Addresses, found.Address) {
				l.kept[i] = lesson{device, found.Gateway, false, "the DHCP lease " + found.File}
				return
			}
		}
	}
	if hop.Direct && (l.kept[i].from == "" || l.kept[i].device != device) {
		l.kept[i] = lesson{device, netip.Addr{}, true, "a point-to-point link"}
	}
}

// told are sentences on what was learned, and of what.
func (l *lessons) told() (sentences []string) {
	for i, u := range l.cfg.All() {
		switch k := l.kept[i]; {
		case k.from == "" || !u.AutoGateway():
		case k.direct:
			sentences = append(sentences, fmt.Sprintf("%s needs no gateway, as it is %s.", k.device, k.from))
		default:
			sentences = append(sentences, fmt.Sprintf("The gateway of %s is %s, as %s tells.", k.device, k.gateway, k.from))
		}
	}
	return sentences
}

// alone gives a reason to uplinks that are the same as one before them.
func alone(specs []uplink.Spec) []uplink.Spec {
	for i, s := range specs {
		same := slices.IndexFunc(specs[:i], func(b uplink.Spec) bool { return b == s })
		if same >= 0 && s.Reason == "" {
			specs[i].Reason = fmt.Sprintf("it has the device and the gateway of uplink %d", same+1)
			if same == 0 {
				specs[i].Reason = "it has the device and the gateway of the primary"
			}
		}
	}
	return specs
}
