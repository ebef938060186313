package socket

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ejgeiger/imon/internal/history"
)

// outages is GET /outages, as package ledger tells them.
func (s *Server) outages(r *http.Request) reply {
	if unknown := stranger(r, "since"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	var since time.Duration
	if text := r.Form.Get("since"); text != "" {
		var err error
		if since, err = ParsePeriod(text); err != nil {
			return refusal(http.StatusBadRequest, err.Error())
		}
	}
	return inJSON(http.StatusOK, s.instance.Outages(since))
}

// history is GET /history, as package history writes it.
func (s *Server) history(r *http.Request) reply {
	if unknown := stranger(r, "monitor", "resolution", "since"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	q := history.Query{Monitor: r.Form.Get("monitor"), Resolution: r.Form.Get("resolution")}
	if _, found := s.instance.Status(q.Monitor); !found {
		return refusal(http.StatusNotFound, fmt.Sprintf("there is no monitor %q", q.Monitor))
	}
	if text := r.Form.Get("since"); text != "" {
		var err error
		if q.Since, err = ParsePeriod(text); err != nil {
			return refusal(http.StatusBadRequest, err.Error())
		}
	}
	if err := s.instance.History(io.Discard, history.Query{Monitor: "-", Resolution: q.Resolution}); errors.Is(err, history.ErrResolution) {
		return refusal(http.StatusBadRequest, err.Error())
	}
	return reply{code: http.StatusOK, stream: func(w io.Writer) error { return s.instance.History(w, q) }}
}
