package socket

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

// page shows the state, the history and what happens, from the JSON of the other paths.
//
//go:embed page.html
var page string

// policy keeps the page from everything but itself and this server.
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// metricsType is the content type of the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// NewWeb returns the server of an instance on an address of TCP, HOST:PORT; localhost is
// this machine by IPv4 and by IPv6. Whoever reaches it may read all that there is, and change
// nothing.
func NewWeb(address string, instance Instance, say func(string)) *Server {
	s := New(address, instance, say)
	s.open = func() ([]net.Listener, error) { return listenTCP(address) }
	s.public, s.what = true, "web page"
	return s
}

// listenTCP listens on an address, or for localhost on both of them. A machine without IPv6
// has only one.
func listenTCP(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "localhost" {
		return single(net.Listen("tcp", address))
	}
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return []net.Listener{four}, nil
	case err != nil:
		four.Close()
		return nil, err
	}
	return []net.Listener{four, six}, nil
}

// page is GET /.
func (s *Server) page(r *http.Request) reply {
	return reply{code: http.StatusOK, kind: "text/html; charset=utf-8", policy: policy, body: page}
}

// metrics is GET /metrics.
func (s *Server) metrics(*http.Request) reply {
	return reply{code: http.StatusOK, kind: metricsType, stream: func(w io.Writer) error { return s.instance.Metrics(w) }}
}

// guard refuses what a public server does not do: to change anything, and to talk to a
// browser that takes it for somebody else's server, whose page could then read all (DNS
// rebinding).
func (s *Server) guard(r *http.Request) (reply, bool) {
	switch {
	case r.URL.Path == "/failover":
		return refusal(http.StatusForbidden, "this can be read only: /failover is on the unix socket"), true
	case !ours(r.Host) && !same(r.Host, s.path):
		return refusal(http.StatusForbidden, fmt.Sprintf("this is not %q: use the address or the name of this machine", r.Host)), true
	}
	return reply{}, false
}

// same reports whether a request goes to the name at which the server is configured to listen.
func same(host, address string) bool {
	return nameOf(host) != "" && nameOf(host) == nameOf(address)
}

// nameOf is the host of HOST:PORT, or of HOST, as names are compared.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// ours reports whether a name is one by which people call this machine: an address, or its
// name, alone or in a domain that is nobody's on the internet.
func ours(host string) bool {
	host = nameOf(host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	name, _ := os.Hostname() // "" is nobody's name
	short, _, _ := strings.Cut(strings.ToLower(name), ".")
	own := []string{"localhost", strings.ToLower(name)}
	for _, domain := range []string{"", ".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain"} {
		own = append(own, short+domain)
	}
	return host != "" && !strings.HasPrefix(host, ".") && slices.Contains(own, host)
}
