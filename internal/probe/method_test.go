package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// once is a question that is put once and has little patience.
func once(q Question) Question {
	q.Count, q.Wait = 1, 600*time.Millisecond
	return q
}

func TestMethodNames(t *testing.T) {
	for m, want := range map[Method]string{ICMP: "icmp", DNSQuery: "dns", TCP: "tcp", HTTPStatus: "http", -1: "method -1", 4: "method 4"} {
		if m.String() != want {
			t.Errorf("%d is %q, want %q", int(m), m, want)
		}
	}
}

// sees fails the test unless r is answered, where want is "", or has that reason.
func sees(t *testing.T, what string, r Result, want string) {
	t.Helper()
	if r.Reason() != want || r.Alive() != (want == "") || r.Sent != 1 || len(r.RTTs) > 1 {
		t.Errorf("%s: %q, want %q: %+v", what, r.Reason(), want, r)
	}
}

func TestDNSQuery(t *testing.T) {
	a := func(q *dns.Msg) *dns.Msg { return record(q, "x.example. A 192.0.2.1") }
	tests := []struct {
		name   string
		handle func(q *dns.Msg) *dns.Msg
		want   string
	}{
		{"A", a, ""},
		{"empty", func(q *dns.Msg) *dns.Msg { return record(q) }, ""},
		{"NXDOMAIN", func(q *dns.Msg) *dns.Msg { return nxdomain(q, false) }, ""},
		{"truncated", func(q *dns.Msg) *dns.Msg { m := record(q); m.Truncated = true; return m }, ""},
		{"SERVFAIL", func(q *dns.Msg) *dns.Msg { return code(q, dns.RcodeServerFailure) }, "server 127.0.0.1 answered SERVFAIL"},
		{"REFUSED", func(q *dns.Msg) *dns.Msg { return code(q, dns.RcodeRefused) }, "server 127.0.0.1 answered REFUSED"},
		{"code 14", func(q *dns.Msg) *dns.Msg { return code(q, 14) }, "server 127.0.0.1 answered code 14"},
		{"silent", func(*dns.Msg) *dns.Msg { return nil }, "no answer"},
		{"other id", func(q *dns.Msg) *dns.Msg { m := a(q); m.Id++; return m }, "no answer"},
		{"other name", func(q *dns.Msg) *dns.Msg { m := a(q); m.Question[0].Name = "y.example."; return m }, "no answer"},
		{"our question back", func(q *dns.Msg) *dns.Msg { return q }, "no answer"},
	}
	for _, test := range tests {
		var asked atomic.Int32
		server := serveDNS(t, "127.0.0.1:0", func(q *dns.Msg, tcp bool) *dns.Msg {
			if asked.Add(1); tcp || q.Question[0].Name != "x.example." || q.Question[0].Qtype != dns.TypeA {
				t.Errorf("%s: asked for %v, by TCP %v", test.name, q.Question, tcp)
			}
			return test.handle(q)
		})
		a := newAsker()
		a.dns = newDNS(server)
		r := a.Ask(t.Context(), once(Question{Method: DNSQuery, Target: "127.0.0.1", Name: "x.example"}))
		sees(t, test.name, r, test.want)
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times for one question", test.name, n)
		}
	}
}

func TestTCP(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		open := accept(t, strings.Replace(host, "localhost", "127.0.0.1", 1)+":0")
		_, port, err := net.SplitHostPort(open)
		check(t, err)
		sees(t, host, newAsker().Ask(t.Context(), once(Question{Method: TCP, Target: host + ":" + port})), "")
		sees(t, host, newAsker().Ask(t.Context(), once(Question{Method: TCP, Target: host + ":1"})), "connection refused")
	}
}

// web answers a request for /what as what says; the page is of the server at home.
func web(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/302":
		http.Redirect(w, r, "http://login.example/?to="+r.URL.String(), http.StatusFound)
	case "/307":
		http.Redirect(w, r, "/204", http.StatusTemporaryRedirect)
	case "/200":
		fmt.Fprint(w, "<html><title>Welcome to our hotel</title></html>")
	case "/103":
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
	case "/asked":
		if r.UserAgent() == "imon/1.2.3" && r.Close && r.Method == "GET" && r.URL.RawQuery == "a=b" && r.Host != "" {
			w.WriteHeader(http.StatusNoContent)
		}
	case "/slow":
		<-r.Context().Done()
	case "/endless":
		for i := range 1000 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 100))
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
	}
}

func TestHTTPStatus(t *testing.T) {
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	for _, home := range []string{"127.0.0.1", "[::1]"} {
		l, err := net.Listen("tcp", home+":0")
		check(t, err)
		serveHTTP(t, l, web)
		for path, want := range map[string]string{
			"/204":       "",
			"/103":       "",
			"/asked?a=b": "",
			"/302":       "status 302 to login.example: a captive portal?",
			"/307":       "status 307: a captive portal?",
			"/200":       "status 200: a captive portal?",
			"/511":       "status 511: a captive portal?",
			"/404":       "status 404",
			"/503":       "status 503",
			"/slow":      "no answer",
			"/endless":   "the connection was closed before an answer",
		} {
			q := once(Question{Method: HTTPStatus, Target: "http://" + l.Addr().String() + path, Status: 204})
			sees(t, path, newAsker().Ask(t.Context(), q), want)
		}
		q := once(Question{Method: HTTPStatus, Target: "http://" + l.Addr().String() + "/200", Status: 200})
		sees(t, "200 is wanted", newAsker().Ask(t.Context(), q), "")
		q.Count, q.Spacing = 3, time.Minute
		sees(t, "one is enough", newAsker().Ask(t.Context(), q), "")
	}
}

