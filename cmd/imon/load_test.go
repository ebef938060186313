package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/netifd/netifdtest"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// loadVariable is for how long each load lasts; "make load" has a minute.
const loadVariable = "IMON_LOAD"

// loadTargets are as many targets as a ping monitor gets here.
const loadTargets = 200

// crowd is a message bus with somebody on it, and an action script that keeps what it is told.
type crowd struct {
	*counter
	bus    *ubustest.Server
	script string
	heard  atomic.Int64 // ping results, by the bus
}

// openCrowd raises them with a lab in whose internet 198.18.0.0/24 answers, too.
func openCrowd(t *testing.T, edit func(lab.Config)) *crowd {
	t.Helper()
	d := &crowd{bus: ubustest.Start(t)}
	d.counter = openCounter(t, func(c lab.Config) {
		internetTargets(c)
		for _, monitor := range []string{"ddns", "updown", "failover"} {
			c.Set(monitor, "enable", true).Set(monitor, "interval", 0.2).Set(monitor, "pingwait", 0.2)
		}
		edit(c)
	})
	if _, err := d.Internet.Run("route", "add", "local", "198.18.0.0/24", "dev", "lo"); err != nil {
		t.Fatal(err)
	}
	netifdtest.Start(t, d.bus.Socket())
	d.script = filepath.Join(d.directory, "action")
	if err := os.WriteFile(d.script, []byte("#!/bin/sh\necho \"$3\" >>\"$0.log\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

// listen has ping results counted that come by the bus.
func (d *crowd) listen() {
	client := ubus.New(d.bus.Socket(), func(string) {})
	client.Listen("imon.ping-result", func(string, ubus.Table) { d.heard.Add(1) })
	d.background(client.Run)
}

// background runs something until the test ends.
func (d *crowd) background(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = run(ctx) })
	d.t.Cleanup(func() { cancel(); running.Wait() })
}

// launch starts imon on the bus.
func (d *crowd) launch() {
	d.t.Helper()
	d.counter.launch(socketVariable + "=" + d.bus.Socket())
	d.via(0)
}

// switchOver cuts the first cable and restores it: failover has to act all the same.
func (d *crowd) switchOver() {
	d.t.Helper()
	cut := d.CutISP(0)
	d.inject(cut)
	d.via(1)
	d.restore(cut)
	d.via(0)
}

// metric is a value of imon's metrics, 0 when there is none.
func (d *crowd) metric(name string) int64 {
	d.t.Helper()
	by := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.socket())
	}}}
	answer, err := by.Get("http://imon/metrics")
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				d.t.Fatal(err)
			}
			return int64(n)
		}
	}
	return 0
}

// TestLoad has imon ping 200 targets each second, and five times a second, which is 1,000
// events a second for each sink. What was published has reached each sink or was counted and
// logged as dropped; each target had its turn; memory has a bound; failover acts meanwhile.
func TestLoad(t *testing.T) {
	for _, c := range []struct {
		name     string
		interval time.Duration
		script   bool // else the log gets the results
	}{
		{"200 a second for a script", time.Second, true},
		{"1,000 a second for a script", time.Second / 5, true},
		{"1,000 a second for the log", time.Second / 5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := openCrowd(t, func(cfg lab.Config) {
				var all []string
				for n := range loadTargets {
					all = append(all, fmt.Sprintf("198.18.0.%d", n+1))
				}
				cfg.Set("ping", "enable", true).Set("ping", "interval", c.interval.Seconds()).Set("ping", "pingwait", 0.5)
				cfg.Set("ping", "monitorip", all[0]).Set("ping", "addping", strings.Join(all[1:], ","))
			})
			if c.script {
				d.config.Set("global", "action", d.script)
			}
			d.listen()
			d.launch()
			d.bear(c.script)
		})
	}
}

// bear lets the load last, ends it, and settles the accounts.
func (d *crowd) bear(script bool) {
	const published = `imon_events_total{kind="ping-result"}`
	d.until("a first round", func() bool { return d.metric(published) >= loadTargets })
	from, began := d.metric(published), time.Now()
	memory := d.anonymous()
	d.switchOver()
	time.Sleep(time.Until(began.Add(period(d.t, loadVariable, 3*time.Second)))) // the load is what is tried
	made, took, ticks := d.metric(published)-from, time.Since(began).Seconds(), d.ticks()
	d.t.Logf("%d results in %.1f s (%.0f a second); CPU %d s/100; anonymous memory %d kB, then %d kB", made, took, float64(made)/took, ticks, memory, d.anonymous())
	if after := d.anonymous(); after > memory*3/2+2048 {
		d.t.Errorf("anonymous memory is %d kB, was %d kB", after, memory)
	}
	d.config.Set("ping", "enable", false)
	d.see(d.rewrite(d.config.JSON()), "Configuration reloaded")
	sinks := map[string]func() int64{"ubus": d.heard.Load}
	if script {
		sinks["action"] = func() int64 { return int64(strings.Count(content(d.script+".log"), "ping-result\n")) }
	} else {
		sinks["log"] = func() int64 { return int64(d.count("Ping Result: ")) }
	}
	for name, told := range sinks {
		lost := func() int64 { return d.metric(`imon_events_dropped_total{sink="` + name + `"}`) }
		d.until("all results at "+name, func() bool { return told()+lost() == d.metric(published) })
		d.t.Logf("%s: %d told, %d dropped", name, told(), lost())
		if said := d.count("Dropped ") + d.count("Lost "); lost() > 0 && said == 0 {
			d.t.Errorf("%s: nothing is said of what was dropped", name)
		}
	}
}

