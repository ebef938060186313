package socket

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// page shows the state, the history and what happens, from the JSON of the other paths.
//
//go:embed page.html
var page string

// policy keeps the page from everything but itself and this server.
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// metricsType is the content type of the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// NewWeb returns the server of an instance on an address of TCP, IP:PORT. Whoever reaches it
// may read all that there is, and change nothing.
func NewWeb(address string, instance Instance, say func(string)) *Server {
	s := New(address, instance, say)
	s.open = func() (net.Listener, error) { return net.Listen("tcp", address) }
	s.public, s.what = true, "web page"
	return s
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
	case !ours(r.Host):
		return refusal(http.StatusForbidden, fmt.Sprintf("this is not %q: use the address or the name of this machine", r.Host)), true
	}
	return reply{}, false
}

// ours reports whether a name is one by which people call this machine: an address, or its
// name, alone or in a domain that is nobody's on the internet.
func ours(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	name, _ := os.Hostname() // "" is nobody's name
	short, _, _ := strings.Cut(strings.ToLower(name), ".")
	own := []string{"localhost", strings.ToLower(name)}
	for _, domain := range []string{"", ".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain"} {
		own = append(own, short+domain)
	}
	return host != "" && !strings.HasPrefix(host, ".") && slices.Contains(own, host)
}
