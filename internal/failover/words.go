package failover

import (
	"fmt"

	"github.com/ejgeiger/imon/internal/event"
)

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
	c := s.all[i]
	k := s.uplinks[i]
	u := event.Uplink{Role: event.Role(i), Name: c.Name, Interface: c.Interface, Gateway: k.gateway}
	if !k.gateway.IsValid() && !c.AutoGateway() && !c.NoGateway() {
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