// anonymous is how much memory imon has of its own, in kB.
func (d *counter) anonymous() int { return kilobytes(d.t, d.proc("status"), "RssAnon:") }

// TestTwentyInstances runs twenty imons in one router, each with three monitors, and one of them
// with failover, on one message bus: all are there, make rounds, and the default route moves.
func TestTwentyInstances(t *testing.T) {
	t.Parallel()
	const instances = 20
	d := openCrowd(t, func(c lab.Config) {
		c.Set("ping", "enable", true).Set("ping", "interval", 1)
		for _, monitor := range []string{"ddns", "updown"} {
			c.Set(monitor, "interval", 1)
		}
	})
	d.launch()
	d.config.Set("failover", "enable", false)
	all := map[string]*lab.Program{"main": d.bench.Program}
	for n := range instances - 1 {
		name := fmt.Sprintf("i%d", n)
		p, err := d.Start(t.Context(), d.Router, nil, "env", d.variable(), socketVariable+"="+d.bus.Socket(),
			os.Getenv("IMON_BINARY"), "--nosyslog", "--config", d.keep(name), "--instance", name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = p
	}
	rounds := func(name string) int64 {
		document, err := socket.NewClient(filepath.Join(d.directory, name+".sock")).Status(t.Context(), "")
		if err != nil || document.Instance != name {
			return 0
		}
		m := document.Monitors
		return min(m.DDNS.Rounds, m.Updown.Rounds, m.Ping.Rounds)
	}
	for name := range all {
		d.until("three rounds of each monitor of "+name, func() bool { return rounds(name) >= 3 })
	}
	d.switchOver()
	time.Sleep(period(t, loadVariable, time.Second)) // for the figures
	objects, private, resident := 0, 0, 0
	for _, path := range d.bus.Objects() {
		if strings.HasPrefix(path, "imon.") {
			objects++
		}
	}
	for name, p := range all {
		if p.Ended() {
			t.Errorf("%s has ended:\n%s", name, p.Text())
			continue
		}
		private += kilobytes(t, fmt.Sprintf("/proc/%d/status", p.Pid()), "RssAnon:")
		resident += kilobytes(t, fmt.Sprintf("/proc/%d/smaps_rollup", p.Pid()), "\nPss:")
	}
	if objects != instances {
		t.Errorf("%d objects on the bus: %q", objects, d.bus.Objects())
	}
	t.Logf("%d instances: anonymous memory %d kB, all of it in proportion %d kB", instances, private, resident)
}

// keep writes the configuration into a file.
func (d *crowd) keep(name string) string {
	d.t.Helper()
	path := filepath.Join(d.directory, name+".json")
	if err := os.WriteFile(path, d.config.JSON(), 0o644); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// TestHundredClientsOnTheBus has a hundred programs ask for the status again and again: all get
// their answers, memory has a bound, and failover acts meanwhile.
func TestHundredClientsOnTheBus(t *testing.T) {
	t.Parallel()
	d := openCrowd(t, func(c lab.Config) { c.Set("ping", "enable", true).Set("ping", "interval", 0.2) })
	d.launch()
	d.until("imon on the bus", func() bool { return slices.Contains(d.bus.Objects(), "imon.main") })
	var answers [100]atomic.Int64
	var failures atomic.Int64
	for i := range answers {
		client := ubus.New(d.bus.Socket(), func(string) {})
		d.background(client.Run)
		d.background(func(ctx context.Context) error {
			for ctx.Err() == nil {
				switch _, err := client.Call(ctx, "imon.main", "status", nil); {
				case err == nil:
					answers[i].Add(1)
				case !errors.Is(err, ubus.ErrNotConnected): // at its start it is not
					failures.Add(1)
				}
			}
			return nil
		})
	}
	each := func() (least, sum int64) {
		least = answers[0].Load()
		for i := range answers {
			n := answers[i].Load()
			least, sum = min(least, n), sum+n
		}
		return least, sum
	}
	d.until("an answer for each", func() bool { least, _ := each(); return least >= 2 })
	memory, began := d.anonymous(), time.Now()
	_, from := each()
	d.switchOver()
	time.Sleep(time.Until(began.Add(period(t, loadVariable, 2*time.Second)))) // the load is what is tried
	least, sum := each()
	failed, after := failures.Load(), d.anonymous()
	t.Logf("%.0f answers a second, %d at least for each client; anonymous memory %d kB, then %d kB",
		float64(sum-from)/time.Since(began).Seconds(), least, memory, after)
	if failed > 0 || after > memory*3/2+2048 {
		t.Errorf("%d questions failed; memory was %d kB, and is %d kB", failed, memory, after)
	}
}
