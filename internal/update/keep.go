package update

import (
	"encoding/json"
	"time"

	"github.com/ejgeiger/imon/internal/event"
)

// keptVersion is the version of the form of what is kept. Another one is not read.
const keptVersion = 1

// kept is what outlives the process, in JSON.
type kept struct {
	Version int                   `json:"version"`
	Print   string                `json:"settings"` // fingerprint of those under which it was delivered
	Records map[string]keptRecord `json:"records"`  // by role
}

// keptRecord is one name. Times are of the wall clock, since the monotonic one ends
// with the machine.
type keptRecord struct {
	Host      string     `json:"hostname,omitempty"`
	Addresses addresses  `json:"addresses"`
	At        *time.Time `json:"delivered,omitempty"`
	Hold      *time.Time `json:"refused_until,omitempty"`
}

// load reads what the process before has kept. What makes no sense is set aside.
func (s *Sink) load() {
	text, err := s.shelf.Load()
	if s.complain(err); err != nil || text == nil {
		return
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil || k.Version < 1 {
		to, failed := s.shelf.SetAside()
		if s.complain(failed); failed == nil {
			s.say(event.Warning, "What was delivered before is not known: the file makes no sense and is %s now", to)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.Version == keptVersion {
		s.saved = k
	}
}

// begin is the record of a name with what the process before has delivered under the
// same settings.
func (s *Sink) begin(role, host string) *record {
	r := &record{host: host, force: s.cfg.Delivery.ForceInterval}
	old, ok := s.saved.Records[role]
	delete(s.saved.Records, role)
	if !ok || old.Host != host || s.saved.Print != s.print || s.carrier == nil {
		return r
	}
	now := time.Now()
	r.wanted, r.delivered = old.Addresses, old.Addresses
	if old.At != nil { // a clock that stood still meanwhile makes it late, not early
		r.at = now.Add(-max(0, now.Round(0).Sub(*old.At)))
	}
	if old.Hold != nil {
		r.hold = now.Add(min(old.Hold.Sub(now.Round(0)), refusalHold))
	}
	return r
}

// save puts what was delivered on the shelf.
func (s *Sink) save() {
	if text := s.text(); text != "" {
		s.complain(s.shelf.Save([]byte(text)))
	}
}

// text is what is to be kept, "" for nothing.
func (s *Sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := kept{keptVersion, s.print, make(map[string]keptRecord)}
	for role, r := range s.records {
		if s.carrier != nil && (!r.at.IsZero() || !r.hold.IsZero()) {
			k.Records[role] = keptRecord{r.host, r.delivered, wall(r.at), wall(r.hold)}
		}
	}
	text, err := json.Marshal(k)
	if err != nil || len(k.Records) == 0 {
		return ""
	}
	return string(text) + "\n"
}

// wall is the time of day of t in whole seconds, nil for none.
func wall(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Round(0).UTC().Truncate(time.Second)
	return &t
}

// complain says once that what was delivered cannot be kept.
func (s *Sink) complain(err error) {
	if err != nil && !s.mute {
		s.say(event.Warning, "What was delivered is not known after a restart: %v", err)
	}
	s.mute = err != nil
}
