package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

const tsigSecret = "c2VjcmV0LW9mLWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZw=="

// bind runs a real BIND on the internet of b, at 9.9.9.9, which logs each question
// and each update of zone example.org.
func (b *bench) bind() *lab.Program {
	b.t.Helper()
	dir := b.t.TempDir()
	const zone = "$TTL 60\n@ SOA ns root 1 3600 600 86400 60\n  NS ns\nns A 9.9.9.9\nrouter A 192.0.2.1\n"
	for name, text := range map[string]string{
		"zone": zone, "other": zone, "named.conf": fmt.Sprintf(`key "router" { algorithm hmac-sha256; secret %q; };
options {
	directory %q; pid-file none; session-keyfile none; lock-file none; querylog yes;
	listen-on { 9.9.9.9; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no; empty-zones-enable no;
};
controls { };
zone "example.org" { type primary; file "zone"; update-policy { grant router name home.example.org. A AAAA; grant router name lte.example.org. A AAAA; }; };
zone "home.example" { type primary; file "other"; };
`, tsigSecret, dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	if _, err := os.Stat("/usr/sbin/named"); err != nil {
		b.t.Fatal("the test needs named (Debian package bind9)")
	}
	p, err := b.Start(b.t.Context(), b.Internet, nil, "/usr/sbin/named", "-g", "-c", filepath.Join(dir, "named.conf"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = p.Signal(syscall.SIGKILL)
		_, _ = p.Wait(context.Background()) // before its directory is removed
		if b.t.Failed() {
			b.t.Logf("named printed:\n%s", p.Text())
		}
	})
	awaitLine(b.t, p, time.Time{}, "all zones loaded")
	return p
}

// awaitLine waits for a line of p and returns when it came.
func awaitLine(t *testing.T, p *lab.Program, from time.Time, text string) time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	line, err := p.Await(ctx, from, text)
	if err != nil {
		t.Fatal(err)
	}
	return line.At
}

// updates counts what the name server was told.
func updates(named *lab.Program) int { return strings.Count(named.Text(), "adding an RR") }

// signedDelivery has ddns deliver to the name server of bind.
func signedDelivery(c lab.Config) {
	internetTargets(c)
	c["ddns"]["enable"] = true
	for key, value := range map[string]string{"sources": "interface,dns,http", "hostname": "home.example.org", "update": "rfc2136", "update-server": "9.9.9.9",
		"key-name": "router", "key-secret": tsigSecret} {
		c.Set("ddns", key, value)
	}
}

// The record follows a failover, a failback and a change behind the provider's NAT,
// and outlives a process that is killed.
func TestRecordFollowsTheAddress(t *testing.T) {
	b := raise(t, signedDelivery)
	named := b.bind()
	const record = "adding an RR at 'home.example.org' A "
	b.run()
	b.see(b.started, "Delivered 5.9.1.2 as home.example.org to 9.9.9.9")
	t.Logf("start to record: %v", awaitLine(t, named, b.started, record+"5.9.1.2").Sub(b.started))

	hole := b.Blackhole(0)
	at := b.inject(hole)
	active := b.see(at, "Route net62 (eth2) is active")
	t.Logf("failover to record: %v", awaitLine(t, named, at, record+"46.4.2.2").Sub(active.At))

	at = b.restore(hole)
	active = b.see(at, "Route net42 (eth1) is active")
	t.Logf("failback to record: %v", awaitLine(t, named, at, record+"5.9.1.2").Sub(active.At))

	at = b.inject(b.ExternalChanged(0))
	changed := b.Lab.Uplink(0).Global.String()
	t.Logf("new address of the provider's NAT to record: %v", awaitLine(t, named, at, record+changed).Sub(at))
	b.see(at, "Delivered "+changed)

	b.kill()
	n := updates(named)
	b.run()
	b.see(b.started, "External IP Address changed from unknown to "+changed)
	awaitLine(t, named, b.started, "query: home.example.org IN A") // it compares
	if got := updates(named); got != n {
		t.Errorf("%d updates although nothing has changed", got-n)
	}

	b.kill()
	b.restore(b.ExternalChanged(0)) // while nobody looks
	b.run()
	t.Logf("start to record, address changed meanwhile: %v", awaitLine(t, named, b.started, record+"5.9.1.2").Sub(b.started))
	if strings.Contains(b.Text(), tsigSecret) {
		t.Error("the secret is in the log")
	}
}

// A server of the dyndns2 protocol is told once, with the login, and by the uplink whose
// address it is.
func TestDynDNS2(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) {
		allSources(c)
		c.Set("ddns", "providers", "http://104.16.1.2/ip,http://104.16.1.3/ip").Set("ddns", "update", "dyndns2").
			Set("ddns", "update-server", "http://104.16.1.1/nic/update").Set("ddns", "hostname", "home.example.org").
			Set("ddns", "username", "me").Set("ddns", "password", "pass word")
	})
	b.Providers[0].Behave(lab.Answer{Body: "good 5.9.1.2"})
	b.run()
	b.see(b.started, "Delivered 5.9.1.2 as home.example.org to 104.16.1.1")
	b.Providers[0].Behave(lab.Answer{Body: "good 46.4.2.2"})
	at := b.inject(b.CutISP(0))
	b.see(at, "Delivered 46.4.2.2 as home.example.org to 104.16.1.1")
	told := b.Providers[0].Requests()
	if len(told) != 2 {
		t.Fatalf("told %d times: %+v", len(told), told)
	}
	for i, address := range []string{"5.9.1.2", "46.4.2.2"} {
		r := told[i]
		if r.Path != "/nic/update" || r.Query != "hostname=home.example.org&myip="+address || r.Login != "me:pass word" || r.From.String() != address {
			t.Errorf("told %+v", r)
		}
	}
	b.never("pass word")
}

