package metrics

import (
	"io"
	"maps"
	"slices"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/status"
)

// Process is what is known of the process, and what its sinks have counted since the start.
type Process struct {
	Version, GoVersion         string
	Goroutines                 int
	CPU                        float64 // seconds of all processors
	Resident                   int64   // bytes of memory
	ActionRuns, ActionFailures uint64  // of the user's script
	Dropped                    map[string]uint64
}

// Write writes what was counted and the state d.
func (s *Store) Write(w io.Writer, d status.Document, about Process) error {
	var p page
	s.mu.Lock()
	p.process(about, d.Instance, s.begun.unix())
	p.monitors(d)
	s.rounds(&p)
	s.results(&p, lastRounds(d))
	s.outages(&p)
	s.failovers(&p)
	p.uplinks(d)
	s.addresses(&p)
	p.addresses(d)
	s.kinds(&p)
	s.mu.Unlock()
	_, err := io.WriteString(w, p.String())
	return err
}

// process is about imon itself.
func (p *page) process(about Process, instance string, start float64) {
	p.head("imon_build_info", gauge, "Version of imon and of the Go that built it, and the instance; always 1.")
	p.sample("imon_build_info", 1, "version", about.Version, "goversion", about.GoVersion, "instance_name", instance)
	p.only("imon_start_time_seconds", gauge, "When imon was started, in seconds since 1970.", start)
	p.only("process_cpu_seconds_total", counter, "CPU time that imon has used, in seconds.", about.CPU)
	p.only("process_resident_memory_bytes", gauge, "Memory of imon, with the pages of the file, in bytes.", float64(about.Resident))
	p.only("go_goroutines", gauge, "Goroutines of imon.", float64(about.Goroutines))
	p.only("imon_action_runs_total", counter, "Runs of the action script that have ended.", float64(about.ActionRuns))
	p.only("imon_action_failures_total", counter, "Runs of the action script that failed.", float64(about.ActionFailures))
	p.head("imon_events_dropped_total", counter, "Events and log lines that nobody took in time, by sink.")
	for _, sink := range slices.Sorted(maps.Keys(about.Dropped)) {
		p.sample("imon_events_dropped_total", float64(about.Dropped[sink]), "sink", sink)
	}
}

// each writes one metric of those series that have it.
func (s *Store) each(p *page, name, kind, help string, has func(*series) bool, value func(*series) float64) {
	p.head(name, kind, help)
	for _, one := range s.series {
		if has(one) {
			p.sample(name, value(one), one.labels()...)
		}
	}
}

// probed reports whether s is that of somebody who is asked.
func probed(s *series) bool { return s.target != "" || s.uplink != "" }

// rounds are what came of all rounds.
func (s *Store) rounds(p *page) {
	s.each(p, "imon_ping_sent_total", counter, "Requests that were sent.", probed,
		func(s *series) float64 { return float64(s.sent) })
	s.each(p, "imon_ping_received_total", counter, "Requests that were answered.", probed,
		func(s *series) float64 { return float64(s.received) })
	const rtt = "imon_ping_rtt_seconds"
	p.head(rtt, "histogram", "Round-trip times of the requests that were answered, in seconds.")
	for _, one := range s.series {
		if probed(one) {
			one.rtt.write(p, rtt, one.labels())
		}
	}
}

// results are the figures of the last round.
func (s *Store) results(p *page, last map[key]*status.Result) {
	s.each(p, "imon_ping_loss_ratio", gauge, "Unanswered requests of the last round, 0 to 1.",
		func(s *series) bool { return probed(s) && last[s.key] != nil },
		func(s *series) float64 { return float64(last[s.key].Loss) })
	s.each(p, "imon_ping_jitter_seconds", gauge, "Mean difference of successive round-trip times of the last round, in seconds.",
		func(s *series) bool { return probed(s) && last[s.key] != nil && last[s.key].RTT != nil },
		func(s *series) float64 { return float64(last[s.key].RTT.Jitter) / 1000 })
}

// outages are those of hosts and of uplinks; a ping monitor gives no verdict.
func (s *Store) outages(p *page) {
	judged := func(s *series) bool { return s.uplink != "" || s.target != "" && s.monitor == event.Updown }
	s.each(p, "imon_outages_total", counter, "Outages that have begun.", judged,
		func(s *series) float64 { return float64(s.outages) })
	s.each(p, "imon_outage_seconds_total", counter, "Seconds offline, until now.", judged,
		func(s *series) float64 { return s.outage().Seconds() })
}

// failovers are the switches, and the outages of all uplinks together.
func (s *Store) failovers(p *page) {
	const switches = "imon_failover_switches_total"
	p.head(switches, counter, "Switches of the default route to this uplink, from another one.")
	for _, one := range s.series {
		if one.uplink != "" {
			p.sample(switches, float64(one.switches), "monitor", one.monitor, "to", one.uplink)
		}
	}
	whole := func(s *series) bool { return s.key == key{monitor: s.monitor} && isFailover(s.monitor) }
	s.each(p, "imon_failover_outages_total", counter, "Times that no uplink was online any more.", whole,
		func(s *series) float64 { return float64(s.outages) })
	s.each(p, "imon_failover_outage_seconds_total", counter, "Seconds without any uplink online, until now.", whole,
		func(s *series) float64 { return s.outage().Seconds() })
}

// addresses are how often external addresses were new, and when they were known last.
func (s *Store) addresses(p *page) {
	whole := func(s *series) bool { return s.key == key{monitor: s.monitor} && isDDNS(s.monitor) }
	s.each(p, "imon_ddns_updates_total", counter, "External addresses that were new.", whole,
		func(s *series) float64 { return float64(s.updates) })
	s.each(p, "imon_ddns_last_success_timestamp_seconds", gauge, "When the external address was known last, in seconds since 1970.",
		func(s *series) bool { return whole(s) && !s.success.at.IsZero() },
		func(s *series) float64 { return s.success.unix() })
}

// kinds are the events.
func (s *Store) kinds(p *page) {
	p.head("imon_events_total", counter, "Events by kind, as the action script gets them, and the results of rounds.")
	for _, name := range slices.Sorted(maps.Keys(s.events)) {
		p.sample("imon_events_total", float64(s.events[name]), "kind", name)
	}
}
