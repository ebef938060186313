package lab

import (
	"fmt"
	"net/netip"
	"strings"
)

// Addresses of the lab. Those of the internet are really global ones, because
// imon refuses addresses of documentation ranges; they exist only here.
const (
	LANHost   = "192.168.92.10" // the LAN host
	LANRouter = "192.168.92.1"  // the router, seen from the LAN
	EchoHost  = "9.9.9.9"       // answers UDP on port 7 with what it got and from whom
	Host6     = "2606:4700::1111"
)

// hosts are the addresses of the internet that answer pings.
const hosts = "1.1.1.1 8.8.8.8 9.9.9.9 93.184.215.14 104.16.1.1 104.16.1.2 104.16.1.3 " + OpenDNS + " " + GoogleDNS + " " + AkamaiDNS

// isp is what is fixed about one provider.
type isp struct {
	router, gateway string // addresses of the line to the router
	global, far     string // addresses of the line to the internet
	prefix6         string // of the line to the router, IPv6
	far6            string // of the line to the internet, IPv6
}

func provider(i int) isp {
	if i == 0 {
		return isp{"192.168.42.2", "192.168.42.1", "5.9.1.2", "5.9.0.1", "fd42::", "fd05:9::"}
	}
	return isp{"192.168.62.2", "192.168.62.1", "46.4.2.2", "46.4.0.1", "fd62::", "fd46:4::"}
}

// home is uplink i as the lab is built.
func home(i int) Uplink {
	p := provider(i)
	return Uplink{
		Interface: fmt.Sprintf("eth%d", i+1),
		Address:   netip.PrefixFrom(netip.MustParseAddr(p.router), 24),
		Gateway:   netip.MustParseAddr(p.gateway),
		Global:    netip.MustParseAddr(p.global),
	}
}

// build makes the namespaces, the cables, the addresses, the routes and the NAT.
func (l *Lab) build() error {
	if err := l.cable(); err != nil {
		return err
	}
	for _, ns := range l.all() {
		if err := kernelSettings(ns); err != nil {
			return err
		}
	}
	for ns, lines := range map[*NS]string{
		l.LAN:      lanLines,
		l.Router:   "link set lo up\n" + routerLAN + l.routerLines(0) + l.routerLines(1),
		l.ISPs[0]:  "link set lo up\n" + l.ispLines(0) + l.ispFarLines(0),
		l.ISPs[1]:  "link set lo up\n" + l.ispLines(1) + l.ispFarLines(1),
		l.Internet: internetLines(),
	} {
		if err := ns.batch(lines); err != nil {
			return err
		}
	}
	return l.nat()
}

// cable makes the namespaces and the veth pairs between them.
func (l *Lab) cable() error {
	var b strings.Builder
	for _, ns := range l.all() {
		fmt.Fprintf(&b, "netns add %s\n", ns.name)
	}
	b.WriteString(l.veth("eth0", l.LAN, "lan0", l.Router))
	for i, isp := range l.ISPs {
		b.WriteString(l.veth(home(i).Interface, l.Router, "lan", isp))
		b.WriteString(l.veth("far", isp, fmt.Sprintf("isp%d", i+1), l.Internet))
	}
	return host(b.String())
}

// veth is the line of ip(8) that makes a cable between two namespaces. Two ends
// with the same index would look like a device of its own to the kernel, which
// then takes up to a second to notice a carrier: every end gets another one.
func (l *Lab) veth(nameA string, a *NS, nameZ string, z *NS) string {
	index := 10 + l.ends.Add(2)
	return fmt.Sprintf("link add %s index %d netns %s type veth peer name %s index %d netns %s\n",
		nameA, index, a.name, nameZ, index+1, z.name)
}

