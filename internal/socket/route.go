package socket

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ErrOff says that the failover monitor is not there to be told anything.
var ErrOff = errors.New("the failover monitor is not enabled")

// route answers r.
func (s *Server) route(r *http.Request) reply {
	if s.public {
		if refused, is := s.guard(r); is {
			return refused
		}
	}
	switch r.URL.Path {
	case "/status":
		return only(r, s.status, http.MethodGet, http.MethodHead)
	case "/history":
		return only(r, s.history, http.MethodGet, http.MethodHead)
	case "/events":
		return only(r, s.events, http.MethodGet)
	case "/outages":
		return only(r, s.outages, http.MethodGet, http.MethodHead)
	case "/metrics":
		return only(r, s.metrics, http.MethodGet, http.MethodHead)
	case "/":
		return only(r, s.page, http.MethodGet, http.MethodHead)
	case "/failover":
		return only(r, s.failover, http.MethodPost)
	}
	return refusal(http.StatusNotFound, fmt.Sprintf("there is no %s here: try /status, /history, /events, /outages or /metrics", r.URL.Path))
}

// only lets answer answer r when its method is one of methods.
func only(r *http.Request, answer func(*http.Request) reply, methods ...string) reply {
	if !slices.Contains(methods, r.Method) {
		refused := refusal(http.StatusMethodNotAllowed, r.URL.Path+" takes "+strings.Join(methods, ", "))
		refused.allow = strings.Join(methods, ", ")
		return refused
	}
	if err := r.ParseForm(); err != nil {
		return refusal(http.StatusBadRequest, "the form cannot be read, or it is too large")
	}
	return answer(r)
}

func (s *Server) status(r *http.Request) reply {
	if unknown := stranger(r, "monitor"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	d, found := s.instance.Status(r.Form.Get("monitor"))
	if !found {
		return refusal(http.StatusNotFound, fmt.Sprintf("there is no monitor %q", r.Form.Get("monitor")))
	}
	text, err := d.JSON()
	if err != nil {
		return refusal(http.StatusInternalServerError, err.Error())
	}
	return reply{code: http.StatusOK, body: string(text) + "\n"}
}

func (s *Server) failover(r *http.Request) reply {
	if unknown := stranger(r, "to", "for"); unknown != "" {
		return refusal(http.StatusBadRequest, unknown)
	}
	var d time.Duration
	if text := r.Form.Get("for"); text != "" {
		var err error
		if d, err = ParsePeriod(text); err != nil {
			return refusal(http.StatusBadRequest, err.Error())
		}
	}
	p, err := s.instance.Failover(r.Form.Get("to"), d)
	if errors.Is(err, ErrOff) {
		return refusal(http.StatusConflict, err.Error())
	}
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	return inJSON(http.StatusOK, p)
}

// stranger is what is wrong with the names of the arguments: a misspelt one must
// not be passed over, or "fro=2h" would be for good.
func stranger(r *http.Request, known ...string) string {
	for name, values := range r.Form {
		switch {
		case !slices.Contains(known, name):
			return fmt.Sprintf("unknown argument %q: there are %s", name, strings.Join(known, ", "))
		case len(values) > 1:
			return fmt.Sprintf("argument %q is there twice", name)
		}
	}
	return ""
}

// failure is the body of a refusal.
type failure struct {
	Error string `json:"error"`
}

func refusal(code int, why string) reply { return inJSON(code, failure{why}) }

func inJSON(code int, v any) reply {
	text, _ := json.Marshal(v) // of strings and integers: it always works
	return reply{code: code, body: string(text) + "\n"}
}
