package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// nobody is the user and group 65534, who owns nothing.
const nobody = 65534

// asNobody starts imon as nobody, with no capabilities but those, and no way to get
// others: what a service manager does for User=, AmbientCapabilities=,
// CapabilityBoundingSet= and NoNewPrivileges=.
func (d *counter) asNobody(capabilities string) {
	d.t.Helper()
	if err := os.Chown(d.directory, nobody, nobody); err != nil {
		d.t.Fatal(err)
	}
	file := filepath.Join(d.directory, "imon-lab")
	if err := os.WriteFile(file, d.config.JSON(), 0o644); err != nil {
		d.t.Fatal(err)
	}
	set := "-all"
	if capabilities != "" {
		set += "," + capabilities
	}
	d.confined(file, "setpriv", "--reuid", fmt.Sprint(nobody), "--regid", fmt.Sprint(nobody), "--clear-groups", "--no-new-privs",
		"--inh-caps="+set, "--ambient-caps="+set, "--bounding-set="+set)
}

// confined starts imon by a program that takes rights away.
func (d *counter) confined(file string, how ...string) {
	d.t.Helper()
	args := append([]string{d.variable(), stateVariable + "=" + d.directory}, how...)
	d.started = time.Now()
	p, err := d.Start(d.t.Context(), d.Router, nil, "env", append(args, os.Getenv("IMON_BINARY"), "--nosyslog", "--config", file)...)
	if err != nil {
		d.t.Fatal(err)
	}
	d.bench.Program = p
}

// capabilities is the file for procd's ujail.
const capabilities = "../../openwrt/files/imon.capabilities.json"

// jailed starts imon as procd's ujail leaves it: root, with the capabilities of the
// file for it and without root's other rights (capabilities(7), SECBIT_NOROOT). As
// ujail gives them with capset(2) and setpriv has no such call, they are ambient here.
func (d *counter) jailed() {
	d.t.Helper()
	var sets struct{ Bounding []string }
	if err := json.Unmarshal([]byte(content(capabilities)), &sets); err != nil || len(sets.Bounding) == 0 {
		d.t.Fatal(err)
	}
	set := "-all"
	for _, c := range sets.Bounding {
		set += ",+" + strings.TrimPrefix(strings.ToLower(c), "cap_")
	}
	d.confined(d.mine(), "setpriv", "--securebits", "+noroot,+noroot_locked", "--no-new-privs", "--inh-caps="+set, "--ambient-caps="+set, "--bounding-set="+set)
}

// ujailed starts imon by the real ujail, as procd does for the init script.
func (d *counter) ujailed() {
	d.t.Helper()
	file, err := filepath.Abs(capabilities)
	if err != nil {
		d.t.Fatal(err)
	}
	d.confined(d.mine(), os.Getenv("IMON_UJAIL"), "-t", "5", "-n", "imon-main", "-C", file, "-c", "-e", directoryVariable, "-e", stateVariable, "--")
}

// mine writes a configuration that root alone may read.
func (d *counter) mine() string {
	d.t.Helper()
	file := filepath.Join(d.directory, "imon-lab")
	if err := os.WriteFile(file, d.config.JSON(), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return file
}

// allMonitors enables them, with a record that ddns updates.
func allMonitors(c lab.Config) {
	for _, monitor := range []string{"ddns", "updown", "failover", "ping"} {
		c.Set(monitor, "enable", true)
	}
	internetTargets(c)
}

// All four monitors work without root: pings, the switch and its routes, rules and
// flows, the socket, and what is kept. What has to be writable are the directories of
// the socket and of the state, and nothing else.
func TestUnprivileged(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*counter){
		"own user, as by systemd": func(d *counter) { d.asNobody("+net_raw,+net_admin") },
		"root in a jail of procd": (*counter).jailed,
	}
	if os.Getenv("IMON_UJAIL") != "" { // Debian has none
		ways["the real ujail"] = (*counter).ujailed
	}
	for name, start := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worksUnprivileged(t, start)
		})
	}
}

