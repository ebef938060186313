package lab

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	by1 = "default via 192.168.42.1 dev eth1 metric 201"
	by2 = "default via 192.168.62.1 dev eth2 metric 201"
)

func TestWatchRecordsEveryChange(t *testing.T) {
	t.Parallel()
	l := Start(t)
	w, err := l.WatchDefaults(nil)
	must(t, err)
	foreign := l.ForeignDefault(1, 50)
	other := "default via 192.168.62.1 dev eth2 proto static metric 50"
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"added", func() error { return l.Router.batch("route add " + by1) }, []string{by1}},
		{"replaced", func() error { return l.Router.batch("route replace " + by2) }, []string{by2}},
		{"foreign added", foreign.Inject, []string{by2, other}},
		{"foreign removed", foreign.Restore, []string{by2}},
		{"foreign removed twice", foreign.Restore, []string{by2}},
		{"deleted", l.DefaultDeleted().Inject, nil},
		{"added again", func() error { return l.Router.batch("route add " + by1) }, []string{by1}},
		{"lost with its link", l.CutRouter(0).Inject, nil},
	} {
		must(t, step.do())
		eventually(t, step.name, func() bool { return slices.Equal(w.now(), step.want) })
		if got, err := l.Defaults(); err != nil || !slices.Equal(got, w.now()) && len(got) != 2 {
			t.Errorf("%s: Defaults %q, %v, watch %q", step.name, got, err, w.now())
		}
	}
	if n := len(w.Moments()); n != 8 {
		t.Errorf("%d moments: %v", n, w.Moments())
	}
	must(t, w.Err())
}

func TestWatchSeesAMomentWithoutARoute(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	w, err := l.WatchDefaults(nil)
	must(t, err)
	start := time.Now()
	must(t, l.Router.batch("route del "+by1+"\nroute add "+by2+"\n"))
	eventually(t, "the second route", func() bool { return slices.Equal(w.now(), []string{by2}) })
	if wrong := w.Wrong(start); len(wrong) != 1 || len(wrong[0].Routes) != 0 {
		t.Errorf("wrong moments: %v", wrong)
	}
	if wrong := w.Wrong(time.Now()); len(wrong) != 0 {
		t.Errorf("wrong moments after the fact: %v", wrong)
	}
}

// A link that goes down takes its routes silently. The moment without a route
// counts, however soon somebody adds another one.
func TestWatchSeesTheRouteGoWithItsLink(t *testing.T) {
	t.Parallel()
	l := Start(t)
	through(t, l, 0)
	w, err := l.WatchDefaults(nil)
	must(t, err)
	must(t, l.Router.batch("link set eth1 down\nroute add "+by2+"\n"))
	eventually(t, "the second route", func() bool { return slices.Equal(w.now(), []string{by2}) })
	if m := w.Moments(); len(m) != 3 || len(m[1].Routes) != 0 {
		t.Errorf("moments: %v", m)
	}
}

func TestWatchTellsAndSurvivesANewInterface(t *testing.T) {
	t.Parallel()
	l := Start(t)
	told := make(chan Moment, 20)
	_, err := l.WatchDefaults(func(m Moment) { told <- m })
	must(t, err)
	must(t, l.Removed(0).Inject())
	must(t, l.Removed(0).Restore())
	through(t, l, 0)
	for _, want := range [][]string{nil, {by1}} {
		select {
		case m := <-told:
			if !slices.Equal(m.Routes, want) {
				t.Errorf("told %q, want %q", m.Routes, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("not told of %q", want)
		}
	}
}

func TestParseDefaultIgnoresOthers(t *testing.T) {
	t.Parallel()
	header := func(family, bits, table, kind uint8) []byte {
		return []byte{family, bits, 0, 0, table, 0, 0, kind, 0, 0, 0, 0}
	}
	for name, data := range map[string][]byte{
		"short":         {2, 0},
		"IPv6":          header(unix.AF_INET6, 0, unix.RT_TABLE_MAIN, unix.RTN_UNICAST),
		"not a default": header(unix.AF_INET, 24, unix.RT_TABLE_MAIN, unix.RTN_UNICAST),
		"another table": header(unix.AF_INET, 0, 100, unix.RTN_UNICAST),
		"unreachable":   header(unix.AF_INET, 0, unix.RT_TABLE_MAIN, unix.RTN_UNREACHABLE),
	} {
		if _, ok := parseDefault(data); ok {
			t.Errorf("%s was taken for a default route", name)
		}
	}
	if _, ok := parseDefault(header(unix.AF_INET, 0, unix.RT_TABLE_MAIN, unix.RTN_UNICAST)); !ok {
		t.Error("a default route was not recognised")
	}
}
