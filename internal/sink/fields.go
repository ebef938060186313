package sink

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// Field is one thing that an event says, by name.
type Field struct {
	Name  string // lower case with underscores, such as "rtt_avg_ms"
	Value any    // a string, bool, int64 or float64
}

// String is the field's value as text: true or false for a bool, at most three
// decimals and at least one for a float64.
func (f Field) String() string {
	switch v := f.Value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return float(v, 3)
	}
	return ""
}

// Fields is everything that e says, by name, in an order that does not change.
// What an event does not say has no field. Times of day are RFC 3339, names
// that end in _ms are milliseconds, in _seconds whole seconds; loss is a
// fraction of 1.
func Fields(e event.Event) []Field {
	var fs fieldList
	fs.text("event", e.Name())
	fs.text("monitor", e.Monitor)
	if !e.Time.IsZero() {
		fs.text("time", e.Time.Format(time.RFC3339))
	}
	fs.text("target", e.Target)
	if online, said := onlineOf(e); said {
		fs.add("online", online)
	}
	if e.Kind == event.UpdownOnline || e.Kind == event.FailoverUplinkOnline {
		fs.add("outage_seconds", int64(e.Outage/time.Second))
	}
	fs.text("dns_name", e.DNSName)
	fs.text("dns_server", e.DNSServer)
	fs.address("address", e.Address)
	fs.address("old_address", e.OldAddress)
	fs.text("source", e.Source)
	if e.Kind == event.PingResult || e.Round.Sent > 0 {
		fs.round(e.Round)
	}
	fs.uplink("", e.Uplink)
	fs.uplink("other_", e.Other)
	if e.DryRun {
		fs.add("dry_run", true)
	}
	if e.Kind == event.Message {
		fs.text("text", e.Text)
	} else {
		fs.text("reason", e.Text)
	}
	return fs
}

// onlineOf returns the verdict of e, and whether e has one.
func onlineOf(e event.Event) (online, said bool) {
	switch e.Kind {
	case event.UpdownOnline, event.FailoverUplinkOnline, event.FailoverDegraded, event.FailoverRecovered:
		return true, true
	case event.UpdownOffline, event.FailoverUplinkOffline, event.FailoverBothDown:
		return false, true
	case event.PingResult:
		return e.Round.Alive(), true
	case event.UpdownInitial, event.UpdownSecondary, event.FailoverInitial, event.FailoverPostping,
		event.UpdownResult, event.FailoverResult, event.DDNSResult:
		return e.Online, true
	}
	return false, false
}

// fieldList is a list of fields that is being made.
type fieldList []Field

func (fs *fieldList) add(name string, value any) { *fs = append(*fs, Field{name, value}) }

func (fs *fieldList) text(name, value string) {
	if value != "" {
		fs.add(name, value)
	}
}

func (fs *fieldList) address(name string, a netip.Addr) {
	if a.IsValid() {
		fs.add(name, a.String())
	}
}

// round adds the figures of a round. Times are left out when nothing answered,
// because there are none.
func (fs *fieldList) round(r event.Round) {
	if r.Alive() {
		fs.add("rtt_min_ms", inMillis(r.Min))
		fs.add("rtt_avg_ms", inMillis(r.Avg))
		fs.add("rtt_max_ms", inMillis(r.Max))
		fs.add("jitter_ms", inMillis(r.Jitter))
	}
	fs.add("loss", math.RoundToEven(r.Loss*100)/100)
	fs.add("sent", int64(r.Sent))
	fs.add("received", int64(r.Received))
}

// uplink adds what is known of u, each name behind prefix.
func (fs *fieldList) uplink(prefix string, u event.Uplink) {
	fs.text(prefix+"uplink", strings.ToLower(u.Role))
	fs.text(prefix+"uplink_name", u.Name)
	fs.text(prefix+"interface", u.Interface)
	fs.text(prefix+"device", u.Link)
	fs.address(prefix+"uplink_address", u.Address)
	fs.address(prefix+"gateway", u.Gateway)
}
