package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/afero"
	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/var/lib/imon/main.outages"

// log remembers what it was told.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) Publish(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, e.Text)
}

// said is what it was told.
func (l *log) said() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}

// desk is a ledger that runs.
type desk struct {
	*Ledger
	*log
	t    *testing.T
	file store.State
	end  func()
}

// open runs a ledger on fs.
func open(t *testing.T, fs afero.Fs) *desk {
	d := &desk{log: &log{}, t: t, file: store.State{Fs: fs, Path: path}}
	d.Ledger = New("main", d.file, func(u event.Uplink) string { return "gateway " + u.Gateway.String() + " answers" }, d.log)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	d.end = sync.OnceFunc(func() { cancel(); <-done })
	synctest.Wait()
	return d
}

// tell publishes an event of updown.
func (d *desk) tell(k event.Kind, online bool) {
	d.Ledger.Publish(event.Event{Kind: k, Monitor: event.Updown, Target: "a.example", Online: online, Text: map[bool]string{false: "no answer"}[online]})
}

// uplink publishes an event of an uplink.
func (d *desk) uplink(k event.Kind, role string, online bool) {
	u := event.Uplink{Role: role, Name: "net", Interface: "eth1", Address: netip.MustParseAddr("192.0.2.2"), Gateway: netip.MustParseAddr("192.0.2.1")}
	d.Ledger.Publish(event.Event{Kind: event.FailoverResult, Monitor: event.Failover, Uplink: u})
	if !online {
		u.Address = netip.Addr{}
	}
	d.Ledger.Publish(event.Event{Kind: k, Monitor: event.Failover, Online: online, Uplink: u})
}

// outages are the outages in short: what, seconds, how it ended, cause.
func outages(d Document) string {
	var all []string
	for _, o := range d.Outages {
		end := "over"
		if o.Cut {
			end = "cut"
		}
		if o.End == nil {
			end = "open"
		}
		all = append(all, fmt.Sprintf("%s %d %s %s", o.What, o.Seconds, end, o.Cause))
	}
	return strings.Join(all, " | ")
}

// share is the availability of a thing in a window.
func share(t *testing.T, d Document, what string, window time.Duration) Availability {
	t.Helper()
	for _, a := range d.Availability {
		if a.What == what && a.Window == int64(window/time.Second) {
			return a
		}
	}
	t.Fatalf("no availability of %q in %v: %+v", what, window, d.Availability)
	return Availability{}
}

const day = 24 * time.Hour

func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, afero.NewMemMapFs())
		defer d.end()
		d.tell(event.UpdownInitial, true)
		time.Sleep(time.Hour)
		d.tell(event.UpdownOffline, false)
		d.Ledger.Publish(event.Event{Kind: event.UpdownSecondary, Monitor: event.Updown, Target: "192.168.1.1", Online: true})
		d.Ledger.Publish(event.Event{Kind: event.UpdownSecondary, Monitor: event.Updown, Target: "9.9.9.9"})
		time.Sleep(36 * time.Second)
		want := "a.example 36 open no answer; 192.168.1.1 answers; 9.9.9.9 does not answer"
		if got := outages(d.Document(0)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		d.tell(event.UpdownOnline, true)
		time.Sleep(2*time.Hour - 36*time.Second)
		doc := d.Document(0)
		if got := outages(doc); got != strings.Replace(want, "open", "over", 1) {
			t.Error(got)
		}
		if a := share(t, doc, "a.example", day); a.Share != 0.996667 || a.Outages != 1 || a.Longest != 36 || a.Total != 36 || a.Watched != 10800 {
			t.Errorf("%+v", a)
		}
		if doc := d.Document(time.Hour); len(doc.Outages) != 0 {
			t.Errorf("the last hour: %s", outages(doc))
		}
	})
}

