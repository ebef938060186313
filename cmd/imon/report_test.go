package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/ledger"
)

func TestReportAsTable(t *testing.T) {
	start := time.Date(2026, 11, 26, 3, 12, 9, 0, time.Local)
	end := start.Add(123 * time.Second)
	thing := ledger.Thing{Monitor: "failover", Uplink: "primary"}
	outage := ledger.Told{What: "primary cable (eth1)", Outage: ledger.Outage{Thing: thing, Start: start, Cause: "no answer; gateway 192.168.42.1 answers"}, End: &end, Seconds: 123}
	lasting, cut := outage, outage
	lasting.End, cut.Cut, cut.What = nil, true, strings.Repeat("ü", 99)
	const day = 86400
	long := strings.Repeat("x", 99)
	d := ledger.Document{Instance: "main", Time: start, Outages: []ledger.Told{outage, lasting, cut}, Availability: []ledger.Availability{
		{Window: day, Watched: day, Outages: 1, Longest: 123, Total: 123, Share: 0.998576}, {Window: 7 * day, Watched: 7 * day, Share: 0.9998}, {What: "primary cable (eth1)", Window: 30 * day, Watched: 30 * day, Outages: 1, Longest: 123, Total: 123, Share: 1},
		{}, {}, {What: long, Window: 30 * day, Watched: 3600, Outages: 12345, Longest: 30 * day, Total: 30 * day},
	}}
	got := asTable(d, reported)
	_, got, _ = strings.Cut(got, "\n")
	want := `
offline from              for  what                   cause
2026-11-26 03:12:09      2m3s  primary cable (eth1)
    no answer; gateway 192.168.42.1 answers
2026-11-26 03:12:09    > 2m3s  primary cable (eth1)
    no answer; gateway 192.168.42.1 answers
2026-11-26 03:12:09   >= 2m3s  üüüüüüüüüüüüüüüüüüüü..
    no answer; gateway 192.168.42.1 answers

availability                  24h         7d        30d outages  longest offline
primary cable (eth1)      99.858%    99.980%   100.000%       1     2m3s    2m3s
xxxxxxxxxxxxxxxxxxxx..          -          -     0.000%   12345    30d0h   30d0h
  (of 30d imon has watched 1h0m)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if got := asTable(ledger.Document{Instance: "main"}, 12*time.Hour); !strings.Contains(got, "No outage in the last 12h.") {
		t.Error(got)
	}
}

// What was offline, and where the way ended, is known while imon runs, after a kill -9 in the
// middle of it, and to the next imon.
func TestReport(t *testing.T) {
	t.Parallel()
	d := openCounter(t, everything)
	state := stateVariable + "=" + t.TempDir()
	start := func() { d.bench.launch(d.variable(), state) }
	start()
	d.see(d.started, "Route net42 (eth1) is active")
	if got := d.as(0, "report"); got.code != 0 || !strings.Contains(got.stdout, "No outage in the last 30d.") || !strings.Contains(got.stdout, "\nprimary net42 (eth1) ") {
		t.Errorf("%+v", got)
	}
	hole := d.Blackhole(0)
	at := d.inject(hole)
	d.see(at, "Route net62 (eth2) is active")
	d.until("the gateway was asked", func() bool {
		return strings.Contains(d.as(0, "report").stdout, "no answer; gateway 192.168.42.1 answers") || strings.Contains(d.as(0, "report", "--csv").stdout, "gateway 192.168.42.1 ")
	})
	d.restore(hole)
	d.see(at, "Route net42 (eth1) is active")
	cut := d.CutISP(1)
	at = d.inject(cut)
	d.see(at, "Standby Network net62 (eth2) is now offline")
	csv := d.as(0, "report", "--csv").stdout
	if rows := strings.Split(csv, "\n"); len(rows) != 4 || rows[0] != "what,monitor,start,end,seconds,cause,cut" || !strings.HasPrefix(rows[1], "primary net42 (eth1),failover,20") || !strings.Contains(rows[2], ",,") {
		t.Error(csv)
	}
	var document ledger.Document
	if got := d.as(0, "report", "--json", "--since", "1h"); got.code != 0 || json.Unmarshal([]byte(got.stdout), &document) != nil || len(document.Outages) != 2 || document.Outages[1].End != nil {
		t.Errorf("%+v", got)
	}

	d.Signal(syscall.SIGKILL)
	d.until("it ends", d.Ended)
	d.restore(cut)
	start()
	d.see(d.started, "Route net42 (eth1) is active")
	d.until("the outage that the kill cut off", func() bool { return strings.Contains(d.as(0, "report", "--csv").stdout, ",true\n") })
	d.Signal(syscall.SIGTERM)
	d.until("it ends", d.Ended)
}
