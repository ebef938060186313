package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/store"
)

// How often the file is written: at least each hour, at most once a minute, but for some
// changes that follow each other.
const (
	latest = time.Hour
	daily  = 24 * time.Hour // for the copy
	earn   = time.Minute
	burst  = 10
)

// version is that of the file.
const version = 1

// content is what is in the file. Times are those of day, in whole seconds.
type content struct {
	Version int       `json:"version"`
	Spans   []span    `json:"watching"`
	Things  []watched `json:"things"`
	Outages []Outage  `json:"outages"`
}

// Run reads the file, and writes it when something has changed, until ctx ends. A file that
// cannot be read is set aside; one that cannot be written is tried again.
func (l *Ledger) Run(ctx context.Context) error {
	l.load()
	spent := l.begun // until when writing is paid for: each time costs a minute, and some may be owed
	complained := false
	timer := time.NewTimer(latest)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-l.changed:
			if wait := time.Until(spent) - (burst-1)*earn; wait > 0 && ctx.Err() == nil {
				timer.Reset(wait)
				l.ask()
				continue
			}
		case <-timer.C:
		}
		end := ctx.Err() != nil
		complaint := l.save(end)
		if complaint != "" && !complained {
			l.say(complaint)
		}
		complained = complaint != ""
		if now := time.Now(); spent.Before(now) {
			spent = now
		}
		spent = spent.Add(earn)
		if end {
			return nil
		}
		timer.Reset(l.rest(complained))
		l.ask() // takes a second where nobody answers: what began is on disk by then
	}
}

