package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// untrue is an address that nobody of the lab has.
var untrue = netip.MustParseAddr("5.9.66.66")

// allSources has ddns ask the lab's name servers and web servers, and update nothing.
func allSources(c lab.Config) {
	internetTargets(c)
	c.Set("ddns", "enable", true).Set("ddns", "sources", "interface,dns,http")
}

// answer makes all name servers answer so.
func (b *bench) answer(r lab.DNSReply) {
	for _, s := range b.DNS {
		s.Behave(r)
	}
}

// asked is how many questions name servers and web servers have got.
func (b *bench) asked() (dns, http int) {
	for _, s := range b.DNS {
		dns += s.Queries()
	}
	for _, p := range b.Providers {
		http += len(p.Requests())
	}
	return dns, http
}

// polls waits until the name servers have been asked n more times.
func (b *bench) polls(n int) {
	b.t.Helper()
	from, _ := b.asked()
	b.until(fmt.Sprintf("%d more questions by DNS", n), func() bool { dns, _ := b.asked(); return dns >= from+n })
}

// never fails the test if the log has the text.
func (b *bench) never(text string) {
	b.t.Helper()
	if strings.Contains(b.Text(), text) {
		b.t.Errorf("the log has %q", text)
	}
}

// A change behind the provider's NAT is noticed by DNS and confirmed by web servers,
// which are not asked otherwise.
func TestExternalAddressByDNS(t *testing.T) {
	t.Parallel()
	b := start(t, allSources)
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
	b.polls(5)
	if _, http := b.asked(); http != 2 {
		t.Errorf("web servers were asked %d times, want 2", http)
	}
	at := b.inject(b.ExternalChanged(0))
	seen := b.see(at, "External IP Address changed from 5.9.1.2 to 5.9.1.77")
	t.Logf("from the change to the log, lookup-interval 1: %v", seen.At.Sub(at))
}

// A web server that lies is not believed, not even together with DNS that tells the
// same lie, and costs nothing but another question.
func TestLiesAreNotBelieved(t *testing.T) {
	t.Parallel()
	b := raise(t, allSources)
	b.answer(lab.DNSReply{Whoami: untrue})
	b.Providers[0].Behave(lab.Answer{Body: untrue.String()})
	b.run()
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
	b.polls(1)
	at := b.inject(b.ExternalChanged(0))
	b.seeWithin(2*patience, at, "External IP Address changed from 5.9.1.2 to 5.9.1.77") // questions under way hang, 5 s each
	b.never(" to " + untrue.String())
	b.answer(lab.DNSReply{})
	b.Providers[0].Behave(lab.Answer{})
	b.restore(b.ExternalChanged(0))
	b.seeWithin(2*patience, at, "External IP Address changed from 5.9.1.77 to 5.9.1.2")
}

// A network behind a login page takes every DNS query and every page for its own: the
// address stays what it was, and the log says why once.
func TestCaptivePortalIsNotBelieved(t *testing.T) {
	t.Parallel()
	b := start(t, allSources)
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
	b.answer(lab.DNSReply{Whoami: untrue})
	for _, p := range b.Providers {
		p.Behave(lab.Answer{Body: "<html><body>Welcome to our hotel. Please log in.</body></html>"})
	}
	at := time.Now()
	b.see(at, "not believed: ")
	b.see(at, "%% Unable to obtain External IP Address")
	b.polls(3)
	b.never(" to " + untrue.String())
	if n := strings.Count(b.Text(), "Unable to obtain"); n != 1 {
		t.Errorf("told %d times", n)
	}
	b.answer(lab.DNSReply{})
	for _, p := range b.Providers {
		p.Behave(lab.Answer{})
	}
	b.see(at, "External IP Address is still 5.9.1.2")
}

// Answers of another query or of somebody without authority are none.
func TestForgedDNSIsNotBelieved(t *testing.T) {
	t.Parallel()
	b := raise(t, allSources)
	b.config.Set("ddns", "sources", "dns")
	b.answer(lab.DNSReply{Whoami: untrue, WrongID: true})
	b.run()
	b.see(b.started, "not believed: ")
	b.see(b.started, "%% Unable to obtain External IP Address")
	b.never(untrue.String())
	b.answer(lab.DNSReply{})
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
}

// Who says that he does not want to be asked is not asked again.
func TestUnwelcomeIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := raise(t, allSources)
	b.config.Set("ddns", "sources", "http")
	b.Providers[0].Behave(lab.Answer{Status: 429})
	b.Providers[1].Behave(lab.Answer{Status: 403})
	b.run()
	b.see(b.started, "%% Unable to obtain External IP Address")
	others := func() int { return len(b.Providers[2].Requests()) }
	n := others()
	b.until("a second poll", func() bool { return others() > n })
	for i := range 2 {
		if n := len(b.Providers[i].Requests()); n != 1 {
			t.Errorf("provider %d was asked %d times, want once", i, n)
		}
	}
}

