package failover

import (
	"net/netip"

	"github.com/ejgeiger/imon/internal/uplink"
)

// spectator is a kernel for a dry run: its default route leads wherever it is told
// to, but in no table, and no flow is forgotten. The private tables and rules are
// the kernel's: without them nothing could be probed, and they move nobody's traffic.
type spectator struct {
	Kernel
	route *int // nil until it was told something
}

// Sync is the kernel's word, but for the default route.
func (s *spectator) Sync() (uplink.Snapshot, error) {
	found, err := s.Kernel.Sync()
	if s.route != nil {
		found.Default = *s.route
	}
	return found, err
}

// SetDefault believes what it is told.
func (s *spectator) SetDefault(i int) error {
	s.route = &i
	return nil
}

// SetSpare keeps none.
func (s *spectator) SetSpare(int) error { return nil }

// Prepare prepares nothing.
func (s *spectator) Prepare(netip.Addr, bool) error { return nil }

// Forget forgets nothing.
func (s *spectator) Forget(netip.Addr) error { return nil }
