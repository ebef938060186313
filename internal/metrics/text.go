package metrics

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/status"
)

// ContentType is that of the text (the Prometheus exposition formats).
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Process is what the wiring knows of the process.
type Process struct {
	Version, GoVersion string
	Goroutines         int
	ActionRuns         uint64 // of the user's script, since the start
	ActionFailures     uint64
}

// types of metrics.
const (
	gauge     = "gauge"
	counter   = "counter"
	histogram = "histogram"
)

// text is an exposition that is being written.
type text struct{ strings.Builder }

// head begins a metric.
func (t *text) head(name, kind, help string) {
	fmt.Fprintf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample is one line. Labels are pairs of name and value; one without a value is left out.
func (t *text) sample(name string, value float64, labels ...string) {
	t.WriteString(name)
	separator := byte('{')
	for i := 0; i+1 < len(labels); i += 2 {
		if labels[i+1] == "" {
			continue
		}
		t.WriteByte(separator)
		separator = ','
		t.WriteString(labels[i])
		t.WriteString(`="`)
		t.WriteString(escape(labels[i+1]))
		t.WriteByte('"')
	}
	if separator == ',' {
		t.WriteByte('}')
	}
	t.WriteByte(' ')
	t.WriteString(number(value))
	t.WriteByte('\n')
}

// escape is a label's value. What is not UTF-8 is replaced.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "\uFFFD"))
}

// number is a value.
func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// one is 1 for true.
func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Write writes what was counted and the state d.
func (s *Store) Write(w io.Writer, d status.Document, p Process) error {
	var t text
	t.process(d, p, s.start)
	t.state(d)
	s.mu.Lock()
	s.rounds(&t)
	s.outages(&t)
	s.counters(&t)
	s.mu.Unlock()
	_, err := io.WriteString(w, t.String())
	return err
}

// process is about imon itself.
func (t *text) process(d status.Document, p Process, start time.Time) {
	t.head("imon_build_info", gauge, "The version of imon; always 1.")
	t.sample("imon_build_info", 1, "version", p.Version, "goversion", p.GoVersion, "instance_name", d.Instance)
	t.head("imon_start_time_seconds", gauge, "When imon was started, in seconds since 1970.")
	t.sample("imon_start_time_seconds", seconds(time.Now().Round(0).Add(-time.Since(start))))
	t.head("imon_goroutines", gauge, "Goroutines of the process.")
	t.sample("imon_goroutines", float64(p.Goroutines))
	t.head("imon_action_runs_total", counter, "Runs of the action script.")
	t.sample("imon_action_runs_total", float64(p.ActionRuns))
	t.head("imon_action_failures_total", counter, "Runs of the action script that failed.")
	t.sample("imon_action_failures_total", float64(p.ActionFailures))
}

// seconds is a time of day since 1970, to the millisecond.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

// state is how the monitors and uplinks are.
func (t *text) state(d status.Document) {
	t.head("imon_up", gauge, "1 while the monitor is online: ddns has the address, updown and ping an answer, failover an active uplink.")
	for _, m := range d.Monitors.All() {
		if m.Enabled && m.State != status.Unknown {
			t.sample("imon_up", one(m.State == status.Online), "monitor", m.Name, "target", m.Target)
		}
	}
	for _, metric := range []struct {
		name, help string
		value      func(status.Failover, status.Uplink) bool
	}{
		{"imon_uplink_up", "1 while the uplink is online.", func(_ status.Failover, u status.Uplink) bool { return u.State == status.Online }},
		{"imon_uplink_active", "1 for the uplink that has the default route.", func(f status.Failover, u status.Uplink) bool { return u.Role == f.Active }},
		{"imon_uplink_degraded", "1 while the uplink is online, but bad.", func(_ status.Failover, u status.Uplink) bool { return u.Degraded != "" }},
	} {
		t.head(metric.name, gauge, metric.help)
		for _, m := range d.Monitors.All() {
			f := d.Monitors.FailoverOf(m.Name)
			if f == nil || !m.Enabled {
				continue
			}
			for _, u := range f.Uplinks {
				if u.State != status.Unknown {
					t.sample(metric.name, one(metric.value(*f, u)), "monitor", m.Name, "uplink", u.Role, "name", u.Name, "interface", u.Interface)
				}
			}
		}
	}
}

