package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of an answer to [HTTP.Address].
const (
	maxBody      = 1 << 10  // bytes
	maxHeader    = 16 << 10 // bytes
	maxRedirects = 2
	maxQuote     = 40  // characters of a body in an error text
	maxReason    = 200 // bytes of any other reason in an error text

	bufferSize = 1 << 10 // bytes; an answer is a few hundred, and a fourth of net/http's own is less garbage
)

// HTTP asks providers, web servers that answer with the asker's address. The
// fields may be changed before the first Address; it is safe for concurrent use
// after that.
type HTTP struct {
	UserAgent string        // RFC 9110, section 10.1.5
	Timeout   time.Duration // for the whole question; 5 s by default

	resolver *Resolver
	roots    *x509.CertPool // nil for the system's
}

// NewHTTP returns an HTTP that calls itself userAgent and finds the addresses of
// providers with resolver.
func NewHTTP(resolver *Resolver, userAgent string) *HTTP {
	return &HTTP{UserAgent: userAgent, Timeout: 5 * time.Second, resolver: resolver}
}

// Address asks the provider at rawURL (http or https) by path and by IPv4 or IPv6
// for the address that it sees. The body must be that address, blanks around it apart, and the
// address must be [Global]; status 200 and at most 1 KiB are accepted, and up to
// two redirects, none of them from https to http. Cookies, proxies of the
// environment and compression are not used.
//
// Errors begin with the provider's host and say why: "icanhazip.com: status 429".
// They are [ErrBarred] for status 403 and 429, and [ErrRefused] for an answer that is
// not such an address, too long, or too slow.
func (h *HTTP) Address(ctx context.Context, rawURL string, path Path, f Family) (netip.Addr, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return netip.Addr{}, err
	}
	limited, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	body, err := h.get(limited, u, path, f)
	if err == nil {
		var a netip.Addr
		if a, err = parseAddress(body, f); err == nil {
			return a, nil
		}
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = late(err, h.Timeout)
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", u.Hostname(), &strangerError{err})
}

// late is why there is no answer in time: a body that drips is one that is refused.
func late(err error, d time.Duration) error {
	if errors.Is(err, errBody) {
		return refuse("answer is not complete within %v", d)
	}
	return fmt.Errorf("no answer within %v", d)
}

var errBody = errors.New("cannot read the answer")

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("cannot ask %s: not an http or https URL", quote(text))
	}
	return u, nil
}

// get returns the body of a good answer.
func (h *HTTP) get(ctx context.Context, u *url.URL, path Path, f Family) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", h.UserAgent)
	request.Header.Set("Accept", "text/plain, */*;q=0.1")
	client := http.Client{Transport: h.transport(path, f), CheckRedirect: checkRedirect}
	response, err := client.Do(request)
	if err != nil {
		return nil, reason(err)
	}
	defer response.Body.Close()
	switch code := response.StatusCode; code {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusTooManyRequests:
		return nil, &sorted{ErrBarred, fmt.Sprintf("status %d", code)}
	default:
		return nil, fmt.Errorf("status %d", code)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBody, err)
	case len(body) > maxBody:
		return nil, refuse("answer is longer than %d bytes", maxBody)
	}
	return body, nil
}

// transport is good for one question: nothing of it stays open.
func (h *HTTP) transport(path Path, f Family) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return h.dial(ctx, address, path, f)
		},
		TLSClientConfig:        &tls.Config{RootCAs: h.roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         bufferSize,
		WriteBufferSize:        bufferSize,
	}
}

func (h *HTTP) dial(ctx context.Context, address string, path Path, f Family) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	a, err := h.resolver.lookupFamily(ctx, host, path, f)
	if err != nil {
		return nil, err
	}
	return path.dial(ctx, "tcp", netip.AddrPortFrom(a, uint16(port)))
}

func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return errors.New("redirected from https to http")
	}
	return nil
}

// reason takes the URL out of an error of http.Client.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// ReadAddress reads the answer of somebody who was asked for the external address of
// a family. It is [ErrRefused] when it is something else, or not [Global].
func ReadAddress(text string, f Family) (netip.Addr, error) {
	a, err := parseAddress([]byte(text), f)
	if err != nil {
		return netip.Addr{}, &strangerError{err}
	}
	return a, nil
}

// parseAddress reads the body of an answer.
func parseAddress(body []byte, family Family) (netip.Addr, error) {
	text := strings.TrimSpace(string(body))
	a, err := netip.ParseAddr(text)
	a = a.Unmap()
	if err != nil {
		return netip.Addr{}, refuse("answer %s is not an address", quote(text))
	}
	return a, family.believes(a)
}

// believes says why a cannot be the external address of somebody who asks by f.
func (f Family) believes(a netip.Addr) error {
	switch {
	case !f.takes(a):
		return refuse("%s is not an address of the wanted family", bare(a))
	case !Global(a):
		return refuse("%s is not a global address", bare(a))
	}
	return nil
}

// sorted is an error in words of its own that is of a sort, for [errors.Is].
type sorted struct {
	sort error
	text string
}

func (e *sorted) Error() string { return e.text }
func (e *sorted) Unwrap() error { return e.sort }

// refuse is an [ErrRefused].
func refuse(format string, args ...any) error {
	return &sorted{ErrRefused, fmt.Sprintf(format, args...)}
}

// bare is a without its zone, which is free text.
func bare(a netip.Addr) string { return a.WithZone("").String() }

// quote is what a stranger wrote, cut and with control characters escaped.
func quote(s string) string {
	if r := []rune(s); len(r) > maxQuote {
		s = string(r[:maxQuote]) + "…"
	}
	return strconv.Quote(s)
}

// strangerError is an error that may hold what a stranger wrote, so its text is cut
// and made printable.
type strangerError struct{ err error }

func (e *strangerError) Error() string {
	s := strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return ' '
	}, e.err.Error())
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "") + "…"
	}
	return s
}

func (e *strangerError) Unwrap() error { return e.err }