// Uplinks are things by themselves, all of them together are another, and at the beginning
// of an outage somebody looks whether the gateway answers.
func TestUplinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, afero.NewMemMapFs())
		defer d.end()
		d.uplink(event.FailoverInitial, "Primary", true)
		d.uplink(event.FailoverInitial, "Standby", false)
		synctest.Wait()
		time.Sleep(10 * time.Second)
		d.uplink(event.FailoverUplinkOffline, "Primary", false)
		d.uplink(event.FailoverBothDown, "Primary", false)
		time.Sleep(5 * time.Second)
		d.uplink(event.FailoverUplinkOnline, "Primary", true)
		d.uplink(event.FailoverPrimary, "Primary", true)
		time.Sleep(2 * time.Minute)
		want := "standby net (eth1) 135 open gateway 192.0.2.1 answers | primary net (eth1) 5 over gateway 192.0.2.1 answers | all uplinks 5 over no uplink is online"
		if got := outages(d.Document(0)); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		d.Ledger.Publish(event.Event{Kind: event.FailoverUplinkOffline, Monitor: event.Failover, Uplink: event.Uplink{Role: "Primary"}, DryRun: true})
		if got := outages(d.Document(0)); got != want {
			t.Errorf("what is only pretended counts: %s", got)
		}
	})
}

// What outlives a process: outages that are over, and one that is not, which goes on when the
// thing is still offline and otherwise ends when imon did; time without imon does not count.
func TestRestart(t *testing.T) {
	for name, c := range map[string]struct {
		online bool
		want   string
	}{
		"offline still": {false, "a.example 10 over no answer | a.example 3700 open no answer"},
		"online":        {true, "a.example 10 over no answer | a.example 50 cut no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := afero.NewMemMapFs()
				d := open(t, fs)
				d.tell(event.UpdownOffline, false)
				time.Sleep(10 * time.Second)
				d.tell(event.UpdownOnline, true)
				time.Sleep(40 * time.Second)
				d.tell(event.UpdownOffline, false)
				time.Sleep(50 * time.Second)
				d.end()
				time.Sleep(time.Hour)
				d = open(t, fs)
				defer d.end()
				d.tell(event.UpdownInitial, c.online)
				time.Sleep(50 * time.Second)
				doc := d.Document(0)
				if got := outages(doc); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				total := int64(60)
				if !c.online {
					total += 50
				}
				if a := share(t, doc, "a.example", day); a.Watched != 150 || a.Total != total {
					t.Errorf("%+v", a)
				}
				if text, err := Read("main", d.file, 0); err != nil || len(text.Outages) != 2 {
					t.Errorf("%+v, %v", text, err)
				}
			})
		})
	}
}

// What is in memory alone is copied once a day and in the end, and taken from the copy after a
// reboot.
func TestCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const flash = "/etc/imon/main.outages"
		fs := afero.NewMemMapFs()
		d := open(t, fs)
		d.Configure(flash, nil)
		d.tell(event.UpdownOffline, false)
		time.Sleep(23 * time.Hour)
		if there, _ := afero.Exists(fs, flash); there {
			t.Error("it is written too soon")
		}
		time.Sleep(2 * time.Hour)
		first, err := afero.ReadFile(fs, flash)
		if err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		d.end()
		if last, err := afero.ReadFile(fs, flash); err != nil || string(last) == string(first) {
			t.Errorf("it is not written in the end: %v", err)
		}
		if err := fs.Remove(path); err != nil { // a reboot
			t.Fatal(err)
		}
		d = &desk{log: &log{}, t: t, file: d.file}
		d.Ledger = New("main", d.file, nil, d.log)
		d.Configure(flash, nil)
		d.load()
		if got := outages(d.Document(0)); got != "a.example 93600 cut no answer" {
			t.Error(got)
		}
	})
}

// A file is written at once, and then, but for a few times, once a minute at most, and once an hour at least.
func TestFlashIsSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &counting{Fs: afero.NewMemMapFs()}
		d := open(t, fs)
		defer d.end()
		for range 600 {
			d.tell(event.UpdownOffline, false)
			d.tell(event.UpdownOnline, true)
			time.Sleep(time.Second)
		}
		if n := fs.count(nil); n < 10 || n > 22 {
			t.Errorf("written %d times in ten minutes", n)
		}
		time.Sleep(10*time.Hour + time.Minute)
		if n := fs.count(nil); n < 10 || n > 12 {
			t.Errorf("written %d times in ten quiet hours", n)
		}
	})
}

// counting counts how often a file is put in place, or fails to do it.
type counting struct {
	afero.Fs

	mu      sync.Mutex
	renames int
	err     error
}

