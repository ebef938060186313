package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Page is what a web server answered.
type Page struct {
	Status int           // RFC 9110, section 15
	Body   string        // at most 1 KiB of it
	Pause  time.Duration // for which it wants to be left alone (Retry-After in seconds), 0 for not said
}

// Login is how somebody says who they are (RFC 7617). The zero Login says nothing.
type Login struct{ User, Password string }

// errNoURL does not show what was configured, because a token may be in it.
var errNoURL = errors.New("cannot ask: not an http or https URL")

// Fetch gets rawURL (http or https, certificates are verified) by path and returns
// the answer, whatever its status. Redirects are not followed: they could carry a
// login, or a token in the URL, to somebody else. The error has neither of them.
func (h *HTTP) Fetch(ctx context.Context, rawURL string, login Login, path Path) (Page, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return Page{}, errNoURL
	}
	limited, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), nil)
	if err != nil {
		return Page{}, errNoURL
	}
	request.Header.Set("User-Agent", h.UserAgent)
	if login != (Login{}) {
		request.SetBasicAuth(login.User, login.Password)
	}
	page, err := h.page(request, path)
	if err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v", h.Timeout)
		}
		return Page{}, &strangerError{err}
	}
	return page, nil
}

// page sends the request and reads the answer.
func (h *HTTP) page(request *http.Request, path Path) (Page, error) {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := http.Client{Transport: h.transport(path, Any), CheckRedirect: stay}
	response, err := client.Do(request)
	if err != nil {
		return Page{}, reason(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Page{}, err
	}
	pause, _ := time.ParseDuration(response.Header.Get("Retry-After") + "s")
	return Page{response.StatusCode, string(body), pause}, nil
}
