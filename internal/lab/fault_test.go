package lab

import (
	"context"
	"strings"
	"testing"
	"time"
)

// view is what the router sees, by which each fault is recognised.
type view struct {
	carrier [2]bool // of the interfaces
	gateway [2]bool // answers the router
	outside [2]bool // a host of the internet answers the router by that uplink
}

// whole is a lab without faults.
func whole() view { return view{[2]bool{true, true}, [2]bool{true, true}, [2]bool{true, true}} }

// without is a view in which some things of uplink i are missing.
func without(i int, what string) view {
	v := whole()
	v.carrier[i] = !strings.Contains(what, "carrier")
	v.gateway[i] = !strings.Contains(what, "gateway")
	v.outside[i] = !strings.Contains(what, "outside")
	return v
}

func look(t *testing.T, l *Lab) view {
	t.Helper()
	var v view
	for i := range v.carrier {
		u := l.Uplink(i)
		out, _ := l.Router.Run("link", "show", u.Interface) // an error when it is gone
		v.carrier[i] = strings.Contains(out, "LOWER_UP")
		v.gateway[i] = quickPing(l.Router, u.Gateway.String())
		if _, err := l.Router.Run("route", "replace", "default", "via", u.Gateway.String(), "dev", u.Interface); err == nil {
			v.outside[i] = quickPing(l.LAN, "1.1.1.1")
		}
		l.Router.Run("route", "del", "default")
	}
	return v
}

// quickPing reports whether an address answers one ping within 100 ms.
func quickPing(ns *NS, address string) bool {
	return ns.Command(context.Background(), "ping", "-n", "-c", "1", "-W", "0.1", address).Run() == nil
}

// settle waits until the lab looks as wanted.
func settle(t *testing.T, l *Lab, want view) {
	t.Helper()
	var got view
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); {
		if got = look(t, l); got == want {
			return
		}
	}
	t.Errorf("the router sees %+v, want %+v", got, want)
}

func TestFaultsAndTheirRestores(t *testing.T) {
	t.Parallel()
	l := Start(t)
	for _, test := range []struct {
		fault Fault
		want  view
	}{
		{l.CutRouter(0), without(0, "carrier gateway outside")},
		{l.CutRouter(1), without(1, "carrier gateway outside")},
		{l.CutISP(0), without(0, "carrier gateway outside")},
		{l.CutISP(1), without(1, "carrier gateway outside")},
		{l.Removed(0), without(0, "carrier gateway outside")},
		{l.Removed(1), without(1, "carrier gateway outside")},
		{l.Blackhole(0), without(0, "outside")},
		{l.Blackhole(1), without(1, "outside")},
		{l.GatewayDead(0), without(0, "gateway outside")},
		{l.GatewayDead(1), without(1, "gateway outside")},
		{l.Loss(0, 100), without(0, "gateway outside")},
		{l.AllDown(), view{carrier: whole().carrier}},
		{l.HostDown("1.1.1.1"), view{carrier: whole().carrier, gateway: whole().gateway}},
		{l.Renumber(0), whole()},
		{l.RenumberGateway(0), whole()},
		{l.RenumberGateway(1), whole()},
		{l.ExternalChanged(1), whole()},
		{l.Bounce(0), whole()},
		{l.DNSDown(), whole()},
		{l.RPFilter(1), whole()},
		{l.RPFilter(2), whole()},
	} {
		t.Run(test.fault.Name, func(t *testing.T) {
			must(t, test.fault.Inject())
			settle(t, l, test.want)
			must(t, test.fault.Restore())
			settle(t, l, whole())
		})
	}
	if !pings(l.LAN, Host6) {
		t.Error("IPv6 did not survive the faults")
	}
}

func TestLossIsPartial(t *testing.T) {
	t.Parallel()
	l := Start(t)
	must(t, l.Loss(0, 40).Inject())
	through(t, l, 0)
	s, err := l.Stream(time.Millisecond)
	must(t, err)
	eventually(t, "500 packets", func() bool { return s.Since(time.Time{}).Sent >= 500 })
	r := s.Since(time.Time{})
	if share := float64(r.Lost) / float64(r.Sent); share < 0.25 || share > 0.55 {
		t.Errorf("lost %d of %d, want about 40 %%", r.Lost, r.Sent)
	}
}

