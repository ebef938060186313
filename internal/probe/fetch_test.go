package probe

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	var user, password, target string
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		target = r.URL.RequestURI()
		w.Header().Set("Retry-After", "90")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
		w.Write([]byte(strings.Repeat("x", 5000)))
	}))
	defer web.Close()
	h := NewHTTP(NewResolver(), "imon/test")
	if _, err := h.Fetch(t.Context(), web.URL+"/?token=t0p", Login{"joe", "pw"}, Path{}); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "t0p") {
		t.Fatalf("a certificate of nobody: %v", err)
	}
	if user != "" {
		t.Error("the login went to a server that is not known")
	}
	h.roots = x509.NewCertPool()
	h.roots.AddCert(web.Certificate())
	page, err := h.Fetch(t.Context(), web.URL+"/a?b={c}", Login{"joe", "pw"}, Path{})
	if err != nil || page.Status != http.StatusFound || len(page.Body) != maxBody || page.Pause != 90*time.Second {
		t.Errorf("%d, %d bytes, %v, %v", page.Status, len(page.Body), page.Pause, err)
	}
	if user != "joe" || password != "pw" || target != "/a?b={c}" {
		t.Errorf("%q as %q with %q", target, user, password)
	}
}

func TestFetchFailures(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	h := NewHTTP(NewResolver(), "imon/test")
	h.Timeout = 50 * time.Millisecond
	for url, want := range map[string]string{
		slow.URL + "/?t0p":         "no answer within 50ms",
		"http://127.0.0.1:1/?t0p":  "connection refused",
		"gopher://127.0.0.1/?t0p":  "not an http or https URL",
		"http://127.0.0.1/%zz?t0p": "not an http or https URL",
	} {
		if _, err := h.Fetch(t.Context(), url, Login{}, Path{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "t0p") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
