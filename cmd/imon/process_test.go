package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// file is where the lab wrote the configuration of the running imon.
func (b *bench) file() string {
	b.t.Helper()
	line := b.see(b.started, "Configuration file ")
	_, path, _ := strings.Cut(line.Text, "Configuration file ")
	return path
}

// rewrite replaces the configuration of the running imon and has it read again.
func (b *bench) rewrite(text []byte) time.Time {
	b.t.Helper()
	if err := os.WriteFile(b.file(), text, 0o644); err != nil {
		b.t.Fatal(err)
	}
	at := time.Now()
	if err := b.Signal(syscall.SIGHUP); err != nil {
		b.t.Fatal(err)
	}
	return at
}

// nastyFiles are configurations with what a running imon says of them.
func nastyFiles() map[string]string {
	return map[string]string{
		"":                                "Configuration file 'FILE' has invalid syntax: line 1: the file is empty",
		"\x1b]0;root\x07{}":               "Configuration file 'FILE' has invalid syntax: line 1: the sections must stand in braces",
		strings.Repeat("\x00", 4096):      "Configuration file 'FILE' has invalid syntax: line 1: the sections must stand in braces",
		strings.Repeat(`{"a":`, 200000):   "Configuration file 'FILE' has invalid syntax: line 1: more than 10000 brackets and braces stand in each other",
		strings.Repeat("\n", 1100000):     "Configuration file 'FILE' is larger than 1048576 bytes",
		`{"ping": {"enable": true, "moni`: "Configuration file 'FILE' has invalid syntax: line 1: the file ends before its last brace or quote is closed",
		`{"ping": {"enable": true, "monitorip": "$(reboot)\u001b[2J"}}`: `Invalid value '$(reboot)\x1b[2J' for monitorip`,
		`{"ddns": {"enable": true, "providers": "http://u:geheim@h/"}}`: "Invalid value 'http://***@h/' for providers",
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	b := start(t, internetTargets)
	b.see(b.started, "Route net42 (eth1) is active")
	watch, err := b.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()

	at := b.rewrite([]byte(`{ "failover": { "enable": true, "interval": -1 } }`))
	b.see(at, "Configuration not reloaded: Invalid value '-1' for interval")
	b.see(at, "Configuration not reloaded: Missing settings for failover monitor:  primary-if primary-gw standby-if standby-gw")
	b.see(at, "The old configuration stays in force")

	for text, want := range nastyFiles() {
		at := b.rewrite([]byte(text))
		b.see(at, "Configuration not reloaded: "+strings.ReplaceAll(want, "FILE", b.file()))
		b.see(at, "The old configuration stays in force")
	}
	if text := b.Text(); strings.ContainsAny(text, "\x1b\x00\x07") || strings.Contains(text, "geheim") {
		t.Errorf("a control character or a secret in\n%q", text)
	}

	b.config.Set("ping", "enable", true).Set("ping", "interval", 0.2)
	at = b.rewrite(b.config.JSON())
	b.see(at, "[main-ping] Ping Result")
	if n := b.count("Start Network Failover Monitor"); n != 1 {
		t.Errorf("failover was started %d times although its settings stayed", n)
	}

	b.config.Set("failover", "interval", 0.5)
	at = b.rewrite(b.config.JSON())
	b.see(at, "Start Network Failover Monitor")
	b.see(at, "Route net42 (eth1) is active")

	b.config.Set("ping", "enable", false)
	at = b.rewrite(b.config.JSON())
	b.see(at, "Stopped the ping monitor")
	if wrong := watch.Wrong(from); len(wrong) > 0 {
		t.Errorf("not exactly one default route at: %v", wrong)
	}
}

func TestHangingActionDoesNotDelayTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, ran := filepath.Join(dir, "action"), filepath.Join(dir, "ran")
	text := "#!/bin/sh\ntrap '' TERM\necho $$ >>" + ran + "\nwhile :; do sleep 1; done\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	b := start(t, func(c lab.Config) { c.Set("global", "action", script) })
	b.see(b.started, "Route net42 (eth1) is active") // the script hangs since failover-initial
	b.until("the script runs", func() bool { _, err := os.Stat(ran); return err == nil })
	at := b.inject(b.CutISP(0))
	b.see(at, "Route net62 (eth2) is active")
	began := time.Now()
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the end took %v: want at most 2 s", took)
	}
	b.via(1)
}

// New settings are no reboot and no end of an outage: the monitor goes on with
// what it knew.
func TestReloadForgetsNeitherOutageNorAddress(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		c.Set("updown", "enable", true).Set("updown", "dnsserver", "").Set("ddns", "enable", true)
	})
	b.see(b.started, "External IP Address changed from unknown to ")
	b.see(b.started, "Monitored IP 9.9.9.9 online")
	down := b.HostDown("9.9.9.9")
	at := b.inject(down)
	b.see(at, "Monitored IP 9.9.9.9 offline")

	b.config.Set("updown", "addping", "1.1.1.1").Set("ddns", "interval", 0.5)
	at = b.rewrite(b.config.JSON())
	b.see(at, "Start Updown Monitor for IP Address 9.9.9.9")
	asked := len(b.Providers[0].Requests())
	b.until("polls by the new settings", func() bool { return len(b.Providers[0].Requests()) > asked+1 })
	at = b.restore(down)
	b.see(at, "Monitored IP 9.9.9.9 online")
	b.see(at, "Outage Duration: ")
	b.see(at, "Secondary IP 1.1.1.1 online")
	if b.count("offline at start") > 0 || b.count("changed from unknown") != 1 {
		t.Error("the reload counted as a start")
	}
}

// Other uplinks and another metric: the default route of the old settings is
// not left behind, where it would win or wait.
func TestReloadWithOtherUplinksAndMetric(t *testing.T) {
	t.Parallel()
	b := start(t, func(c lab.Config) {
		c.Set("failover", "metric", 100)
		c.Set("failover", "standby-if", "eth9").Set("failover", "standby-gw", "192.168.99.1")
	})
	b.see(b.started, "Primary Route net42 (eth1) is active")
	watch, err := b.WatchDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	b.config.Set("failover", "metric", 201)
	b.config.Set("failover", "primary-if", "eth2").Set("failover", "primary-gw", "192.168.62.1").Set("failover", "primary-name", "net62")
	at := b.rewrite(b.config.JSON())
	b.see(at, "Primary Route net62 (eth2) is active")
	b.via(1)
	for _, m := range watch.Wrong(from) {
		if len(m.Routes) == 0 {
			t.Errorf("no default route at %v", m.At)
		}
	}
}
