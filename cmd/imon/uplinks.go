package main

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/netifd"
	"github.com/ejgeiger/imon/internal/uplink"
)

// netifdWait is how long a start waits for netifd to list its interfaces. On
// OpenWrt it has done so within milliseconds.
const netifdWait = 2 * time.Second

// interfaces is where logical interfaces are looked up; nil where there is no
// message bus. Then every name is that of a device.
type interfaces struct{ *netifd.Watcher }

// await waits until netifd has listed its interfaces, but not for long.
func (n interfaces) await(ctx context.Context) {
	if n.Watcher == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, netifdWait)
	defer cancel()
	select {
	case <-n.Ready():
	case <-ctx.Done():
	}
}

// specs are the uplinks of cfg as they are now, as far as netifd knows.
func (n interfaces) specs(cfg config.Failover, family uplink.Family) []uplink.Spec {
	var s []uplink.Spec
	for _, u := range cfg.All() {
		s = append(s, n.spec(u, family))
	}
	return s
}

// spec is one uplink as it is now. A logical interface stands for its device; a
// gateway that is configured wins over the one that netifd knows, which is an
// IPv4 one.
func (n interfaces) spec(u config.Uplink, family uplink.Family) uplink.Spec {
	s := uplink.Spec{Interface: u.Interface, Gateway: u.Gateway, Direct: u.NoGateway()}
	found, logical := n.find(u.Interface)
	if logical {
		s.Interface = found.Device
	}
	switch {
	case u.AutoGateway() && family == uplink.V4:
		s.Gateway = found.Gateway
	case u.AutoGateway() || u.NoGateway():
		s.Gateway = netip.Addr{}
	}
	if logical || u.AutoGateway() {
		s.Reason = n.reason(u, found, s)
	}
	return s
}

// find returns the logical interface called name or, when there is none, the one
// whose device is called so; logical tells which.
func (n interfaces) find(name string) (found netifd.Interface, logical bool) {
	if n.Watcher == nil {
		return found, false
	}
	if found, ok := n.Interface(name); ok {
		return found, true
	}
	found, _ = n.Over(name)
	return found, false
}

// reason is why netifd's word on an uplink keeps it from working, "" if it does not.
func (n interfaces) reason(u config.Uplink, found netifd.Interface, s uplink.Spec) string {
	switch {
	case found.Name == "":
		return "its gateway is to be learned (auto), and neither a default route by " + u.Interface + " nor a DHCP lease tells it"
	case !found.Up:
		return "netifd has interface " + found.Name + " down"
	case s.Interface == "":
		return "netifd has no device for interface " + found.Name
	case !s.Gateway.IsValid() && !s.Direct:
		return "netifd has no gateway for interface " + found.Name
	}
	return ""
}

// following is a router whose specs follow netifd, and what the kernel and the
// DHCP clients tell.
type following struct {
	*uplink.Router
	lessons *lessons
	hops    []uplink.Hop // of the last Sync
}

// Sync takes over the specs of this moment first, and once more when the kernel
// tells of other gateways then.
func (f *following) Sync() (uplink.Snapshot, error) {
	specs := f.lessons.specs(f.hops)
	s, err := f.follow(specs)
	if next := f.lessons.specs(f.hops); err == nil && !slices.Equal(next, specs) {
		return f.follow(next)
	}
	return s, err
}

func (f *following) follow(specs []uplink.Spec) (uplink.Snapshot, error) {
	if err := f.SetSpecs(specs); err != nil {
		return uplink.Snapshot{Default: uplink.None}, err
	}
	s, err := f.Router.Sync()
	if len(s.Hops) > 0 {
		f.hops = s.Hops
	}
	return s, err
}

// routing is what cfg says of the default route of a family.
func routing(cfg config.Failover, family uplink.Family) uplink.Options {
	return uplink.Options{Metric: cfg.Metric, Family: family, Manage: cfg.ManageDefaults && !cfg.DryRun}
}
