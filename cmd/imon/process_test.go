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