func worksUnprivileged(t *testing.T, start func(*counter)) {
	d := openCounter(t, allMonitors)
	server := strings.TrimSuffix(d.Providers[2].URL(), "/ip")
	d.config.Set("ddns", "update", "url").Set("ddns", "update-server", server+"/ok?ip={ip}")
	d.config.Set("ddns", "providers", d.Providers[0].URL()+","+d.Providers[1].URL())
	d.Providers[2].Behave(lab.Answer{Body: "OK"})
	start(d)
	for _, line := range []string{"Network Failover Primary Route net42 (eth1) is active", "Monitored IP 9.9.9.9 online",
		"External IP Address changed from unknown to ", "Ping Result: IP:1.1.1.1 State:True"} {
		d.see(d.started, line)
	}
	status := content(fmt.Sprintf("/proc/%d/status", d.last()))
	for _, want := range []string{"CapEff:\t0000000000003000", "CapBnd:\t0000000000003000", "NoNewPrivs:\t1"} {
		if !strings.Contains(status, want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
	at := d.inject(d.CutISP(0))
	d.see(at, "Network Failover Standby Route net62 (eth2) is active")
	d.via(1)
	d.whole()
	d.until("the delivery is kept", func() bool { return len(content(filepath.Join(d.directory, "main.ddns"))) > 0 })
	if code := d.stop(15); code != 0 {
		t.Errorf("exit code %d", code)
	}
	d.via(1)
	for _, l := range d.Lines() {
		for _, complaint := range []string{"ermission", "not permitted", "annot", "No socket", "not known after a restart"} {
			if strings.Contains(l.Text, complaint) && !strings.Contains(l.Text, "no carrier") { // which is the cable's
				t.Errorf("complaint: %s", l.Text)
			}
		}
	}
}

// last is the process that the program has become, or its child, if it has one.
func (d *counter) last() int {
	child := strings.TrimSpace(content(fmt.Sprintf("/proc/%d/task/%[1]d/children", d.Pid())))
	if pid, err := strconv.Atoi(child); err == nil {
		return pid
	}
	return d.Pid()
}

// Without failover CAP_NET_RAW is enough, and without that each thing that cannot be
// done is said in one line, once.
func TestFewerPrivileges(t *testing.T) {
	t.Parallel()
	t.Run("ping needs CAP_NET_RAW only", func(t *testing.T) {
		d := openCounter(t, func(c lab.Config) { c.Set("failover", "enable", false).Set("ping", "enable", true) })
		d.config.Set("ping", "monitorip", d.Uplink(0).Gateway.String())
		d.asNobody("+net_raw")
		d.see(d.started, "Ping Result: IP:192.168.42.1 State:True")
	})
	t.Run("nothing at all", func(t *testing.T) {
		d := openCounter(t, func(c lab.Config) { c.Set("ping", "enable", true) })
		d.config.Set("ping", "monitorip", d.Uplink(0).Gateway.String()).Set("ping", "interval", 0.1).Set("updown", "enable", true).Set("updown", "monitorip", d.Uplink(0).Gateway.String())
		d.asNobody("")
		const routes = "Cannot keep the routes of the uplinks in order: "
		if line := d.see(d.started, routes).Text; !strings.HasSuffix(line, ": operation not permitted (it takes root, or the capability CAP_NET_ADMIN); will try again") {
			t.Errorf("%s", line)
		}
		const probe = "Ping target 192.168.42.1: cannot probe: permission denied"
		d.see(d.started, probe)
		d.see(d.started, "Monitored IP 192.168.42.1 not checked: cannot probe: permission denied")
		if d.count(probe) != 1 || d.count(routes) != 1 || strings.Contains(d.Text(), `\n`) {
			t.Error("not said once in one sentence")
		}
	})
}
