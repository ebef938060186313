package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/status"
)

// Each address has a line, each source one below it, and nothing is wider than a
// terminal.
func TestDDNSForAPerson(t *testing.T) {
	four := tracking{4, &status.DDNS{
		Addresses: []status.Address{{
			Uplink: "primary", Address: "198.51.100.7", Source: "icanhazip.com", Next: "2026-01-01T00:00:57Z", In: 57,
			Sources: []status.Source{
				{Kind: "dns", Name: "whoami.cloudflare", Address: "198.51.100.7", Time: "2026-01-01T00:00:00Z", Age: 3},
				{Kind: "dns", Name: "o-o.myaddr.l.google.com", Error: "no answer within 1s", Time: "2026-01-01T00:00:00Z", Age: 75, Bench: "2026-01-01T00:01:00Z", Left: 45},
				{Kind: "http", Name: "ident.me", Error: "ident.me: not welcome", Time: "2026-01-01T00:00:00Z", Age: 3600, Bench: "2026-01-01T00:01:00Z", Left: 1800, Barred: true},
				{Kind: "http", Name: "a-provider-with-a-name-that-is-long.example"},
			},
		}, {Uplink: "standby", Reason: "nobody confirms it", Next: "2026-01-01T00:00:57Z"}},
		Deliveries: []status.Delivery{
			{Hostname: "home.example", Server: "ns1.example", Address: "198.51.100.7", Age: 120},
			{Hostname: "lte.example", Server: "ns1.example", Failures: 2, Error: "timeout"},
		},
	}}
	const want = `IPv4 primary: 198.51.100.7, by icanhazip.com; next question in 57s
  whoami.cloudflare        3s                              198.51.100.7
  o-o.myaddr.l.google.com  1m15s    on the bench for 45s   no answer within 1s
  ident.me                 1h0m     barred for 30m0s       ident.me: not welcome
  a-provider-with-a-name..
IPv4 standby: unknown, nobody confirms it; next question in 0s
home.example at ns1.example: 198.51.100.7 since 2m0s
lte.example at ns1.example: nothing delivered yet; failed 2 times: timeout
`
	if got := four.text(); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := (tracking{6, &status.DDNS{}}).text(); got != "IPv6: nothing is known yet\n" {
		t.Errorf("got %s", got)
	}
	for line := range strings.Lines(want) {
		if len(line) > columns+1 {
			t.Errorf("%d characters: %s", len(line)-1, line)
		}
	}
}

// ddns runs "imon ddns" with arguments in the router.
func (d *counter) ddns(args ...string) outcome {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := d.Router.Command(d.t.Context(), os.Getenv("IMON_BINARY"), append([]string{"ddns"}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), d.variable()), &stdout, &stderr
	_ = cmd.Run() // its exit code counts
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Where no imon runs, the addresses are found out now; where one does, they are its own,
// and nobody is asked.
func TestDDNSCommand(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) {
		allSources(c)
		c.Set("ddns", "lookup-interval", 0).Set("ddns", "follow", "each")
	})
	if got := d.ddns(); got.code != 1 || !strings.HasPrefix(got.stderr, "? imon does not run as instance 'main'") {
		t.Errorf("without a daemon: %+v", got)
	}
	file := filepath.Join(t.TempDir(), "imon-main")
	if err := os.WriteFile(file, d.config.JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	const both = "4 primary 5.9.1.2\n4 standby 46.4.2.2\n"
	d.launch() // for the rules by which each uplink is asked
	d.see(d.started, "External IP Address of Standby Network net62 (eth2) changed from unknown to 46.4.2.2")
	d.see(d.started, "External IP Address of Primary Network net42 (eth1) changed from unknown to 5.9.1.2")
	_, before := d.asked()
	if got := d.ddns("--once"); got != (outcome{0, both, ""}) {
		t.Errorf("of the daemon: %+v", got)
	}
	if _, after := d.asked(); after != before {
		t.Error("the daemon knows the addresses, and others were asked")
	}
	if got := d.ddns("--once", "--config", file); got != (outcome{0, both, ""}) {
		t.Errorf("found out: %+v", got)
	}
	if _, after := d.asked(); after == before {
		t.Error("nobody was asked")
	}
	text := d.ddns().stdout
	for _, want := range []string{"IPv4 primary: 5.9.1.2, by 104.16.1.", "; next question in ", "whoami.cloudflare", "IPv4 standby: 46.4.2.2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var found []finding
	if err := json.Unmarshal([]byte(d.ddns("--once", "--json").stdout), &found); err != nil || len(found) != 2 || found[1].Address != "46.4.2.2" {
		t.Errorf("%+v, %v", found, err)
	}
}

// Without an answer there is a sentence for each address, and exit code 1.
func TestDDNSOnceWithoutAnswers(t *testing.T) {
	t.Parallel()
	d := openCounter(t, func(c lab.Config) { allSources(c); c.Set("failover", "enable", false) })
	d.answer(lab.DNSReply{Rcode: 5})
	for _, p := range d.Providers {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "imon-main")
	if err := os.WriteFile(file, d.config.JSON(), 0o644); err != nil {
		t.Fatal(err)
	}
	d.on(d.Router, "route add default via 192.168.42.1")
	got := d.ddns("--once", "--config", file)
	if got.code != 1 || got.stdout != "" || !strings.HasPrefix(got.stderr, "? The external IPv4 address of the active uplink is not known: ") {
		t.Errorf("%+v", got)
	}
}
