package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a contender took of the machine: all of its processes together.
type usage struct {
	cpu, wall time.Duration
	rss, anon int // the most that was seen, KiB
}

// add counts the CPU time of a rig that is about to be closed.
func (u *usage) add(r *rig) {
	for _, pid := range r.lab.Router.Pids() {
		u.cpu += cpu(pid)
	}
	u.wall += time.Since(r.began)
}

// look notes the memory of the present moment.
func (u *usage) look(r *rig) {
	rss, anon := 0, 0
	for _, pid := range r.lab.Router.Pids() {
		rss += memory(pid, "VmRSS")
		anon += memory(pid, "RssAnon")
	}
	u.rss, u.anon = max(u.rss, rss), max(u.anon, anon)
}

// with is the usage of both.
func (u usage) with(v usage) usage {
	return usage{u.cpu + v.cpu, u.wall + v.wall, max(u.rss, v.rss), max(u.anon, v.anon)}
}

// perHour is the CPU time of one hour in seconds.
func (u usage) perHour() float64 {
	if u.wall == 0 {
		return 0
	}
	return u.cpu.Seconds() * float64(time.Hour) / float64(u.wall)
}

// cpu is the CPU time of a process and of its children that have ended, from
// /proc/PID/stat (proc_pid_stat(5)); 0 for one that is gone.
func cpu(pid int) time.Duration {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0
	}
	ticks := 0
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(field)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory is one figure of /proc/PID/status in KiB (proc_pid_status(5)).
func memory(pid int, name string) int {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	n := 0
	if fields := strings.Fields(rest); len(fields) > 0 {
		n, _ = strconv.Atoi(fields[0])
	}
	return n
}
