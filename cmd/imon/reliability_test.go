package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
)

// faultsVariable says how often each fault happens, and half as many pairs of faults for each;
// "make faults" has 20.
const faultsVariable = "IMON_FAULTS"

// hardship is a fault, or what else makes life hard for imon.
type hardship struct {
	name            string
	inject, restore func() error
	lead            int // by which uplink the default route leads meanwhile
}

// Meanwhile the route may lead by any uplink, or by none.
const whatever = -1

// TestReliability lets imon go through every fault, and through pairs of them, while its
// action script floods its output, leaves children behind and never ends by itself. After each
// there is one default route, of the uplink that is preferred and alive, every monitor goes on,
// and nothing is left over.
func TestReliability(t *testing.T) {
	t.Parallel()
	times := 1
	if text := os.Getenv(faultsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s: want a number from 1 on", faultsVariable, text)
		}
		times = n
	}
	d := openCounter(t, func(c lab.Config) {
		internetTargets(c)
		c.Set("failover", "interval", 0.2).Set("failover", "pingwait", 0.2)
		for _, monitor := range []string{"ddns", "updown", "ping"} {
			c.Set(monitor, "enable", true).Set(monitor, "interval", 0.2)
		}
		c.Set("global", "action", badScript(t)).Set("global", "action-timeout", 0.5)
	})
	d.launch()
	d.via(0)
	d.alive()
	all := d.hardships()
	took := make(map[string][]time.Duration)
	d.endure(all[0])
	before := d.footing(0)
	for range times {
		for _, h := range all {
			took[h.name] = append(took[h.name], d.endure(h))
		}
	}
	rng := rand.New(rand.NewPCG(1, uint64(times)))
	for range times * 5 / 2 {
		d.endureBoth(all[rng.IntN(len(all))], all[rng.IntN(len(all))])
	}
	after := d.footing(len(all) * times)
	t.Log("\n" + tookTable(all, took) + footings([]footing{before, after}))
	if why := after.grown(before); why != "" {
		t.Error(why)
	}
}

// badScript is an action script as nobody should write it.
func badScript(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "action")
	text := "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x >&2 2>/dev/null\nsleep 5 &\ntrap '' TERM\nsleep 5\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// endure lets h happen and end, and returns how long it took until the route was right
// meanwhile.
func (d *counter) endure(h hardship) time.Duration {
	d.t.Helper()
	at := time.Now()
	d.do(h.name, h.inject)
	took := time.Duration(0)
	if h.lead != whatever {
		d.via(h.lead)
		took = time.Since(at)
	}
	d.do(h.name, h.restore)
	d.sound(h.name)
	return took
}

// endureBoth lets b happen while a lasts.
func (d *counter) endureBoth(a, b hardship) {
	d.t.Helper()
	if a.name == b.name {
		return
	}
	names := a.name + ", " + b.name
	d.t.Log(names)
	d.do(names, a.inject)
	if err := b.inject(); err != nil { // of an interface that the first one took away
		d.t.Logf("  not both: %v", err)
		b.restore = func() error { return nil }
	}
	d.do(names, a.restore)
	d.do(names, b.restore)
	d.sound(names)
}

func (d *counter) do(name string, f func() error) {
	d.t.Helper()
	if err := f(); err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
}

// sound waits until all is as it should be.
func (d *counter) sound(name string) {
	d.t.Helper()
	defer func() {
		if d.t.Failed() {
			d.t.Logf("after %s", name)
		}
	}()
	d.via(0)
	d.alive()
}

// alive waits until every monitor has finished another round.
func (d *counter) alive() {
	d.t.Helper()
	rounds := func() (n [4]int64) {
		document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
		if err != nil || len(document.Monitors.All()) < 4 {
			return n
		}
		for i, m := range document.Monitors.All() {
			n[i%4] = m.Rounds
			if m.Enabled && m.State != status.Online {
				return [4]int64{}
			}
		}
		return n
	}
	first := [4]int64{}
	d.until("every monitor goes on and is online", func() bool {
		now := rounds()
		if now == [4]int64{} {
			return false
		}
		if first == [4]int64{} {
			first = now
		}
		return now[0] > first[0] && now[1] > first[1] && now[2] > first[2] && now[3] > first[3]
	})
}

