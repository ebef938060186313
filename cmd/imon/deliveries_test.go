package main

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/update"
)

func TestWhereDeliveriesAreKept(t *testing.T) {
	for want, c := range map[string]struct{ own, systemd, file string }{
		"/var/lib/imon/main.ddns":    {"", "", ""},
		"/var/lib/imon/fo/main.ddns": {"", "/var/lib/imon/fo:/var/lib/other", ""},
		"/var/run/imon/main.ddns":    {"", "", "/etc/openwrt_release"},
		"/home/somebody/x/main.ddns": {"/home/somebody/x", "/var/lib/imon", "/etc/openwrt_release"},
	} {
		t.Setenv(stateVariable, c.own)
		t.Setenv("STATE_DIRECTORY", c.systemd)
		e := env{fs: afero.NewMemMapFs()}
		if c.file != "" {
			put(t, e.fs, c.file, "")
		}
		if got := e.state("main", "ddns").Path; got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
}

func TestDeliveriesInTheDocument(t *testing.T) {
	now := time.Now()
	got := deliveries([]update.Delivery{
		{Role: "Standby", Host: "b.example", To: "p.example", Next: now.Add(time.Hour), Failures: 2, Err: "refused", Doubt: "silent"},
		{Role: "Primary", Host: "a.example", IPv4: netip.MustParseAddr("203.0.113.7"), IPv6: netip.MustParseAddr("2001:db8::7"), At: now.Add(-time.Minute), Drifted: true},
	})
	at := func(d time.Duration) string { return now.Round(0).Add(d).Format(time.RFC3339) }
	want := []status.Delivery{
		{Uplink: "primary", Hostname: "a.example", Address: "203.0.113.7", Address6: "2001:db8::7", Time: at(-time.Minute), Age: 60, Drifted: true},
		{Uplink: "standby", Hostname: "b.example", Server: "p.example", Next: at(time.Hour), Failures: 2, Error: "refused", Unverified: "silent"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFakeAddressesAreNotDelivered(t *testing.T) {
	for debug, want := range map[bool]bool{false: true, true: false} {
		c := config.Config{Global: config.Global{Debug: debug}, DDNS: config.DDNS{Rounds: config.Rounds{Enable: true}}}
		if got := delivered(c).Enable; got != want {
			t.Errorf("debug %t: %t", debug, got)
		}
	}
}

// A file that is no secret is not read to its end.
func TestFileThatIsNoSecret(t *testing.T) {
	e := env{fs: afero.NewMemMapFs()}
	for size, good := range map[int]bool{0: true, 44: true, maxSecret: true, maxSecret + 1: false, 1 << 24: false} {
		put(t, e.fs, "/etc/imon.key", strings.Repeat("x", size))
		text, err := e.secret("/etc/imon.key")
		if (err == nil) != good || good && len(text) != size || len(text) > maxSecret+1 {
			t.Errorf("%d bytes: %d, %v", size, len(text), err)
		}
	}
	if _, err := e.secret("/etc/nowhere"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
