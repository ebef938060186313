package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// statusLine is as much of an answer as tells the status (RFC 9112, section 4).
const statusLine = len("HTTP/1.1 204")

// status gets u from the server at address and returns how long it took from the
// first packet to the status line, when that says q.Status. http.Client is not
// used: it leaves goroutines behind for a while, and of all that it does nothing is
// wanted here.
func (h *HTTP) status(ctx context.Context, u *url.URL, address netip.AddrPort, q Question) (time.Duration, error) {
	start := time.Now()
	c, err := q.Path.dialBriefly(ctx, address)
	if err != nil {
		return 0, talkError(ctx, address.Addr(), q.Path, err)
	}
	defer closeWith(ctx, c)()
	response, at, err := h.talk(ctx, c, u)
	switch {
	case err == nil && response.StatusCode == q.Status:
		return at.Sub(start), nil
	case err == nil:
		return 0, statusError(response, u)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, errNoStatus
	default:
		return 0, &strangerError{h.tlsError(talkError(ctx, address.Addr(), q.Path, err), u.Hostname())}
	}
}

// talk puts the request on c and returns the head of the answer and when it came.
func (h *HTTP) talk(ctx context.Context, c net.Conn, u *url.URL) (*http.Response, time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, time.Time{}, err
	}
	request.Header.Set("User-Agent", h.UserAgent)
	request.Close = true
	if u.Scheme == "https" {
		secure := tls.Client(c, &tls.Config{ServerName: u.Hostname(), RootCAs: h.roots})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, time.Time{}, err
		}
		c = secure
	}
	if err := request.Write(c); err != nil {
		return nil, time.Time{}, err
	}
	return readHead(bufio.NewReader(io.LimitReader(c, maxHeader)), request)
}

var errNoStatus = errors.New("the connection was closed before an answer")

// readHead reads up to the end of the header of the answer, and passes over those
// that only say that it will come (status 1xx, RFC 9110, section 15.2).
func readHead(from *bufio.Reader, request *http.Request) (*http.Response, time.Time, error) {
	for {
		_, err := from.Peek(statusLine)
		at := time.Now()
		var response *http.Response
		if err == nil {
			response, err = http.ReadResponse(from, request)
		}
		if err != nil || response.StatusCode/100 != 1 {
			return response, at, err
		}
	}
}

// statusError says what came in place of the status that counts. A portal that
// wants a login or a click first redirects, shows a page of its own, or says so
// (511, RFC 6585, section 6).
func statusError(r *http.Response, asked *url.URL) error {
	where := ""
	if to, err := r.Location(); err == nil && to.Hostname() != asked.Hostname() {
		where = " to " + to.Hostname()
	}
	hint := ""
	if r.StatusCode < 400 || r.StatusCode == http.StatusNetworkAuthenticationRequired {
		hint = ": a captive portal?"
	}
	return &strangerError{fmt.Errorf("status %d%s%s", r.StatusCode, where, hint)}
}