// rest is how long nothing need be written after a success or failure if nothing happens.
// While an outage lasts it is a tenth of that: so much of it is not known if imon is killed.
func (l *Ledger) rest(failed bool) time.Duration {
	if failed {
		return earn
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	age := 10 * latest
	for _, o := range l.outages {
		if o.End.IsZero() {
			age = min(age, time.Since(o.Start))
		}
	}
	return max(age/10, earn)
}

// ask looks at the gateways of the uplinks that were lost.
func (l *Ledger) ask() {
	l.mu.Lock()
	questions := l.questions
	l.questions = nil
	l.mu.Unlock()
	for _, q := range questions {
		said := l.gateway(q.uplink)
		l.mu.Lock()
		if i := l.open(q.Thing); i >= 0 && said != "" {
			l.add(&l.outages[i], said)
		}
		l.mu.Unlock()
	}
}

// load takes over what the process before this one has left.
func (l *Ledger) load() {
	file := l.file
	text, err := file.Load()
	if twin, is := l.twin(); is && text == nil && err == nil {
		file = twin
		text, err = ours(file)
	}
	if err != nil {
		l.say("Outages of before are not known: " + err.Error())
		return
	}
	c, err := parse(text)
	if err != nil {
		to, failed := file.SetAside()
		if failed != nil {
			to = failed.Error()
		}
		l.say(fmt.Sprintf("Outages of before are not known: %v; set aside as %s", err, to))
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.outages // of the first moments
	l.outages, l.spans = c.Outages, c.Spans
	for i := range l.outages {
		if o := &l.outages[i]; o.End.IsZero() {
			o.End, o.Cut = c.end(o.Start), true
			l.former[o.Thing] = i
		}
	}
	for _, o := range own {
		if i, is := l.former[o.Thing]; is && o.End.IsZero() {
			l.outages[i].End, l.outages[i].Cut = time.Time{}, false
			delete(l.former, o.Thing)
			continue
		}
		l.outages = append(l.outages, o)
	}
	for _, w := range c.Things {
		if !l.wants(w.Thing) {
			continue
		}
		if i := slices.IndexFunc(l.things, func(have watched) bool { return have.Thing == w.Thing }); i >= 0 {
			l.things[i].Since = w.Since
		} else if len(l.things) < mostThings && time.Since(w.Since) < 10*365*24*time.Hour {
			l.things = append(l.things, w)
		}
	}
}

// end is when imon ended: an outage that had not ended then is known until then.
func (c content) end(start time.Time) time.Time {
	if n := len(c.Spans); n > 0 && c.Spans[n-1].To.After(start) {
		return c.Spans[n-1].To
	}
	return start
}

// save writes the file, all times by the clock of this moment, and when it is time, or in the
// end, the copy. It returns what is to be said of it, "" when all is well.
func (l *Ledger) save(end bool) string {
	text, err := json.Marshal(l.content(time.Now()))
	if err == nil {
		text = append(text, '\n')
		err = l.file.Save(text)
	}
	twin, is := l.twin()
	if is && (end || time.Since(l.copied) >= daily) {
		l.copied = time.Now()
		_, failed := ours(twin)
		if failed == nil {
			failed = twin.Save(text)
		}
		if failed != nil && err == nil {
			return "Outages are not copied: " + failed.Error()
		}
	}
	if err != nil {
		return "Outages are kept in memory alone: " + err.Error()
	}
	return ""
}

// ours returns what a copy has. A file that somebody has named by mistake is an error: it is
// not replaced, and not set aside.
func ours(twin store.State) ([]byte, error) {
	text, err := twin.Load()
	if body := bytes.Trim(text, "\x00"); len(body) > 0 && !bytes.HasPrefix(body, []byte(`{"version":`)) {
		return nil, fmt.Errorf("%q is something else, and is left alone", twin.Path)
	}
	return text, err
}

// content is what there is now.
func (l *Ledger) content(now time.Time) content {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := content{Version: version, Spans: slices.Clone(l.spans), Things: slices.Clone(l.things), Outages: slices.Clone(l.outages)}
	c.Spans = append(c.Spans, span{clock(now, l.begun), clock(now, now)})
	if n := len(c.Spans) - mostSpans; n > 0 {
		c.Spans = c.Spans[n:]
	}
	for i := range c.Things {
		c.Things[i].Since = clock(now, c.Things[i].Since)
	}
	for i := range c.Outages {
		o := &c.Outages[i]
		o.Start = clock(now, o.Start)
		if !o.End.IsZero() {
			o.End = later(o.Start, clock(now, o.End))
		}
	}
	return c
}

// clock is the time of day of at, reckoned back from now by the monotonic clock where at has
// it: a clock that was set in between was wrong before.
func clock(now, at time.Time) time.Time {
	return now.Round(0).Add(-now.Sub(at)).Truncate(time.Second).UTC()
}

// later is the end of what began at start: not before that, where the clock was set back since
// the process that saw the start.
func later(start, end time.Time) time.Time {
	if end.Before(start) {
		return start
	}
	return end
}

// parse reads a file. One that was not there is empty.
func parse(text []byte) (c content, err error) {
	if text == nil {
		return c, nil
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return content{}, fmt.Errorf("the file is damaged: %w", err)
	}
	if c.Version != version {
		return content{}, fmt.Errorf("the file has version %d", c.Version)
	}
	c.Outages = c.Outages[max(len(c.Outages)-MostOutages, 0):]
	c.Spans = c.Spans[max(len(c.Spans)-mostSpans, 0):]
	c.Things = c.Things[:min(len(c.Things), mostThings)]
	for _, o := range c.Outages {
		if o.Monitor == "" || o.Start.IsZero() || !o.End.IsZero() && o.End.Before(o.Start) {
			return content{}, fmt.Errorf("the file is damaged: an outage of %q from %s to %s", o.Monitor, o.Start, o.End)
		}
	}
	return c, nil
}

// Read returns what an imon that does not run any more has left in file.
func Read(instance string, file store.State, since time.Duration) (Document, error) {
	text, err := file.Load()
	if err != nil {
		return Document{}, err
	}
	c, err := parse(text)
	if err != nil {
		return Document{}, err
	}
	for i, o := range c.Outages {
		if o.End.IsZero() {
			c.Outages[i].End, c.Outages[i].Cut = c.end(o.Start), true
		}
	}
	return c.document(instance, time.Now(), since), nil
}

// say logs one line.
func (l *Ledger) say(text string) {
	l.log.Publish(event.Event{Kind: event.Message, Time: time.Now(), Severity: event.Warning, Text: text})
}