// At its defaults ddns learns within a second of a switch by which address the new
// uplink is known.
func TestExternalAddressFollowsTheSwitch(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) { allSources(c); c.Set("ddns", "lookup-interval", 0) })
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
	cut := b.CutISP(0)
	for range 3 {
		at := b.inject(cut)
		switched := b.see(at, "Route net62 (eth2) is active")
		known := b.see(at, "External IP Address changed from 5.9.1.2 to 46.4.2.2")
		back := b.restore(cut)
		failback := b.see(back, "Route net42 (eth1) is active")
		again := b.see(back, "External IP Address changed from 46.4.2.2 to 5.9.1.2")
		t.Logf("switch to address: %v; failback to address: %v", known.At.Sub(switched.At), again.At.Sub(failback.At))
		if d := max(known.At.Sub(switched.At), again.At.Sub(failback.At)); d > time.Second {
			t.Errorf("it took %v", d)
		}
	}
}

// An address of the machine itself that the internet knows is noticed at once, of both
// families, and nobody is asked.
func TestOwnAddressIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) {
		signedDelivery(c)
		c.Set("failover", "enable", false).Set("ddns", "family", "both").Set("ddns", "interval", 60)
	})
	named := b.bind()
	b.on(b.Router, "addr add 5.9.7.1/32 dev eth1", "route add default via 192.168.42.1 dev eth1 src 5.9.7.1",
		"addr add 2a01:4f8::1/128 dev eth1 nodad", "route add default via fd42::1 dev eth1 src 2a01:4f8::1")
	b.run()
	b.see(b.started, "External IP Address changed from unknown to 5.9.7.1")
	b.see(b.started, "External IP Address changed from unknown to 2a01:4f8::1")
	at := time.Now()
	b.on(b.Router, "addr add 5.9.7.2/32 dev eth1", "route replace default via 192.168.42.1 dev eth1 src 5.9.7.2", "addr del 5.9.7.1/32 dev eth1")
	seen := b.see(at, "External IP Address changed from 5.9.7.1 to 5.9.7.2")
	const record = "adding an RR at 'home.example.org' "
	t.Logf("renumbered to log: %v, to record: %v", seen.At.Sub(at), awaitLine(t, named, at, record+"A 5.9.7.2").Sub(at))
	at = time.Now()
	b.on(b.Router, "addr add 2a01:4f8::2/128 dev eth1 nodad", "route replace default via fd42::1 dev eth1 src 2a01:4f8::2")
	b.see(at, "External IP Address changed from 2a01:4f8::1 to 2a01:4f8::2")
	awaitLine(t, named, at, record+"AAAA 2a01:4f8::2")
	if dns, http := b.asked(); dns+http > 0 {
		t.Errorf("%d and %d questions were asked", dns, http)
	}
}

// on runs lines of ip(8) in a namespace.
func (b *bench) on(ns *lab.NS, lines ...string) {
	b.t.Helper()
	for _, line := range lines {
		if _, err := ns.Run(strings.Fields(line)...); err != nil {
			b.t.Fatal(err)
		}
	}
}

// What a question costs, counted by the router's kernel: 2 packets by DNS, some ten by
// HTTP.
func TestPacketsOfAQuestion(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"dns", "http"} {
		b := raise(t, func(c lab.Config) {
			allSources(c)
			c.Set("failover", "enable", false).Set("ddns", "sources", source).Set("ddns", "interval", 0.1)
		})
		b.on(b.Router, "route add default via 192.168.42.1")
		b.countPackets()
		b.run()
		b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
		b.until("five questions", func() bool { dns, http := b.asked(); return dns+http >= 5 })
		dns, http := b.asked()
		each := float64(b.packets()) / float64(dns+http)
		t.Logf("%s: %.1f packets a question, both ways", source, each)
		if each < 1.5 || each > map[string]float64{"dns": 2, "http": 12}[source] {
			t.Errorf("%s: %.1f packets a question", source, each)
		}
	}
}

// countPackets makes the router count the packets that it sends to and gets from servers.
func (b *bench) countPackets() {
	b.t.Helper()
	chain := func(hook, port string) string {
		return fmt.Sprintf("chain %s { type filter hook %[1]s priority 0; udp %s 53 counter; tcp %[2]s 80 counter; }\n", hook, port)
	}
	cmd := b.Router.Command(b.t.Context(), "nft", "table ip questions {\n"+chain("output", "dport")+chain("input", "sport")+"}")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
}

// packets is how many there were.
func (b *bench) packets() (n int) {
	b.t.Helper()
	out, err := b.Router.Command(b.t.Context(), "nft", "list", "table", "ip", "questions").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, rest := range strings.Split(string(out), "counter packets ")[1:] {
		var one int
		if _, err := fmt.Sscan(rest, &one); err != nil {
			b.t.Fatal(err)
		}
		n += one
	}
	return n
}
