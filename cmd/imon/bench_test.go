package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
)

// BenchmarkGap measures what a 5 ms UDP stream of the LAN host loses when the
// uplink in use fails, for a cable cut and for a provider that forwards
// nothing, at interval 10 and at interval 1. Run it with -benchtime 10x.
func BenchmarkGap(b *testing.B) {
	for _, interval := range []float64{10, 1} {
		for _, what := range []string{"cable cut at the router", "cable cut at the ISP", "ISP blackhole"} {
			b.Run(fmt.Sprintf("%s/interval %v", what, interval), func(b *testing.B) { benchmarkGap(b, what, interval) })
		}
	}
}

func benchmarkGap(b *testing.B, what string, interval float64) {
	l := lab.Start(b)
	fault := map[string]lab.Fault{
		"cable cut at the router": l.CutRouter(0), "cable cut at the ISP": l.CutISP(0), "ISP blackhole": l.Blackhole(0),
	}[what]
	c := l.Config().Set("failover", "interval", interval)
	internetTargets(c)
	p := launch(b, l, c)
	stream, err := l.Stream(5 * time.Millisecond)
	must(b, err)
	var gaps []time.Duration
	for b.Loop() {
		await(b, p, time.Time{}, "Primary Route net42 (eth1) is active")
		wait(b, "the stream to flow", stream.Up)
		time.Sleep(time.Duration(len(gaps)%10) * time.Duration(interval*float64(time.Second)) / 10) // spread over the interval
		at := time.Now()
		must(b, fault.Inject())
		await(b, p, at, "Standby Route net62 (eth2) is active")
		wait(b, "the stream to flow again", stream.Up)
		time.Sleep(300 * time.Millisecond) // so that late answers are in
		gaps = append(gaps, stream.Since(at).Longest().For)
		at = time.Now()
		must(b, fault.Restore())
		await(b, p, at, "Primary Route net42 (eth1) is active")
	}
	report(b, gaps)
}

// BenchmarkIdle measures memory and CPU of, and programs started by, an imon with all four
// monitors at interval 1 and nothing to say. Run it with -benchtime 60x: each
// turn is one second.
func BenchmarkIdle(b *testing.B) {
	l := lab.Start(b)
	c := l.Config()
	for _, monitor := range []string{"ddns", "updown", "ping"} {
		c.Set(monitor, "enable", true)
	}
	p := launch(b, l, c)
	await(b, p, time.Time{}, "Ping Result")
	before, began := cpu(b, p.Pid()), time.Now()
	for b.Loop() {
		time.Sleep(time.Second)
	}
	took := time.Since(began)
	hour := float64(time.Hour) / float64(took)
	b.ReportMetric((cpu(b, p.Pid())-before).Seconds()*hour, "CPU-s/h")
	b.ReportMetric(float64(procStatus(b, p.Pid(), "VmRSS")), "KiB-RSS")
	b.ReportMetric(float64(procStatus(b, p.Pid(), "RssAnon")), "KiB-anon")
	b.ReportMetric(float64(number(b, p.Pid(), 8)), "page-faults-of-children") // 0: it has started no program
	b.ReportMetric(31.4*1024/float64(procStatus(b, p.Pid(), "VmRSS")), "x-less-RSS-than-Python")
}

// launch starts imon in the lab.
func launch(b *testing.B, l *lab.Lab, c lab.Config) *lab.Program {
	b.Helper()
	p, err := l.Imon(b.Context(), os.Getenv("IMON_BINARY"), c.JSON())
	must(b, err)
	b.Cleanup(func() {
		if b.Failed() {
			b.Logf("imon printed:\n%s", p.Text())
		}
	})
	return p
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// procStatus is one figure of /proc/PID/status in KiB (proc_pid_status(5)).
func procStatus(b *testing.B, pid int, name string) int {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	must(b, err)
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	must(b, err)
	return n
}

// cpu is the CPU time that a process has used, 10 ms fine.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	return time.Duration(number(b, pid, 11)+number(b, pid, 12)) * 10 * time.Millisecond
}

// number is one field of /proc/PID/stat (proc_pid_stat(5)), counted from the
// state, which is 0.
func number(b *testing.B, pid, field int) int {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	must(b, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	n, err := strconv.Atoi(fields[field])
	must(b, err)
	return n
}

// await waits for a line after from.
func await(b *testing.B, p *lab.Program, from time.Time, text string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 3*patience)
	defer cancel()
	_, err := p.Await(ctx, from, text)
	must(b, err)
}

// wait waits for a condition.
func wait(b *testing.B, what string, holds func() bool) {
	b.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// report prints the median and the largest of the gaps.
func report(b *testing.B, gaps []time.Duration) {
	b.Helper()
	slices.Sort(gaps)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(gaps[len(gaps)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(gaps[len(gaps)-1].Microseconds())/1000, "ms-max")
}
