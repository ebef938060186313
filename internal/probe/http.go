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
	Family    Family        // of the wanted address and of the connection; IPv4 by default

	resolver *Resolver
	roots    *x509.CertPool // nil for the system's
}

// NewHTTP returns an HTTP that calls itself userAgent and finds the addresses of
// providers with resolver.
func NewHTTP(resolver *Resolver, userAgent string) *HTTP {
	return &HTTP{UserAgent: userAgent, Timeout: 5 * time.Second, Family: IPv4, resolver: resolver}
}

// Address asks the provider at rawURL (http or https) by path for the address
// that it sees. The body must be that address, blanks around it apart, and the
// address must be [Global]; status 200 and at most 1 KiB are accepted, and up to
// two redirects, none of them from https to http. Cookies, proxies of the
// environment and compression are not used.
//
// Errors begin with the provider's host and say why: "icanhazip.com: status 429".
func (h *HTTP) Address(ctx context.Context, rawURL string, path Path) (netip.Addr, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return netip.Addr{}, err
	}
	limited, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	body, err := h.get(limited, u, path)
	if err == nil {
		var a netip.Addr
		if a, err = parseAddress(body, h.Family); err == nil {
			return a, nil
		}
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no answer within %v", h.Timeout)
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", u.Hostname(), &strangerError{err})
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("cannot ask %s: not an http or https URL", quote(text))
	}
	return u, nil
}

// get returns the body of a good answer.
func (h *HTTP) get(ctx context.Context, u *url.URL, path Path) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", h.UserAgent)
	request.Header.Set("Accept", "text/plain, */*;q=0.1")
	client := http.Client{Transport: h.transport(path), CheckRedirect: checkRedirect}
	response, err := client.Do(request)
	if err != nil {
		return nil, reason(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("answer is longer than %d bytes", maxBody)
	}
	return body, err
}

// transport is good for one question: nothing of it stays open.
func (h *HTTP) transport(path Path) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return h.dial(ctx, address, path)
		},
		TLSClientConfig:        &tls.Config{RootCAs: h.roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         bufferSize,
		WriteBufferSize:        bufferSize,
	}
}

func (h *HTTP) dial(ctx context.Context, address string, path Path) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	a, err := h.resolver.lookupFamily(ctx, host, path, h.Family)
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

// parseAddress reads the body of an answer.
func parseAddress(body []byte, family Family) (netip.Addr, error) {
	text := strings.TrimSpace(string(body))
	a, err := netip.ParseAddr(text)
	a = a.Unmap()
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf("answer %s is not an address", quote(text))
	case !family.takes(a):
		return netip.Addr{}, fmt.Errorf("%s is not an address of the wanted family", bare(a))
	case !Global(a):
		return netip.Addr{}, fmt.Errorf("%s is not a global address", bare(a))
	}
	return a, nil
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
