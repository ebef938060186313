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
