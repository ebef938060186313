package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// The Python imon with the same four monitors at interval 1, measured in such a lab.
const (
	pythonRSS  = 31.4 * 1024 // KiB
	pythonAnon = 20.9 * 1024 // KiB
	pythonCPU  = 11.1        // seconds in an hour
)

// shellLoop is the least that anybody can watch one host with.
const shellLoop = "while :; do ping -c1 -W1 1.1.1.1 >/dev/null; sleep 1; done"

// BenchmarkIdle measures an imon with all four monitors at interval 1 and nothing
// to say, beside a shell loop that pings one host. Run it with -benchtime 600x: each
// turn is one second. IMON_BINARY_TO_MEASURE names a program in place of a fresh
// build without scripts/build-flags.
func BenchmarkIdle(b *testing.B) {
	b.Run("http", func(b *testing.B) { idle(b, lab.Start(b), func(lab.Config) {}, "SSL_CERT_FILE=") })
	b.Run("https", func(b *testing.B) {
		l := lab.Start(b)
		url, bundle := secure(b, l)
		idle(b, l, func(c lab.Config) { c.Set("ddns", "providers", url) }, "SSL_CERT_FILE="+bundle)
	})
}

// idle measures imon on the lab's configuration, changed by edit, with one more
// variable in its environment.
func idle(b *testing.B, l *lab.Lab, edit func(lab.Config), variable string) {
	c := l.Config()
	for _, monitor := range []string{"ddns", "updown", "ping"} {
		c.Set(monitor, "enable", true)
	}
	c.Set("ddns", "lookup-interval", 0).Set("ddns", "sources", "interface,dns,http") // the defaults
	edit(c)
	file := filepath.Join(b.TempDir(), "imon-idle")
	must(b, os.WriteFile(file, c.JSON(), 0o644))
	shell, err := l.Start(b.Context(), l.Router, nil, "busybox", "sh", "-c", shellLoop)
	must(b, err)
	p, err := l.Start(b.Context(), l.Router, nil, "env", variable, program(), "--nosyslog", "--config", file)
	must(b, err)
	await(b, p, time.Time{}, "External IP Address changed")
	await(b, p, time.Time{}, "Ping Result")
	before, loopBefore, began, most := spendingOf(b, p.Pid()), spendingOf(b, shell.Pid()), time.Now(), 0
	for b.Loop() {
		time.Sleep(time.Second)
		most = max(most, procStatus(b, p.Pid(), "RssAnon"))
	}
	tell(b, time.Since(began), before, spendingOf(b, p.Pid()), loopBefore, spendingOf(b, shell.Pid()), most)
}

// program is the imon to measure.
func program() string {
	if path := os.Getenv("IMON_BINARY_TO_MEASURE"); path != "" {
		return path
	}
	return os.Getenv("IMON_BINARY")
}

// tell reports figures and ratios.
func tell(b *testing.B, took time.Duration, from, to, loopFrom, loopTo spending, most int) {
	hour := float64(time.Hour) / float64(took)
	cpu := (to.cpu - from.cpu).Seconds() * hour
	loop := (loopTo.cpu + loopTo.children - loopFrom.cpu - loopFrom.children).Seconds() * hour
	for unit, value := range map[string]float64{
		"ns/op": 0, "KiB-RSS": float64(to.rss), "KiB-anon": float64(to.anon), "KiB-anon-most": float64(most), "KiB-RSS-peak": float64(to.peak),
		"CPU-s/h": cpu, "CPU-%": cpu / 36, "wake-ups/s": float64(to.waits-from.waits) / took.Seconds(),
		"page-faults-of-children": float64(to.faults), // 0: it has started no program
		"Python/imon-RSS":         pythonRSS / float64(to.rss), "Python/imon-anon": pythonAnon / float64(to.anon), "Python/imon-CPU": pythonCPU / cpu,
		"shell-CPU-s/h": loop, "shell/imon-CPU": loop / cpu, "shell-KiB-RSS": float64(loopTo.rss),
	} {
		b.ReportMetric(value, unit)
	}
}

// secure starts a provider by TLS on the lab's internet, and returns its URL and a
// file with the machine's certificates and that of the provider.
func secure(b *testing.B, l *lab.Lab) (url, bundle string) {
	b.Helper()
	dir := b.TempDir()
	must(b, compile(dir+"/peer", "../../internal/lab/peer"))
	must(b, os.WriteFile(dir+"/body", []byte(l.Uplink(0).Global.String()+"\n"), 0o644))
	_, err := l.Start(b.Context(), l.Internet, nil, dir+"/peer", "-https", "104.16.1.1:443", "-body", dir+"/body",
		"-ca", dir+"/ca", "-ready", dir+"/ready", "provider1.example=104.16.1.1")
	must(b, err)
	wait(b, "the provider to listen", func() bool { _, err := os.Stat(dir + "/ready"); return err == nil })
	machine, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		b.Logf("the provider's certificate is the only one: %v", err)
	}
	own, err := os.ReadFile(dir + "/ca")
	must(b, err)
	must(b, os.WriteFile(dir+"/bundle", append(machine, own...), 0o644))
	return "https://provider1.example/", dir + "/bundle"
}

// spending is what a process has used so far.
type spending struct {
	rss, anon, peak int           // KiB
	cpu             time.Duration // of its threads
	children        time.Duration // of its children that have ended, 10 ms fine
	waits           int           // how often a thread went to sleep
	faults          int           // page faults of its children
}

func spendingOf(b *testing.B, pid int) spending {
	b.Helper()
	u := spending{
		rss: procStatus(b, pid, "VmRSS"), anon: procStatus(b, pid, "RssAnon"), peak: procStatus(b, pid, "VmHWM"),
		children: time.Duration(number(b, pid, 13)+number(b, pid, 14)) * 10 * time.Millisecond, faults: number(b, pid, 8),
	}
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*"))
	must(b, err)
	for _, thread := range threads {
		ran, err := os.ReadFile(thread + "/schedstat") // the first number is ns on a CPU
		must(b, err)
		u.cpu += time.Duration(integer(b, strings.Fields(string(ran))[0]))
		u.waits += inStatus(b, thread+"/status", "voluntary_ctxt_switches")
	}
	return u
}

// procStatus is one figure of /proc/PID/status (proc_pid_status(5)).
func procStatus(b *testing.B, pid int, name string) int {
	b.Helper()
	return inStatus(b, filepath.Join("/proc", strconv.Itoa(pid), "status"), name)
}

func inStatus(b *testing.B, path, name string) int {
	b.Helper()
	text, err := os.ReadFile(path)
	must(b, err)
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	return integer(b, strings.Fields(rest)[0])
}

// number is one field of /proc/PID/stat (proc_pid_stat(5)), counted from the
// state, which is 0.
func number(b *testing.B, pid, field int) int {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	must(b, err)
	return integer(b, strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[field])
}

func integer(b *testing.B, text string) int {
	b.Helper()
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

// wait waits for a condition.
func wait(b *testing.B, what string, holds func() bool) {
	b.Helper()
	for end := time.Now().Add(3 * patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("not within %v: %s", 3*patience, what)
		}
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// await waits for a line after from.
func await(b *testing.B, p *lab.Program, from time.Time, text string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 3*patience)
	defer cancel()
	_, err := p.Await(ctx, from, text)
	must(b, err)
}