// count is how often that was since the last time, and what it fails with from now on.
func (c *counting) count(err error) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.renames
	c.renames, c.err = 0, err
	return n
}

func (c *counting) Rename(from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renames++
	if c.err != nil {
		return c.err
	}
	return c.Fs.Rename(from, to)
}

// A copy is a file of imon's own. What somebody names by mistake is neither read, set aside nor
// replaced.
func TestCopyLeavesOtherFilesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const precious, text = "/etc/config/imon", "config instance 'main'\n"
		fs := afero.NewMemMapFs()
		if err := afero.WriteFile(fs, precious, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, fs)
		d.Configure(precious, nil)
		d.tell(event.UpdownOffline, false)
		time.Sleep(26 * time.Hour)
		d.end()
		if now, err := afero.ReadFile(fs, precious); err != nil || string(now) != text {
			t.Errorf("the file has %q now, %v", now, err)
		}
		if doc, err := Read("main", d.file, 0); err != nil || len(doc.Outages) != 1 {
			t.Errorf("%+v, %v", doc, err)
		}
		if want := `Outages are not copied: "/etc/config/imon" is something else, and is left alone`; !slices.Equal(slices.Compact(d.said()), []string{want}) {
			t.Errorf("%q", d.lines)
		}
	})
}

// A file that cannot be written is said once, costs nothing but the next start, and is written
// when that can be done again.
func TestDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &counting{Fs: afero.NewMemMapFs()}
		fs.count(errors.New("no space left on device"))
		d := open(t, fs)
		defer d.end()
		d.tell(event.UpdownOffline, false)
		time.Sleep(3 * time.Hour)
		if lines := d.said(); len(lines) != 1 || lines[0] != `Outages are kept in memory alone: cannot write "/var/lib/imon/main.outages": no space left on device` {
			t.Errorf("%q", lines)
		}
		fs.count(nil)
		time.Sleep(time.Hour)
		if doc, err := Read("main", d.file, 0); err != nil || len(doc.Outages) != 1 {
			t.Errorf("%+v, %v", doc, err)
		}
	})
}

// A file that is too large to be one of imon's is not read; it is kept, and the ledger
// begins anew. A copy like that is left where it is.
func TestHugeFiles(t *testing.T) {
	const elsewhere = "/etc/imon/main.outages"
	huge := make([]byte, 5<<20)
	for at, kept := range map[string]string{path: path + ".unreadable", elsewhere: elsewhere} {
		synctest.Test(t, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			if err := afero.WriteFile(fs, at, huge, 0o600); err != nil {
				t.Fatal(err)
			}
			d := open(t, fs)
			d.Configure(elsewhere, nil)
			d.tell(event.UpdownOffline, false)
			d.end()
			if info, err := fs.Stat(kept); err != nil || info.Size() != int64(len(huge)) {
				t.Errorf("%s is lost: %v", at, err)
			}
			if doc, err := Read("main", d.file, 0); err != nil || len(doc.Outages) != 1 {
				t.Errorf("%s: %+v, %v", at, doc, err)
			}
			if !strings.Contains(strings.Join(d.said(), "\n"), "it has more than 4194304 bytes") {
				t.Errorf("%s: %q", at, d.lines)
			}
		})
	}
}

