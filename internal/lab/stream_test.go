package lab

import (
	"testing"
	"time"
)

func TestStreamSeesGaps(t *testing.T) {
	t.Parallel()
	l := Start(t)
	s, err := l.Stream(5 * time.Millisecond)
	must(t, err)
	eventually(t, "packets counted as lost", func() bool { return s.Since(time.Time{}).Lost > 10 })
	if s.Up() {
		t.Error("up without a default route")
	}
	through(t, l, 0)
	eventually(t, "up by the first uplink", s.Up)

	start := time.Now()
	must(t, l.Blackhole(0).Inject())
	eventually(t, "down after the blackhole", func() bool { return !s.Up() })
	if g := s.Since(start).Longest(); !g.Open || g.Lost == 0 {
		t.Errorf("gap while down: %+v", g)
	}
	through(t, l, 1)
	eventually(t, "up by the second uplink", s.Up)
	report := s.Since(start)
	elapsed := time.Since(start)
	g := report.Longest()
	if len(report.Gaps) != 1 || g.Open || g.For < late || g.For > elapsed || g.Lost != report.Lost {
		t.Errorf("one gap after %s: %+v", elapsed, report)
	}
	if all := s.Gaps(); len(all) != 2 {
		t.Errorf("gaps from the start: %+v", all)
	}
	ways := s.Ways(time.Time{})
	if len(ways) != 2 || ways[0].Via != l.Uplink(0).Global || ways[1].Via != l.Uplink(1).Global || !ways[1].From.Equal(g.From.Add(g.For)) {
		t.Errorf("ways: %v, with a gap %+v between them", ways, g)
	}
	if ways := s.Ways(time.Now()); len(ways) != 0 {
		t.Errorf("ways since now: %v", ways)
	}
	must(t, s.Stop())
	must(t, s.Stop())
}

func TestReport(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	at := func(n int) time.Time { return start.Add(time.Duration(n) * 10 * time.Millisecond) }
	const now = 100 // in packets
	for _, test := range []struct {
		name    string
		answers string // one letter per packet: a answered, - not
		from    int
		want    Report
	}{
		{"nothing", "", 0, Report{}},
		{"all answered", "aaaa", 0, Report{Sent: 4}},
		{"one lost", "aa-a", 0, Report{4, 1, []Gap{{at(2), 10 * time.Millisecond, 1, false}}}},
		{"two gaps", "-aa--a", 0, Report{6, 3, []Gap{
			{at(0), 10 * time.Millisecond, 1, false}, {at(3), 20 * time.Millisecond, 2, false}}}},
		{"from the middle", "-aa--a", 4, Report{2, 1, []Gap{{at(4), 10 * time.Millisecond, 1, false}}}},
		{"still down", "aa--", 0, Report{4, 2, []Gap{{at(2), at(now).Sub(at(2)), 2, true}}}},
	} {
		s := &Stream{newest: -1}
		for i, letter := range test.answers {
			p := packet{sent: at(i)}
			if letter == 'a' {
				p.answered, s.newest = 1, i
			}
			s.packets = append(s.packets, p)
		}
		if got := s.report(test.from, at(now)); !sameReport(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func sameReport(a, b Report) bool {
	same := a.Sent == b.Sent && a.Lost == b.Lost && len(a.Gaps) == len(b.Gaps)
	for i := 0; same && i < len(a.Gaps); i++ {
		same = a.Gaps[i] == b.Gaps[i]
	}
	return same
}

func TestPacketsInFlightAreNotLost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &Stream{newest: 0, packets: []packet{{sent: now, answered: 1}, {sent: now}, {sent: now}}}
	if r := s.report(0, now); r.Sent != 1 || r.Lost != 0 {
		t.Errorf("report: %+v", r)
	}
}
