package main

import (
	"context"
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

// specs are the uplinks of cfg as they are now.
func (n interfaces) specs(cfg config.Failover) []uplink.Spec {
	var s []uplink.Spec
	for _, u := range cfg.All() {
		s = append(s, n.spec(u))
	}
	if s[0] == s[1] && s[1].Gateway.IsValid() && s[1].Reason == "" {
		s[1].Reason = "it has the device and the gateway of the primary"
	}
	return s
}

// spec is one uplink as it is now. A logical interface stands for its device; a
// gateway that is configured wins over the one that netifd knows.
func (n interfaces) spec(u config.Uplink) uplink.Spec {
	s := uplink.Spec{Interface: u.Interface, Gateway: u.Gateway}
	found, logical := n.find(u.Interface)
	switch {
	case logical:
		s.Interface = found.Device
	case !u.AutoGateway():
		return s
	}
	if u.AutoGateway() {
		s.Gateway = found.Gateway
	}
	s.Reason = n.reason(u, found, s)
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
	case n.Watcher == nil:
		return "its gateway is to be learned (auto), and there is no netifd to learn it from"
	case found.Name == "":
		return "its gateway is to be learned (auto), and netifd has no interface " + u.Interface
	case !found.Up:
		return "netifd has interface " + found.Name + " down"
	case s.Interface == "":
		return "netifd has no device for interface " + found.Name
	case !s.Gateway.IsValid():
		return "netifd has no gateway for interface " + found.Name
	}
	return ""
}

// following is a router whose specs follow netifd.
type following struct {
	*uplink.Router
	specs func() []uplink.Spec
}

// Sync takes over the specs of this moment first.
func (f following) Sync() (uplink.Snapshot, error) {
	if err := f.SetSpecs(f.specs()); err != nil {
		return uplink.Snapshot{Default: uplink.None}, err
	}
	return f.Router.Sync()
}

// routing is what cfg says of the default route of a family.
func routing(cfg config.Failover, family uplink.Family) uplink.Options {
	return uplink.Options{Metric: cfg.Metric, Family: family, Manage: cfg.ManageDefaults && !cfg.DryRun}
}