// A damaged file is set aside, said in one line, and the ledger begins anew.
func TestDamagedFileIsSetAside(t *testing.T) {
	for _, text := range []string{"{", "null x", `{"version":7}`, `{"version":1,"outages":[{"start":"2026-01-01T00:00:00Z"}]}`, "\x00\x00",
		`{"version":1,"outages":[{"monitor":"updown","start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"}]}`} {
		synctest.Test(t, func(t *testing.T) {
			fs := afero.NewMemMapFs()
			if err := afero.WriteFile(fs, path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			d := open(t, fs)
			d.tell(event.UpdownOffline, false)
			d.end()
			if len(d.lines) != 1 || !strings.HasPrefix(d.lines[0], "Outages of before are not known: the file ") || !strings.HasSuffix(d.lines[0], "; set aside as "+path+".unreadable") {
				t.Errorf("%q: %q", text, d.lines)
			}
			if kept, err := afero.ReadFile(fs, path+".unreadable"); err != nil || string(kept) != text {
				t.Errorf("%q is kept as %q, %v", text, kept, err)
			}
			if doc, err := Read("main", d.file, 0); err != nil || len(doc.Outages) != 1 {
				t.Errorf("%+v, %v", doc, err)
			}
		})
	}
}

// However much happens, the file has a bounded size.
func TestLedgerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := afero.NewMemMapFs()
		longest := func(i int) string { return fmt.Sprintf("%0253d", i%100) } // as long as a name gets
		for range 3 {
			d := open(t, fs)
			for i := range MostOutages {
				d.Ledger.Publish(event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Target: longest(i), Text: strings.Repeat("ü", 999)})
				time.Sleep(time.Second)
				d.Ledger.Publish(event.Event{Kind: event.UpdownOnline, Monitor: event.Updown, Target: longest(i)})
			}
			d.end()
		}
		text, err := afero.ReadFile(fs, path)
		if err != nil || len(text) > 700e3 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
		var c content
		if err := json.Unmarshal(text, &c); err != nil || len(c.Outages) != MostOutages || len(c.Things) != mostThings || len(c.Spans) != 3 {
			t.Errorf("%d outages, %d things, %d spans, %v", len(c.Outages), len(c.Things), len(c.Spans), err)
		}
	})
}

// An outage counts in a window as far as it is in it, and only while imon was watching.
func TestAvailability(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	thing := Thing{Monitor: event.Updown, Target: "a"}
	c := content{
		Spans:  []span{{ago(40 * day), ago(10 * day)}, {ago(2 * day), now}, {ago(3 * day / 2), ago(day)}},
		Things: []watched{{thing, "", ago(100 * day)}, {Thing{Monitor: event.Updown, Target: "new"}, "", ago(time.Hour)}},
		Outages: []Outage{
			{Thing: thing, Start: ago(35 * day), End: ago(29 * day)},       // one day of it in 30
			{Thing: thing, Start: ago(11 * day), End: ago(time.Hour * 47)}, // a day before, and an hour after, imon was away
			{Thing: thing, Start: ago(25 * time.Hour), End: ago(23 * time.Hour)},
			{Thing: thing, Start: ago(6 * time.Minute)},
		},
	}
	d := c.document("main", now, 0)
	for window, want := range map[time.Duration][4]int64{
		day:      {86400, 2, 3600, 3600 + 360},
		7 * day:  {2 * 86400, 3, 7200, 3600 + 7200 + 360},
		30 * day: {22 * 86400, 4, 86400 + 3600, 86400 + 86400 + 3600 + 7200 + 360},
	} {
		a := share(t, d, "a", window)
		if got := [4]int64{a.Watched, int64(a.Outages), a.Longest, a.Total}; got != want {
			t.Errorf("%v: %v, want %v", window, got, want)
		}
	}
	if a := share(t, d, "new", 30*day); a.Watched != 3600 || a.Share != 1 || a.Outages != 0 {
		t.Errorf("%+v", a)
	}
	if a := (content{Things: c.Things}).document("main", now, 0).Availability[0]; a.Share != 1 || a.Watched != 0 {
		t.Errorf("nobody watched: %+v", a)
	}
}

// FuzzParse reads any file: what is taken can be told and written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"version":1}`, `{"version":1,"watching":[{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}],"things":[{"monitor":"updown","target":"a","since":"2026-01-01T00:00:00Z"}],` +
		`"outages":[{"monitor":"updown","target":"a","start":"2026-01-01T01:00:00Z","end":"2026-01-01T02:00:00Z","cause":"no answer"}]}`, `{"version":1,"outages":[{"monitor":"failover","start":"0001-01-01T00:00:01Z"}]}`, "[]", "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text)
		if err != nil {
			return
		}
		d := c.document("main", time.Now(), 0)
		if len(d.Outages) != len(c.Outages) || len(d.Availability) != 3*len(c.Things) {
			t.Errorf("%+v of %+v", d, c)
		}
		for _, a := range d.Availability {
			if a.Share < 0 || a.Share > 1 || a.Total > a.Watched+1 && a.Outages < 2 {
				t.Errorf("%+v", a)
			}
		}
	})
}