// kernelSettings makes every namespace forward, and independent of how the
// machine is set up.
func kernelSettings(ns *NS) error {
	for _, s := range [][2]string{
		{"ipv4/ip_forward", "1"},
		{"ipv6/conf/all/forwarding", "1"},
		{"ipv6/conf/*/accept_dad", "0"}, // an address works at once, not after a second
		{"ipv6/neigh/*/retrans_time_ms", "100"},
		{"ipv4/conf/*/rp_filter", "0"},
		{"ipv4/conf/*/promote_secondaries", "1"},
	} {
		if err := ns.sysctl(s[0], s[1]); err != nil {
			return err
		}
	}
	return nil
}

const lanLines = `link set lo up
addr add 192.168.92.10/24 dev eth0
addr add fd92::10/64 dev eth0 nodad
link set eth0 up
route add default via 192.168.92.1
route add default via fd92::1
`

const routerLAN = `addr add 192.168.92.1/24 dev lan0
addr add fd92::1/64 dev lan0 nodad
link set lan0 up
`

// routerLines set up the router's side of uplink i as it is now, or again.
func (l *Lab) routerLines(i int) string {
	u, p := l.Uplink(i), provider(i)
	lines := fmt.Sprintf("addr replace %s dev %s\naddr replace %s2/64 dev %[2]s nodad\nlink set %[2]s up\n",
		u.Address, u.Interface, p.prefix6)
	if i == 0 {
		lines += fmt.Sprintf("route replace 2606:4700::/32 via %s1 dev %s\n", p.prefix6, u.Interface)
	}
	return lines
}

// ispLines set up the provider's side of uplink i as it is now, or again.
func (l *Lab) ispLines(i int) string {
	u, p := l.Uplink(i), provider(i)
	return fmt.Sprintf("addr replace %s/24 dev lan\naddr replace %s1/64 dev lan nodad\nlink set lan up\n"+
		"route replace fd92::/64 via %[2]s2\n", u.Gateway, p.prefix6)
}

// ispFarLines set up the provider's side towards the internet.
func (l *Lab) ispFarLines(i int) string {
	p := provider(i)
	return fmt.Sprintf("addr add %s/16 dev far\naddr add %s2/64 dev far nodad\nlink set far up\n"+
		"route add default via %s\nroute add default via %[2]s1\n", p.global, p.far6, p.far)
}

func internetLines() string {
	var b strings.Builder
	b.WriteString("link set lo up\naddr add " + Host6 + "/128 dev lo nodad\n")
	for _, address := range strings.Fields(hosts) {
		fmt.Fprintf(&b, "addr add %s/32 dev lo\n", address)
	}
	for i := range 2 {
		p := provider(i)
		fmt.Fprintf(&b, "addr add %s/16 dev isp%d\naddr add %s1/64 dev isp%[2]d nodad\nlink set isp%[2]d up\n",
			p.far, i+1, p.far6)
	}
	fmt.Fprintf(&b, "route add fd92::/64 via %s2\nroute add fd42::/64 via %[1]s2\n", provider(0).far6)
	return b.String()
}

// nat sets the NAT of router and providers to what the uplinks are now.
func (l *Lab) nat() error {
	if err := l.routerNAT(); err != nil {
		return err
	}
	for _, isp := range l.ISPs {
		if err := isp.nft(natTable(`oifname "far" masquerade`)); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) routerNAT() error {
	rules := `oifname { "eth1", "eth2" } masquerade`
	if l.snat {
		rules = fmt.Sprintf("oifname eth1 snat to %s\noifname eth2 snat to %s",
			l.Uplink(0).Address.Addr(), l.Uplink(1).Address.Addr())
	}
	return l.Router.nft(natTable(rules))
}

func natTable(rules string) string {
	return table("ip", "lab_nat", "chain post {\ntype nat hook postrouting priority 100\n"+rules+"\n}")
}

// table is a ruleset that makes a table anew whether or not it exists.
func table(family, name, body string) string {
	return fmt.Sprintf("table %s %s\ndelete table %[1]s %[2]s\ntable %[1]s %[2]s {\n%s\n}\n", family, name, body)
}