// rounds are the figures of the rounds.
func (s *Store) rounds(t *text) {
	keys := s.keys()
	for _, metric := range []struct {
		name, kind, help string
		value            func(*series) (float64, bool)
	}{
		{"imon_rounds_total", counter, "Rounds of probes.", func(s *series) (float64, bool) { return float64(s.rounds), true }},
		{"imon_probes_sent_total", counter, "Probes sent.", func(s *series) (float64, bool) { return float64(s.sent), true }},
		{"imon_probes_received_total", counter, "Probes that were answered.", func(s *series) (float64, bool) { return float64(s.received), true }},
		{"imon_loss_ratio", gauge, "Unanswered probes of the last round, 0 to 1.", func(s *series) (float64, bool) { return s.last.Loss, s.asked }},
		{"imon_jitter_seconds", gauge, "Mean difference of successive round-trip times of the last round.",
			func(s *series) (float64, bool) { return s.last.Jitter.Seconds(), s.last.Received > 0 }},
	} {
		t.head(metric.name, metric.kind, metric.help)
		for _, k := range keys {
			if v, is := metric.value(s.series[k]); is {
				t.sample(metric.name, v, k.labels()...)
			}
		}
	}
	t.head("imon_rtt_seconds", histogram, "Round-trip times of the probes that were answered.")
	for _, k := range keys {
		one, sum := s.series[k], uint64(0)
		for i, bound := range append(bounds(), math.Inf(1)) {
			sum += one.buckets[i]
			t.sample("imon_rtt_seconds_bucket", float64(sum), append(k.labels(), "le", number(bound))...)
		}
		t.sample("imon_rtt_seconds_sum", one.sum.Seconds(), k.labels()...)
		t.sample("imon_rtt_seconds_count", float64(sum), k.labels()...)
	}
}

// labels are those of a series.
func (k key) labels() []string {
	return []string{"monitor", k.monitor, "target", k.target, "uplink", k.uplink, "interface", k.iface}
}

// outages are those of targets and uplinks; ping has none.
func (s *Store) outages(t *text) {
	t.head("imon_outages_total", counter, "Outages that have begun.")
	for _, k := range s.keys() {
		if k.monitor != "ping" {
			t.sample("imon_outages_total", float64(s.series[k].outages), k.labels()...)
		}
	}
	t.head("imon_outage_seconds_total", counter, "Time offline, the outage that is not over included.")
	for _, k := range s.keys() {
		if k.monitor != "ping" {
			t.sample("imon_outage_seconds_total", s.series[k].outage().Seconds(), k.labels()...)
		}
	}
}

// counters are those of events.
func (s *Store) counters(t *text) {
	t.head("imon_events_total", counter, "Events by name, as the action script gets them.")
	for _, name := range slices.Sorted(maps.Keys(s.events)) {
		t.sample("imon_events_total", float64(s.events[name]), "event", name)
	}
	t.head("imon_failover_switches_total", counter, "Default routes that were put in place, by uplink.")
	for _, k := range slices.SortedFunc(maps.Keys(s.switches), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		t.sample("imon_failover_switches_total", float64(s.switches[k]), "monitor", k[0], "uplink", k[1])
	}
	t.head("imon_address_changes_total", counter, "External addresses that were new.")
	for _, name := range slices.Sorted(maps.Keys(s.changes)) {
		t.sample("imon_address_changes_total", float64(s.changes[name]), "monitor", name)
	}
	t.head("imon_address_last_success_timestamp_seconds", gauge, "When the external address was confirmed last, in seconds since 1970.")
	for _, name := range slices.Sorted(maps.Keys(s.polled)) {
		t.sample("imon_address_last_success_timestamp_seconds", seconds(time.Now().Round(0).Add(-time.Since(s.polled[name]))), "monitor", name)
	}
}