// hardships are all of them.
func (d *counter) hardships() []hardship {
	of := func(lead int, f lab.Fault) hardship { return hardship{f.Name, f.Inject, f.Restore, lead} }
	both := func(f func(int) lab.Fault) lab.Fault {
		return lab.Together(f(0).Name+" and the other", f(0), f(1))
	}
	nothing := func() error { return nil }
	return []hardship{
		of(1, d.CutISP(0)), of(0, d.CutISP(1)), of(1, d.CutRouter(0)), of(0, d.CutRouter(1)), of(whatever, both(d.CutISP)),
		of(1, d.Blackhole(0)), of(1, d.GatewayDead(0)), of(whatever, d.AllDown()),
		of(whatever, d.Loss(0, 1)), of(whatever, d.Loss(0, 10)), of(whatever, d.Loss(0, 30)),
		of(whatever, d.DNSDown()), of(1, d.HostDown("9.9.9.9")).leading(0),
		of(0, d.Renumber(0)), of(0, d.Bounce(0)), of(1, d.Removed(0)), of(0, d.Removed(1)),
		of(0, d.DefaultDeleted()), of(whatever, d.ForeignDefault(1, 50)), of(0, d.RPFilter(1)),
		{"interface renamed", d.ip("link set eth1 down", "link set eth1 name other"), d.ip("link set other name eth1", "link set eth1 up"), 1},
		{"rules flushed", d.ip("rule flush", "rule add pref 32766 lookup main", "rule add pref 32767 lookup default"), nothing, 0},
		{"private tables flushed", d.ip("route flush table 1050000", "route flush table 1050001"), nothing, 0},
		{"foreign defaults in a loop", d.loop, nothing, 0},
		{"no file descriptors, and a cable is cut", d.exhaust, func() error { return errors.Join(d.limit("1024")(), d.CutISP(0).Restore()) }, 1},
		{"stopped and continued", d.signals(syscall.SIGSTOP), d.signals(syscall.SIGCONT), whatever},
		{"killed and started", d.kill, nothing, 0},
		{"a client that floods the socket", d.flood, nothing, 0},
	}
}

// leading is h with another uplink.
func (h hardship) leading(i int) hardship { h.lead = i; return h }

// ip runs lines of ip(8) in the router; what is not there any more cannot be removed.
func (d *counter) ip(lines ...string) func() error {
	return func() error {
		for _, line := range lines {
			if _, err := d.Router.Run(strings.Fields(line)...); err != nil && !strings.Contains(line, "flush") {
				return err
			}
		}
		return nil
	}
}

// loop adds and deletes another default route again and again.
func (d *counter) loop() error {
	for range 20 {
		if err := d.ip("route add default via 192.168.62.1 dev eth2 metric 77", "route del default via 192.168.62.1 dev eth2 metric 77")(); err != nil {
			return err
		}
	}
	return nil
}

// exhaust leaves imon no file descriptor but those that it has, and cuts the cable of the
// active uplink.
func (d *counter) exhaust() error {
	n := len(entries(d.t, fmt.Sprintf("/proc/%d/fd", d.Pid())))
	return errors.Join(d.limit(strconv.Itoa(n))(), d.CutISP(0).Inject())
}

// limit sets how many files imon may have open.
func (d *counter) limit(n string) func() error {
	return func() error {
		out, err := exec.Command("prlimit", "--pid", strconv.Itoa(d.Pid()), "--nofile="+n+":").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
}

func (d *counter) signals(s syscall.Signal) func() error {
	return func() error { return d.Signal(s) }
}

// kill kills imon in the middle of what it does, and starts another one; the route stays.
func (d *counter) kill() error {
	if err := d.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	d.until("it ends", d.Ended)
	if routes, err := d.Defaults(); err != nil || len(routes) != 1 {
		return fmt.Errorf("it left %q, %w", routes, err)
	}
	d.launch()
	d.until("it listens", func() bool { _, err := socket.NewClient(d.socket()).Status(d.t.Context(), ""); return err == nil })
	return nil
}

// flood asks for all that there is, as often as it can.
func (d *counter) flood() error {
	client := socket.NewClient(d.socket())
	for range 100 {
		if _, err := client.Status(d.t.Context(), ""); err != nil {
			return err
		}
		if _, _, err := client.Events(d.t.Context(), 0); err != nil {
			return err
		}
	}
	return nil
}

// tookTable shows how long each hardship kept the route from leading where it should.
func tookTable(all []hardship, took map[string][]time.Duration) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\ttimes\tmedian\tmost")
	for _, h := range all {
		sorted := slices.Sorted(slices.Values(took[h.name]))
		if h.lead == whatever {
			fmt.Fprintf(w, "%s\t%d\t\t\n", h.name, len(sorted))
			continue
		}
		fmt.Fprintf(w, "%s\t%d\t%v\t%v\n", h.name, len(sorted), sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond))
	}
	w.Flush()
	return b.String()
}