// Each uplink has a name of its own, whichever of them is active.
func TestEachUplinkHasItsRecord(t *testing.T) {
	t.Parallel()
	b := raise(t, func(c lab.Config) {
		signedDelivery(c)
		delete(c["ddns"], "hostname")
		c.Set("ddns", "follow", "each").Set("failover", "prefer-primary", false).
			Set("ddns", "primary-hostname", "home.example.org").Set("ddns", "standby-hostname", "lte.example.org")
	})
	named := b.bind()
	b.run()
	b.see(b.started, "External IP Address of Standby Network net62 (eth2) changed from unknown to 46.4.2.2")
	awaitLine(t, named, b.started, "adding an RR at 'home.example.org' A 5.9.1.2")
	awaitLine(t, named, b.started, "adding an RR at 'lte.example.org' A 46.4.2.2")
	at := b.inject(b.ExternalChanged(1)) // of the uplink that is not active
	awaitLine(t, named, at, "adding an RR at 'lte.example.org' A 46.4.2.77")
	b.never("home.example.org at 46.4")
}

// A name that is something else at its own name server, which is found by asking for
// the name servers of its zone, is delivered again.
func TestDriftedRecordIsRepaired(t *testing.T) {
	b := raise(t, internetTargets)
	b.config["ddns"]["enable"] = true
	b.config.Set("ddns", "hostname", "router.home.example").Set("ddns", "update", "url").
		Set("ddns", "update-server", "http://104.16.1.1/set?{hostname}={ip}")
	b.bind()
	for range 2 { // the first one delivers, the next one finds out
		if b.Program != nil {
			b.kill()
		}
		b.run()
		b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
		b.see(time.Time{}, "Delivered 5.9.1.2 as router.home.example to 104.16.1.1")
	}
	b.see(b.started, "router.home.example is 192.0.2.1 at ns.home.example, and not 5.9.1.2 as it was delivered: delivering it again")
	told := 0
	for _, r := range b.Providers[0].Requests() {
		if r.Path == "/set" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("told %d times: %+v", told, b.Providers[0].Requests())
	}
}

// kill ends imon as a power cut does.
func (b *bench) kill() {
	b.t.Helper()
	b.Signal(syscall.SIGKILL)
	if _, err := b.Wait(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}
