package main

import (
	"syscall"
	"testing"

	"github.com/ejgeiger/imon/internal/lab"
)

// With manage-defaults the router has imon's default route alone, however others put
// theirs back, and what they had when imon has stopped.
func TestManagedDefaultsComeBack(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) { c.Set("failover", "manage-defaults", true) })
	b.route("add", "default", "via", "192.168.62.1", "dev", "eth2", "proto", "dhcp", "metric", "100", "mtu", "1400")
	before, err := b.Router.Run("route", "show", "default")
	if err != nil {
		t.Fatal(err)
	}
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	b.via(0)
	b.route("add", "default", "via", "192.168.42.1", "dev", "eth1", "proto", "dhcp", "metric", "50")
	b.via(0)
	at := b.inject(b.CutISP(0))
	b.see(at, "Route net62 (eth2) is active")
	b.via(1)
	b.route("flush", "table", "all", "default", "dev", "eth1") // what was put aside of the first
	b.stop(syscall.SIGTERM)
	after, err := b.Router.Run("route", "show", "default", "proto", "dhcp")
	if err != nil {
		t.Fatal(err)
	}
	if before != "default via 192.168.62.1 dev eth2 proto dhcp metric 100 mtu 1400 \n" || after != "default via 192.168.62.1 dev eth2 metric 100 mtu 1400 \n" {
		t.Errorf("before %q, after %q", before, after)
	}
}

// A program that insists keeps its route; the log says so once, and traffic follows
// failover all the same.
func TestContestedDefaultIsSaidOnce(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) { c.Set("failover", "manage-defaults", true) })
	b.run()
	b.see(b.started, "Route net42 (eth1) is active")
	b.via(0)
	contested := func() bool { return b.count("back all the time") > 0 }
	for range 5 {
		if _, err := b.Router.Run("route", "replace", "default", "via", "192.168.62.1", "dev", "eth2", "proto", "dhcp", "metric", "100"); err != nil {
			t.Fatal(err)
		}
		b.until("it is alone, or lets the other be", func() bool {
			routes, err := b.Defaults()
			return err == nil && len(routes) == 1 || contested()
		})
	}
	b.until("it says so", contested)
	b.until("its metric wins", func() bool {
		out, err := b.Router.Run("route", "show", "default", "metric", "99")
		return err == nil && out == "default via 192.168.42.1 dev eth1 proto 105 \n"
	})
	if n := b.count("back all the time"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// An interface that is not there when imon starts is used when it comes.
func TestInterfaceAbsentAtStart(t *testing.T) {
	t.Parallel()
	b := raise(t, internetTargets)
	gone := b.Removed(0)
	b.inject(gone)
	b.run()
	b.see(b.started, "Route net62 (eth2) is active")
	b.via(1)
	at := b.restore(gone)
	b.see(at, "Route net42 (eth1) is active")
	b.via(0)
}
