//go:build chromium

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// The page in a real browser, which runs its script without a fault and shows what the lab
// went through; pictures of it go to IMON_PICTURES. `make page` runs it.
func TestPageInABrowser(t *testing.T) {
	pictures := os.Getenv("IMON_PICTURES")
	if pictures == "" {
		pictures = t.TempDir()
	}
	b := start(t, func(c lab.Config) {
		everything(c)
		c.Set("global", "listen", "9370")
		for _, m := range []string{"updown", "ping", "failover"} {
			c.Set(m, "interval", 0.2)
		}
	})
	b.see(b.started, "External IP Address changed from unknown to 5.9.1.2")
	time.Sleep(10 * time.Second)
	cut := b.CutISP(0)
	at := b.inject(cut)
	b.see(at, "Route net62 (eth2) is active")
	time.Sleep(5 * time.Second)
	b.restore(cut)
	b.see(at, "Route net42 (eth1) is active")
	blackhole := b.Blackhole(1)
	b.inject(blackhole)
	time.Sleep(5 * time.Second)

	for name, args := range map[string][]string{
		"light": {"--window-size=1100,1900"}, "dark": {"--window-size=1100,1900", "--blink-settings=preferredColorScheme=0"}, "phone": {"--window-size=500,2600"},
	} {
		b.browse(append(args, "--screenshot="+filepath.Join(pictures, name+".png"))...)
	}
	dom := b.browse("--dump-dom")
	for _, want := range []string{"imon main", "5.9.1.2", "net42 (eth1)", "net62 (eth2)", "updown", "ping 1.1.1.1", "Network Failover Standby Route net62 (eth2) is active", "% loss"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// browse opens the page in the router and returns what the browser prints.
func (b *bench) browse(args ...string) string {
	b.t.Helper()
	args = append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + b.t.TempDir(), "--virtual-time-budget=900",
		"--enable-logging=stderr", "--log-level=0"}, args...)
	cmd := b.Router.Command(b.t.Context(), "chromium", append(args, "http://127.0.0.1:9370/#round")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		b.t.Errorf("chromium: %v\n%s", err, errs.String())
	}
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			b.t.Error(line)
		}
	}
	return out.String()
}
