package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func newHTTP() *HTTP {
	h := NewHTTP(NewResolver(), "imon/1.2.3")
	h.Timeout = 500 * time.Millisecond
	return h
}

// provider is a web server on loopback with one page per answer.
func provider(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	say := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	say("/good", "  8.8.4.4\r\n")
	say("/mapped", "::ffff:8.8.4.4")
	say("/private", "10.0.0.1")
	say("/six", "2606:4700:4700::1111")
	say("/html", "<html><head><title>Your address is 8.8.4.4</title></head></html>")
	say("/two", "8.8.4.4 8.8.8.8")
	say("/empty", "")
	say("/control", "8.8.4.4\x00\x1b[2J")
	say("/huge", strings.Repeat(" ", 1024)+"8.8.4.4")
	say("/full", "8.8.4.4"+strings.Repeat("\n", 1017))
	for path, target := range map[string]string{"/once": "/good", "/twice": "/once", "/thrice": "/twice", "/loop": "/loop"} {
		mux.Handle(path, http.RedirectHandler(target, http.StatusFound))
	}
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/dripping", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "8.8.")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/429", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, "8.8.4.4")
	})
	mux.HandleFunc("/agent", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		if r.UserAgent() == "imon/1.2.3" && len(r.Cookies()) == 0 && r.Header.Get("Accept-Encoding") == "" {
			fmt.Fprint(w, "8.8.4.4")
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestAddress(t *testing.T) {
	s := provider(t)
	tests := []struct{ path, want string }{
		{"/good", "8.8.4.4"},
		{"/mapped", "8.8.4.4"},
		{"/full", "8.8.4.4"},
		{"/once", "8.8.4.4"},
		{"/twice", "8.8.4.4"},
		{"/agent", "8.8.4.4"},
		{"/thrice", "127.0.0.1: more than 2 redirects"},
		{"/loop", "127.0.0.1: more than 2 redirects"},
		{"/private", "127.0.0.1: 10.0.0.1 is not a global address"},
		{"/six", "127.0.0.1: 2606:4700:4700::1111 is not an address of the wanted family"},
		{"/html", `127.0.0.1: answer "<html><head><title>Your address is 8.8.4…" is not an address`},
		{"/two", `127.0.0.1: answer "8.8.4.4 8.8.8.8" is not an address`},
		{"/empty", `127.0.0.1: answer "" is not an address`},
		{"/control", `127.0.0.1: answer "8.8.4.4\x00\x1b[2J" is not an address`},
		{"/huge", "127.0.0.1: answer is longer than 1024 bytes"},
		{"/429", "127.0.0.1: status 429"},
		{"/none", "127.0.0.1: status 404"},
		{"/slow", "127.0.0.1: no answer within 500ms"},
		{"/dripping", "127.0.0.1: answer is not complete within 500ms"},
	}
	for _, test := range tests {
		slow := within(t, 700*time.Millisecond)
		a, err := newHTTP().Address(t.Context(), s.URL+test.path, Path{}, IPv4)
		slow()
		got := a.String()
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.path, got, test.want)
		}
		if refused := strings.Contains(got, "address") || strings.Contains(got, "answer is"); errors.Is(err, ErrRefused) != refused {
			t.Errorf("%s: refused is %v", test.path, !refused)
		}
		if errors.Is(err, ErrBarred) != (test.path == "/429") {
			t.Errorf("%s: barred is %v", test.path, test.path != "/429")
		}
	}
}

func TestAddressByTLS(t *testing.T) {
	plain := provider(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "8.8.4.4") })
	mux.Handle("/down", http.RedirectHandler(plain.URL+"/good", http.StatusFound))
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	h := newHTTP()
	if _, err := h.Address(t.Context(), s.URL+"/good", Path{}, IPv4); err == nil {
		t.Error("a certificate that nobody trusts was accepted")
	}
	h.roots = x509.NewCertPool()
	h.roots.AddCert(s.Certificate())
	if a, err := h.Address(t.Context(), s.URL+"/good", Path{}, IPv4); err != nil || a != addr("8.8.4.4") {
		t.Errorf("%v, %v", a, err)
	}
	_, err := h.Address(t.Context(), s.URL+"/down", Path{}, IPv4)
	if want := "127.0.0.1: redirected from https to http"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestAddressIgnoresTheProxyOfTheEnvironment(t *testing.T) {
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s := provider(t)
	if _, err := newHTTP().Address(t.Context(), s.URL+"/good", Path{}, IPv4); err != nil {
		t.Error(err)
	}
}

func TestAddressThatCannotBeAsked(t *testing.T) {
	tests := []struct{ url, want string }{
		{"ftp://x.example/", `cannot ask "ftp://x.example/": not an http or https URL`},
		{"http://", `cannot ask "http://": not an http or https URL`},
		{"x.example\n", `cannot ask "x.example\n": not an http or https URL`},
		{"http://no_host.invalid/", `no_host.invalid: cannot resolve "no_host.invalid": `},
		{"http://[::1]/", `::1: cannot resolve "::1": no address of the wanted family`},
	}
	for _, test := range tests {
		_, err := newHTTP().Address(t.Context(), test.url, Path{}, IPv4)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%q: %v, want %s", test.url, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newHTTP().Address(ctx, "http://127.0.0.1:1/", Path{}, IPv4); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAddressOfNonsense(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Read(make([]byte, 4096))
		c.Write([]byte("\x1b[2J" + strings.Repeat("nonsense ", 500) + "\r\n"))
	}()
	_, err = newHTTP().Address(t.Context(), "http://"+l.Addr().String(), Path{}, IPv4)
	l.Close()
	<-done
	if err == nil || len(err.Error()) > 240 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}

func TestAddressByPath(t *testing.T) {
	_, b := twoUplinks(t)
	var l net.Listener
	b.in(func() {
		var err error
		l, err = net.Listen("tcp", "10.99.9.9:0")
		check(t, err)
	})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, _ := netip.ParseAddrPort(r.RemoteAddr); from.Addr() == addr("10.99.2.1") {
			fmt.Fprint(w, "8.8.4.4")
		}
	}))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	defer s.Close()
	if a, err := newHTTP().Address(t.Context(), s.URL, Path{addr("10.99.2.1"), "wan2"}, IPv4); err != nil || a != addr("8.8.4.4") {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := newHTTP().Address(t.Context(), s.URL, Path{}, IPv4); err == nil {
		t.Error("the provider was reached by the other uplink, so this test tests nothing")
	}
	if _, err := newHTTP().Address(t.Context(), s.URL, Path{addr("10.99.2.1"), "wan3"}, IPv4); err == nil {
		t.Error("the provider was reached by no uplink")
	}
}
