package main

import (
	"io"
	"runtime"

	"github.com/ejgeiger/imon/internal/build"
	"github.com/ejgeiger/imon/internal/metrics"
	"github.com/ejgeiger/imon/internal/sink"
)

// sinks are those that count something themselves.
type sinks struct {
	action *sink.Action
	log    *sink.Log
	bus    *bus // nil where there is no message bus
}

// sinks returns those of p.
func (p *process) sinks() sinks { return sinks{p.action, p.log, p.bus} }

// Metrics writes what was counted and the state in the text format of Prometheus.
func (f front) Metrics(w io.Writer) error {
	d, _ := f.Status("")
	return f.counts.Write(w, d, f.sinks.process())
}

// process is what is known of this process.
func (s sinks) process() metrics.Process {
	runs, failures := s.action.Runs()
	p := metrics.Process{
		Version: build.Version, GoVersion: runtime.Version(), Goroutines: runtime.NumGoroutine(),
		CPU: metrics.CPU(), Resident: metrics.Resident(), ActionRuns: runs, ActionFailures: failures,
		Dropped: map[string]uint64{"action": s.action.Dropped(), "log": s.log.Dropped()},
	}
	if s.bus != nil {
		p.Dropped["ubus"] = s.bus.events.Dropped()
	}
	return p
}
