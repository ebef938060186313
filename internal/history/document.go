package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Version is the version of the form of what [Store.Write] writes. It grows when a field
// goes or changes its meaning.
const Version = 1

// Resolutions are the words for what one entry of a series is.
const (
	Round  = "round"
	Minute = "minute"
	Hour   = "hour"
)

// Query is what is wanted of a history.
type Query struct {
	Monitor    string        // of that monitor; "" for all
	Resolution string        // "" for Minute
	Since      time.Duration // no older than that; 0 for all
}

// ErrResolution says which resolutions there are.
var ErrResolution = errors.New("resolution is round, minute or hour")

// Document is what [Store.Write] writes: the history of one instance at one moment. The
// entries of a series are columns, oldest first, the one that is not over among them.
type Document struct {
	Version    int      `json:"version"`
	Instance   string   `json:"instance"`
	Time       string   `json:"time"` // RFC 3339
	Resolution string   `json:"resolution"`
	Span       int64    `json:"span_seconds"` // of an entry; 0 for a round
	Series     []Series `json:"series,omitempty"`
}

// Series are the answers of one target, or of all targets of one uplink.
type Series struct {
	Monitor   string `json:"monitor"`
	Target    string `json:"target,omitempty"`
	Uplink    string `json:"uplink,omitempty"` // role
	Name      string `json:"name,omitempty"`   // of the uplink
	Interface string `json:"interface,omitempty"`

	Age    Column  `json:"age_seconds"` // of the round's end, or of the beginning of the minute or hour
	Sent   []int64 `json:"sent"`
	Loss   Column  `json:"loss"` // unanswered ÷ sent, 0 to 1
	Min    Column  `json:"min_ms"`
	Avg    Column  `json:"avg_ms"`
	Max    Column  `json:"max_ms"`
	P50    Column  `json:"p50_ms"`
	P95    Column  `json:"p95_ms"`
	Jitter Column  `json:"jitter_ms"`
}

// Column are numbers with three decimals; less than 0 stands for none, which is null in JSON.
type Column []float64

// MarshalJSON writes all at once: by themselves thousands of numbers take as many
// allocations.
func (c Column) MarshalJSON() ([]byte, error) {
	text := append(make([]byte, 0, 2+7*len(c)), '[')
	for i, v := range c {
		if i > 0 {
			text = append(text, ',')
		}
		if v < 0 {
			text = append(text, "null"...)
		} else {
			text = strconv.AppendFloat(text, math.Round(v*1000)/1000, 'f', -1, 64)
		}
	}
	return append(text, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (c *Column) UnmarshalJSON(text []byte) error {
	var all []*float64
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*c = make(Column, len(all))
	for i, v := range all {
		(*c)[i] = -1
		if v != nil {
			(*c)[i] = *v
		}
	}
	return nil
}

// Write writes a [Document] in JSON, series by series, so that it takes the memory of one.
// It returns [ErrResolution], or what w says.
func (s *Store) Write(w io.Writer, q Query) error {
	if q.Resolution == "" {
		q.Resolution = Minute
	}
	span, known := map[string]time.Duration{Round: 0, Minute: time.Minute, Hour: time.Hour}[q.Resolution]
	if !known {
		return ErrResolution
	}
	head, err := json.Marshal(Document{
		Version: Version, Instance: s.instance, Time: time.Now().Format(time.RFC3339), Resolution: q.Resolution, Span: int64(span / time.Second),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, `%s,"series":[`, head[:len(head)-1])
	comma := ""
	for _, k := range s.keys(q.Monitor) {
		text, failed := json.Marshal(s.show(k, q))
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", comma, text)
		comma = ","
	}
	_, last := io.WriteString(w, "]}\n")
	return errors.Join(err, last)
}

// keys are those of the series that are wanted.
func (s *Store) keys(monitor string) (all []key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.series {
		if monitor == "" || monitor == one.monitor {
			all = append(all, one.key)
		}
	}
	slices.SortStableFunc(all, func(a, b key) int { return strings.Compare(a.monitor, b.monitor) })
	return all
}

// show is the series of k as others see it.
func (s *Store) show(k key, q Query) Series {
	now, target, entries := s.copy(k, q.Resolution)
	out := Series{Monitor: k.monitor, Target: target, Uplink: strings.ToLower(k.uplink.Role), Name: k.uplink.Name, Interface: k.uplink.Interface}
	if q.Since > 0 {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return age(now, e) > q.Since })
	}
	n := len(entries)
	out.Age, out.Sent, out.Loss = make(Column, n), make([]int64, n), make(Column, n)
	times := make(Column, 6*n)
	for i, column := range []*Column{&out.Min, &out.Avg, &out.Max, &out.P50, &out.P95, &out.Jitter} {
		*column = times[i*n : (i+1)*n]
	}
	for i, e := range entries {
		out.Age[i], out.Sent[i], out.Loss[i] = age(now, e).Seconds(), int64(e.sent), float64(e.loss)/lost
		for j, v := range []short{e.min, e.avg, e.max, e.p50, e.p95, e.jitter} {
			times[j*n+i] = -1
			if e.loss != lost {
				times[j*n+i] = v.duration().Seconds() * 1000
			}
		}
	}
	return out
}

// age is how old an entry is.
func age(now uint32, e entry) time.Duration { return time.Duration(now-e.at) * tick }

// copy is the moment, whom the series has asked last, and its entries.
func (s *Store) copy(k key, resolution string) (now uint32, target string, entries []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = uint32(time.Since(s.start) / tick)
	i := slices.IndexFunc(s.series, func(one *series) bool { return one.key == k })
	if i < 0 {
		return now, k.target, nil
	}
	one := s.series[i]
	switch resolution {
	case Round:
		entries = one.round.all()
	case Minute:
		entries = one.minute.all()
	default:
		entries = one.hour.all()
	}
	return now, one.target, entries
}
