package socket

import (
	"fmt"
	"io"
	"net/http"

	"github.com/ejgeiger/imon/internal/history"
)

// outages is GET /outages, as package ledger tells them.
func (s *Server) outages(r *http.Request) reply {
	if unknown := stranger(r, "since"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	since, err := period(r, "since")
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
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
	var err error
	if q.Since, err = period(r, "since"); err == nil {
		_, err = q.Span()
	}
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	return reply{code: http.StatusOK, stream: func(w io.Writer) error { return s.instance.History(w, q) }}
}