func TestRenumberingChangesTheAddress(t *testing.T) {
	t.Parallel()
	l := Start(t)
	for _, test := range []struct {
		fault Fault
		want  string
	}{
		{l.Renumber(0), "192.168.42.77/24"},
		{l.RenumberGateway(0), "192.168.142.2/24"},
	} {
		must(t, test.fault.Inject())
		if got := addresses(t, l); got != test.want || l.Uplink(0).Address.String() != test.want {
			t.Errorf("%s: address %s, lab says %s, want %s", test.fault.Name, got, l.Uplink(0).Address, test.want)
		}
		must(t, test.fault.Restore())
		if got := addresses(t, l); got != "192.168.42.2/24" {
			t.Errorf("%s: restored to %s", test.fault.Name, got)
		}
	}
}

// addresses are the IPv4 addresses of the router's eth1.
func addresses(t *testing.T, l *Lab) string {
	t.Helper()
	out, err := l.Router.Run("-4", "-o", "addr", "show", "eth1")
	must(t, err)
	var found []string
	for line := range strings.Lines(out) {
		found = append(found, strings.Fields(line)[3])
	}
	return strings.Join(found, " ")
}

func TestRemovedInterfaceReturnsWithAnotherIndex(t *testing.T) {
	t.Parallel()
	l := Start(t)
	before, err := l.Router.interfaces()
	must(t, err)
	f := l.Removed(0)
	must(t, f.Inject())
	must(t, f.Restore())
	after, err := l.Router.interfaces()
	must(t, err)
	far, err := l.ISPs[0].interfaces()
	must(t, err)
	for index, name := range after {
		if name == "eth1" && before[index] == "eth1" {
			t.Errorf("eth1 has index %d as before", index)
		}
		if name == "eth1" && far[index] == "lan" {
			t.Errorf("both ends have index %d: the kernel would notice a carrier late", index)
		}
	}
}

func TestExternalAddressChanges(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	f := l.ExternalChanged(0)
	for _, step := range []struct {
		verb func() error
		want string
	}{
		{f.Inject, "200 5.9.1.77\n"},
		{f.Restore, "200 5.9.1.2\n"},
	} {
		must(t, step.verb())
		if got, err := get(l.LAN, l.Providers[0].URL()); err != nil || got != step.want {
			t.Errorf("provider said %q, %v, want %q", got, err, step.want)
		}
	}
}

func TestSNATKeepsToTheRulesAddress(t *testing.T) {
	t.Parallel()
	l := Start(t, SNAT())
	through(t, l, 0)
	must(t, l.Renumber(0).Inject())
	through(t, l, 0)
	if !pings(l.LAN, "1.1.1.1") {
		t.Error("the LAN host lost the internet when the SNAT address changed")
	}
	rules, err := run(l.Router.Command(t.Context(), "nft", "list", "table", "ip", "lab_nat"))
	must(t, err)
	if !strings.Contains(rules, "snat to 192.168.42.77") {
		t.Errorf("rules: %s", rules)
	}
}

func TestRPFilterIsSet(t *testing.T) {
	t.Parallel()
	l := Start(t)
	for _, mode := range []string{"1", "2", "0"} {
		must(t, l.RPFilter(int(mode[0]-'0')).Inject())
		out, err := run(l.Router.Command(t.Context(), "cat", "/proc/sys/net/ipv4/conf/eth1/rp_filter"))
		if must(t, err); strings.TrimSpace(out) != mode {
			t.Errorf("rp_filter is %q, want %s", out, mode)
		}
	}
}

func TestFaultsSayWhatFailed(t *testing.T) {
	t.Parallel()
	l := Start(t)
	f := l.CutRouter(0)
	must(t, l.Removed(0).Inject())
	err := f.Inject()
	if err == nil || !strings.Contains(err.Error(), `cannot inject fault "interface 1 set down at the router"`) {
		t.Errorf("error: %v", err)
	}
}
