package main

import (
	"context"
	"errors"
	iofs "io/fs"
	"net"
	"net/netip"

	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/configure"
)

// machine is this machine as configure needs it.
type machine struct {
	fs    afero.Fs
	names interfaces
}

func (m machine) Stat(path string) (iofs.FileInfo, error) { return m.fs.Stat(path) }

// Interfaces returns the logical interfaces of OpenWrt, if there are any, and then
// the devices but for the loopback one.
func (m machine) Interfaces() []configure.Interface {
	all := m.logical()
	devices, _ := net.Interfaces() // none, if the kernel does not tell
	for _, d := range devices {
		if d.Flags&net.FlagLoopback != 0 {
			continue
		}
		i := configure.Interface{
			Name: d.Name,
			Up:   d.Flags&(net.FlagUp|net.FlagRunning) == net.FlagUp|net.FlagRunning,
			Peer: d.Flags&net.FlagPointToPoint != 0,
		}
		addresses, _ := d.Addrs()
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() {
				i.Addresses = append(i.Addresses, p)
			}
		}
		all = append(all, i)
	}
	return all
}

// logical returns the interfaces of netifd. It does not tell how large their networks
// are, so a gateway is taken as it is.
func (m machine) logical() (all []configure.Interface) {
	if m.names.Watcher == nil {
		return nil
	}
	for _, i := range m.names.All() {
		if i.Name == "loopback" {
			continue
		}
		found := configure.Interface{Name: i.Name, Up: i.Up, Peer: true, Device: i.Device}
		if i.Address.IsValid() {
			found.Addresses = []netip.Prefix{netip.PrefixFrom(i.Address, i.Address.BitLen())}
		}
		all = append(all, found)
	}
	return all
}

// Resolve looks a name up as every program of this machine does.
func (machine) Resolve(ctx context.Context, name string) error {
	_, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return configure.ErrNoSuchName
	}
	return err
}
