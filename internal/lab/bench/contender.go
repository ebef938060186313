package main

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// contender is one program that keeps the default route, with its settings.
type contender struct {
	name   string
	note   string        // its settings, in words
	period time.Duration // how often it looks; the moments of faults are spread over it
	needs  string        // the commands that must be there
	where  string        // where to get them
	start  func(r *rig) error
	floor  bool // it shows what is possible at all, knows only of links, and is no peer
}

// isImon reports whether it is imon itself.
func (c contender) isImon() bool { return strings.HasPrefix(c.name, "imon") }

// contenders are those that were asked for: the present ones, and of the others
// why they are absent.
func contenders(o options) (present []contender, absent []string) {
	for _, c := range every(o) {
		if !asked(o.peers, c.name) {
			continue
		}
		if err := c.missing(); err != nil {
			absent = append(absent, fmt.Sprintf("%s: %v (%s)", c.name, err, c.where))
			continue
		}
		present = append(present, c)
	}
	return present, absent
}

// missing says which of the contender's commands is not there.
func (c contender) missing() error {
	for _, command := range strings.Fields(c.needs) {
		if _, err := exec.LookPath(command); err != nil {
			return err
		}
	}
	return nil
}

func asked(only, name string) bool {
	if only == "" {
		return true
	}
	for prefix := range strings.SplitSeq(only, ",") {
		if strings.HasPrefix(name, strings.TrimSpace(prefix)) {
			return true
		}
	}
	return false
}

// every is all contenders in the order of the table.
func every(o options) []contender {
	return append([]contender{
		{name: "kernel alone", note: "two default routes with two metrics, routes without carrier ignored; nobody watches",
			period: time.Second, floor: true, start: startKernel},
		{name: "reflex", note: "a Go program of 100 lines: a netlink message in, a route replaced, old flows removed; asks nobody, checks nothing",
			period: time.Second, floor: true, start: startReflex},
		imon(o, "10", 10, 1), imon(o, "1", 1, 1), imon(o, "0.1", 0.1, 0.2),
	}, peers(o)...)
}

// peers are the programs that imon is compared with.
func peers(o options) []contender {
	const shell = "Debian package busybox"
	return []contender{
		{name: "keepalived", note: "two routes with two metrics, carrier and ping scripts: 1 s, fall 2, rise 2",
			period: time.Second, needs: "keepalived ping", where: "Debian packages keepalived, iputils-ping", start: startKeepalived},
		{name: "shell 1 s", note: "busybox ash and ping in the manner of mwan3track: 1 s, down 2, up 2",
			period: time.Second, needs: "busybox", where: shell, start: startShell("1", "2", "2")},
		{name: "shell 5 s", note: "the same with mwan3's defaults: 5 s, down 3, up 8",
			period: 5 * time.Second, needs: "busybox", where: shell, start: startShell("5", "3", "8")},
		{name: "dpinger", note: "two of them and a script: 0.25 s, loss over 4 s above 20 %, lost after 1 s",
			period: 250 * time.Millisecond, needs: o.dpinger, where: "not in Debian; github.com/dennypage/dpinger, see docs/bench.md",
			start: startDpinger(o.dpinger)},
	}
}

// imon is imon at an interval and a pingwait in seconds.
func imon(o options, name string, interval, wait float64) contender {
	return contender{
		name: "imon " + name + " s", note: fmt.Sprintf("interval %v, pingcount 1, pingwait %v", interval, wait),
		period: time.Duration(interval * float64(time.Second)),
		start: func(r *rig) error {
			c := r.lab.Config().Set("failover", "interval", interval).Set("failover", "pingwait", wait).
				Set("failover", "primary-ping", target).Set("failover", "standby-ping", target)
			if err := r.overlay(c["failover"]); err != nil {
				return err
			}
			return r.keep(r.lab.Imon(r.ctx, o.imon, c.JSON()))
		},
	}
}
