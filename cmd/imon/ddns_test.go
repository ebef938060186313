package main

import (
	"strings"
	"testing"

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
