// Package ledger keeps a list of outages that outlives the process: of the host that updown
// watches, of each uplink, and of all uplinks together, with cause and length; and for which
// time imon was watching, so that availability is told of that time alone.
//
// The list is bounded: the newest [MostOutages] outages and what belongs to them, usually less
// than 200 kB, and 700 kB with the longest names and causes. The file is written when an outage
// begins or ends, but for more than ten in a row no more than once a minute, once an hour
// besides, while an outage lasts after each tenth of its length, and in the end.
package ledger

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/store"
)

// What is kept at most.
const (
	MostOutages = 1000
	mostSpans   = 500 // of time in which imon was watching
	mostThings  = 64
	mostCause   = 200 // bytes of a cause
)

// Thing is what can be offline: the target of updown, an uplink, or, with neither of both, all
// uplinks of a failover monitor.
type Thing struct {
	Monitor string `json:"monitor"`
	Target  string `json:"target,omitempty"`
	Uplink  string `json:"uplink,omitempty"` // role
}

// Outage is a time during which a thing was offline.
type Outage struct {
	Thing
	Name  string    `json:"name,omitempty"` // of the uplink, with its interface
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`    // zero while it lasts
	Cut   bool      `json:"cut,omitempty"`   // imon ended before it did, so that End is not known better
	Cause string    `json:"cause,omitempty"` // why it was offline, and who answered meanwhile
}

// watched is a thing that is watched.
type watched struct {
	Thing
	Name  string    `json:"name,omitempty"`
	Since time.Time `json:"since"`
}

// span is a time in which imon was watching.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Gateway says whether the gateway of an uplink answers: "the gateway answers", or "" when that
// cannot be found out.
type Gateway func(u event.Uplink) string

// Ledger is a [event.Publisher] that keeps outages. Publish may be called from any goroutine.
type Ledger struct {
	instance string
	file     store.State
	copied   time.Time // when the copy was written last, or the process began
	gateway  Gateway
	log      event.Publisher
	changed  chan struct{} // holds a token when there is something to write
	begun    time.Time

	mu        sync.Mutex
	copyTo    string   // "" for none
	wanted    []Thing  // what is configured; nil for whatever events tell of
	outages   []Outage // oldest first
	things    []watched
	spans     []span               // of the processes before this one
	former    map[Thing]int        // outages that had not ended when the process before this one did
	addresses map[Thing]netip.Addr // by which an uplink was asked last
	questions []question
}

// question is an outage at whose gateway nobody has looked yet.
type question struct {
	Thing
	uplink event.Uplink
}

// New returns the ledger of an instance, kept in file. It is empty until Run has read that.
// What goes wrong is told to log.
func New(instance string, file store.State, gateway Gateway, log event.Publisher) *Ledger {
	return &Ledger{
		instance: instance, file: file, copied: time.Now(), gateway: gateway, log: log, changed: make(chan struct{}, 1), begun: time.Now(), former: make(map[Thing]int), addresses: make(map[Thing]netip.Addr),
	}
}

// Configure says what is watched from now on, nil for whatever events tell of: an outage of
// anything else is known until now, and how available that is is not told any more. And it
// says where a copy of the file is kept, "" for nowhere: for one that is in memory, which a
// reboot forgets. It is written once a day and in the end, and read when the file is not there.
func (l *Ledger) Configure(copyTo string, things []Thing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.copyTo, l.wanted = copyTo, things
	l.things = slices.DeleteFunc(l.things, func(w watched) bool { return !l.wants(w.Thing) })
	for i := range l.outages {
		if o := &l.outages[i]; o.End.IsZero() && !l.wants(o.Thing) {
			o.End, o.Cut = time.Now(), true
			l.touch()
		}
	}
}

// wants reports whether a thing is watched.
func (l *Ledger) wants(t Thing) bool { return l.wanted == nil || slices.Contains(l.wanted, t) }

// twin is the copy, and whether there is to be one.
func (l *Ledger) twin() (store.State, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return store.State{Fs: l.file.Fs, Path: l.copyTo}, l.copyTo != ""
}

// Publish notes what begins and what ends with e. It never blocks.
func (l *Ledger) Publish(e event.Event) {
	if e.DryRun {
		return
	}
	t := Thing{Monitor: e.Monitor}
	switch {
	case e.Monitor == event.Updown:
		t.Target = e.Target
	case e.Uplink.Role != "" && e.Kind != event.FailoverBothDown && !e.Kind.Activates():
		t.Uplink = strings.ToLower(e.Uplink.Role)
	}
	switch e.Kind {
	case event.FailoverResult:
		l.mu.Lock()
		if e.Uplink.Address.IsValid() {
			l.addresses[t] = e.Uplink.Address
		}
		l.mu.Unlock()
	case event.UpdownInitial, event.FailoverInitial:
		l.set(t, e, e.Online)
	case event.UpdownOnline, event.FailoverUplinkOnline, event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink:
		l.set(t, e, true)
	case event.UpdownOffline, event.FailoverUplinkOffline, event.FailoverBothDown:
		l.set(t, e, false)
	case event.UpdownSecondary:
		l.witness(e)
	}
}

// set notes that a thing is online or offline now.
func (l *Ledger) set(t Thing, e event.Event, online bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.wants(t) { // the last words of a monitor that stops
		return
	}
	now, name := time.Now(), ""
	if t.Uplink != "" {
		name = e.Uplink.Device()
	}
	l.see(t, name, now)
	i := l.open(t)
	switch {
	case online && i >= 0:
		l.outages[i].End = now
	case online:
		delete(l.former, t)
		return
	case i >= 0:
		return
	default:
		l.begin(t, name, e, now)
	}
	delete(l.former, t)
	l.touch()
}

// begin notes an outage, or goes on with the one that the process before this one has left.
func (l *Ledger) begin(t Thing, name string, e event.Event, now time.Time) {
	if i, is := l.former[t]; is {
		l.outages[i].End, l.outages[i].Cut = time.Time{}, false
		return
	}
	cause := e.Text
	if e.Kind == event.FailoverBothDown {
		cause = "no uplink is online"
	}
	if len(cause) > mostCause { // an error of the system can be long
		cause = strings.ToValidUTF8(cause[:mostCause], "")
	}
	l.outages = append(l.outages, Outage{Thing: t, Name: name, Start: now, Cause: cause})
	if n := len(l.outages) - MostOutages; n > 0 {
		l.outages = slices.Delete(l.outages, 0, n)
		clear(l.former) // the indices are those of before
	}
	u := e.Uplink
	if !u.Address.IsValid() { // as that of an uplink that is offline
		u.Address = l.addresses[t]
	}
	if t.Uplink != "" && u.Gateway.IsValid() && u.Address.IsValid() {
		l.questions = append(l.questions, question{t, u})
	}
}

// open is the index of the outage of t that lasts, -1 for none.
func (l *Ledger) open(t Thing) int {
	for i := len(l.outages) - 1; i >= 0; i-- {
		if l.outages[i].Thing == t && l.outages[i].End.IsZero() {
			return i
		}
	}
	return -1
}

// see notes that a thing is watched. It is written with what comes next: a start is not to
// use up the writes that an outage may need.
func (l *Ledger) see(t Thing, name string, now time.Time) {
	i := slices.IndexFunc(l.things, func(w watched) bool { return w.Thing == t })
	switch {
	case i >= 0:
		l.things[i].Name = name
	case len(l.things) < mostThings:
		l.things = append(l.things, watched{t, name, now})
	}
}

// witness notes who answered, or did not, while the target of updown was offline: that says
// where the way ends.
func (l *Ledger) witness(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.outages {
		if o := &l.outages[i]; o.Monitor == e.Monitor && o.End.IsZero() {
			l.add(o, e.Target+map[bool]string{true: " answers", false: " does not answer"}[e.Online])
		}
	}
}

// add adds to the cause of an outage, once.
func (l *Ledger) add(o *Outage, what string) {
	if strings.Contains(o.Cause, what) || len(o.Cause)+len(what) > mostCause {
		return
	}
	if o.Cause != "" {
		o.Cause += "; "
	}
	o.Cause += what
	l.touch()
}

// touch says that there is something to write.
func (l *Ledger) touch() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}