// talker writes what it is told to whoever connects, and hangs up.
func talker(t *testing.T, say string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			c.Write([]byte(say))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestHTTPStatusOfNonsense(t *testing.T) {
	const closed = "the connection was closed before an answer"
	for say, want := range map[string]string{
		"":                      closed,
		"HTTP/1.1 20":           closed,
		"HTTP/1.1 204 No Conte": closed,
		"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n": closed,
		"HTTP/1.1 204 No Content\r\n\r\n":                  "",
		"HTTP/1.0 204\r\n\r\n":                             "",
		"220 mail.example ESMTP\x1b[2J\r\n":                `malformed HTTP status code "mail.example"`,
	} {
		q := once(Question{Method: HTTPStatus, Target: "http://" + talker(t, say), Status: 204})
		sees(t, say, newAsker().Ask(t.Context(), q), want)
	}
	q := once(Question{Method: HTTPStatus, Target: "http://" + talker(t, "\x1b[2J"+strings.Repeat("nonsense", 500)+"\r\n"), Status: 204})
	if r := newAsker().Ask(t.Context(), q); len(r.Reason()) > 240 || strings.Contains(r.Reason(), "\x1b") || r.Alive() {
		t.Errorf("%q", r.Reason())
	}
}

// TestAskRoutesThatSayNo asks where a route forbids it, which is known at once.
func TestAskRoutesThatSayNo(t *testing.T) {
	newPeer(t, "no0", "10.99.1.1/24", "10.99.1.2/24")
	for kind, why := range map[string]string{"prohibit": "permission denied", "blackhole": "invalid argument"} {
		run(t, "ip route add "+kind+" 10.98.0.0/16", "ip route del 10.98.0.0/16")
		for _, q := range questions("10.98.0.1", Path{}) {
			q.Spacing = time.Minute
			var r Result
			unhurried(t, 100*time.Millisecond, func() { r = newAsker().Ask(t.Context(), q) })
			if !errors.Is(r.Err, ErrNoRoute) || r.Unknown() || r.Reason() != "no route to 10.98.0.1: "+why {
				t.Errorf("%s, %s: %+v", q.Method, kind, r)
			}
		}
		run(t, "ip route del 10.98.0.0/16", "true")
	}
}

func TestAskWhatCannotBeAsked(t *testing.T) {
	tests := []struct {
		q    Question
		want string
	}{
		{Question{Method: DNSQuery, Target: "127.0.0.1"}, `cannot ask for "": not a domain name`},
		{Question{Method: DNSQuery, Target: "127.0.0.1", Name: "x..y"}, `cannot ask for "x..y": not a domain name`},
		{Question{Method: TCP, Target: "127.0.0.1"}, `cannot ask "127.0.0.1": not host:port`},
		{Question{Method: TCP, Target: ":80"}, `cannot ask ":80": not host:port`},
		{Question{Method: TCP, Target: "127.0.0.1:65536"}, `cannot ask "127.0.0.1:65536": not host:port`},
		{Question{Method: TCP, Target: "::1:80"}, `cannot ask "::1:80": not host:port`},
		{Question{Method: HTTPStatus, Target: "ftp://x.example/"}, `cannot ask "ftp://x.example/": not an http or https URL`},
		{Question{Method: HTTPStatus, Target: "http://:80/"}, `cannot ask "http://:80/": not an http or https URL`},
		{Question{Method: HTTPStatus, Target: "http://127.0.0.1:70000/"}, `cannot ask "http://127.0.0.1:70000/": no such port`},
		{Question{Method: 7, Target: "127.0.0.1"}, `cannot ask "127.0.0.1" by method 7`},
		{Question{Method: TCP, Target: "127.0.0.1:80", Path: Path{addr("127.0.0.1"), "none0"}}, "no route to 127.0.0.1 by none0: no such device"},
		{Question{Method: TCP, Target: "[::1]:80", Path: Path{Source: addr("127.0.0.1")}}, "no route to ::1: source address is of another family"},
	}
	for _, test := range tests {
		sees(t, test.q.Target, newAsker().Ask(t.Context(), once(test.q)), test.want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, q := range questions("no_host.invalid", Path{}) {
		if r := newAsker().Ask(ctx, q); !r.Unknown() || !errors.Is(r.Err, context.Canceled) {
			t.Errorf("%s, with an ended context: %+v", q.Method, r)
		}
		if r := newAsker().Ask(t.Context(), q); !errors.Is(r.Err, ErrResolve) || r.Alive() || r.Sent != 3 {
			t.Errorf("%s: %+v", q.Method, r)
		}
	}
}
