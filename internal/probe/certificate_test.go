package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	long := 100 * 365 * 24 * time.Hour
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"},
		NotBefore: time.Now().Add(-long), NotAfter: time.Now().Add(long),
		IsCA: true, BasicConstraintsValid: true,
	}
	a := authority{key: newKey(t)}
	a.certificate = a.sign(t, template, template, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func (a authority) sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	check(t, err)
	c, err := x509.ParseCertificate(raw)
	check(t, err)
	return c
}

// site serves status 204 by TLS with a certificate of a for name, valid between
// the times from now, and returns its URL.
func (a authority) site(t *testing.T, name string, from, to time.Duration) string {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to),
	}
	chain := tls.Certificate{Certificate: [][]byte{a.sign(t, template, a.certificate, key).Raw}, PrivateKey: key}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{chain}}))
	}()
	t.Cleanup(func() { s.Close(); <-stopped })
	return "https://" + strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1) + "/"
}

func TestHTTPStatusByTLS(t *testing.T) {
	const day = 24 * time.Hour
	good, bad := newAuthority(t), newAuthority(t)
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.DateOnly) }
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	serveHTTP(t, plain, web)
	tests := []struct {
		name, url, want string
		unknown         bool
	}{
		{"good", good.site(t, "localhost", -day, day), "", false},
		{"of nobody", bad.site(t, "localhost", -day, day), "certificate signed by an unknown authority: a captive portal?", false},
		{"of another name", good.site(t, "login.example", -day, day), "certificate is not for localhost: a captive portal?", false},
		{"expired", good.site(t, "localhost", -3*day, -2*day),
			"certificate expired on " + date(-2*day) + "; the clock here says " + date(0), false},
		{"our clock is behind", good.site(t, "localhost", 2*day, 3*day),
			"cannot probe: certificate is not valid before " + date(2*day) + "; the clock here says " + date(0), true},
		{"a portal's clock is ahead", bad.site(t, "localhost", 2*day, 3*day),
			"certificate is not valid before " + date(2*day) + "; the clock here says " + date(0), false},
		{"a portal with a good name and a clock ahead", good.site(t, "login.example", 2*day, 3*day),
			"certificate is not valid before " + date(2*day) + "; the clock here says " + date(0), false},
		{"no TLS", "https://" + plain.Addr().String(), "tls: first record does not look like a TLS handshake", false},
		{"nonsense", "https://" + talker(t, "nonsense\r\n"), "tls: first record does not look like a TLS handshake", false},
		{"closed", "https://" + talker(t, ""), "the connection was closed before an answer", false},
	}
	for _, test := range tests {
		a := newAsker()
		a.http.roots = x509.NewCertPool()
		a.http.roots.AddCert(good.certificate)
		r := a.Ask(t.Context(), Question{Method: HTTPStatus, Target: test.url, Status: 204, Count: 1, Wait: 5 * time.Second})
		sees(t, test.name, r, test.want)
		if r.Unknown() != test.unknown {
			t.Errorf("%s: unknown is %v", test.name, r.Unknown())
		}
	}
}

// TestNoRootCertificates is a router without the package ca-bundle: an https page
// says nothing about the uplink.
func TestNoRootCertificates(t *testing.T) {
	failed := &tls.CertificateVerificationError{
		UnverifiedCertificates: []*x509.Certificate{newAuthority(t).certificate}, Err: x509.UnknownAuthorityError{},
	}
	h := newHTTP()
	h.roots = x509.NewCertPool()
	if err := h.tlsError(failed, "x.example"); errors.Is(err, ErrLocal) {
		t.Errorf("with roots of one's own: %v", err)
	}
	missing, err := x509.SystemCertPool()
	check(t, err)
	h.roots = nil
	if got := errors.Is(h.tlsError(failed, "x.example"), ErrLocal); got != missing.Equal(x509.NewCertPool()) {
		t.Errorf("this machine's fault: %v", got)
	}
}
