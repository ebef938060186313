package socket

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// streams is how many may follow the events at a time. They do not hold back those who
// ask something.
const streams = 8

// breath is how often a follower of events gets a line while nothing happens, so that
// imon notices one that is gone, and one that imon is.
const breath = 15 * time.Second

// Event is one transition, as package status counts them.
type Event struct {
	Sequence int64
	Data     []byte // an object in JSON on one line
}

// events is GET /events: server-sent events (the HTML standard, section 9.2) from the
// first one that is remembered, or from the one after since or the header Last-Event-ID, on
// to those to come; with follow=no those that are remembered, as one object.
func (s *Server) events(r *http.Request) reply {
	if unknown := stranger(r, "since", "follow"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	since, err := sequence(r)
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	switch r.Form.Get("follow") {
	case "no":
		return reply{code: http.StatusOK, body: s.list(since)}
	case "", "yes":
		return reply{code: http.StatusOK, kind: "text/event-stream", follow: func(ctx context.Context, w io.Writer) { s.follow(ctx, w, since) }}
	}
	return refusal(http.StatusBadRequest, "follow is yes or no")
}

// sequence is the number of the last event that whoever asks knows already.
func sequence(r *http.Request) (int64, error) {
	text := r.Form.Get("since")
	if text == "" {
		text = r.Header.Get("Last-Event-ID")
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of an event", text)
	}
	return n, nil
}

// list is the events after since in one object.
func (s *Server) list(since int64) string {
	all, last, _ := s.instance.Events(since)
	var b strings.Builder
	fmt.Fprintf(&b, `{"last":%d,"events":[`, last)
	for i, e := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(e.Data)
	}
	b.WriteString("]}\n")
	return b.String()
}

// follow sends the events after since, and then each that happens, until ctx is done or nobody takes them.
// A number above that of the last one is of a process before this one: it gets all.
func (s *Server) follow(ctx context.Context, w io.Writer, since int64) {
	for {
		all, last, more := s.instance.Events(since)
		if since > last {
			since = 0
			continue
		}
		for _, e := range all {
			if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.Sequence, e.Data); err != nil {
				return
			}
		}
		since = last
		select {
		case <-ctx.Done():
			return
		case <-more:
		case <-time.After(s.breath):
			if _, err := io.WriteString(w, ":\n\n"); err != nil {
				return
			}
		}
	}
}

// patient gives each write the time that a whole request has.
type patient struct {
	net.Conn
	limit time.Duration
}

// Write writes b in time, or fails.
func (p patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(p.limit)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}
