package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// freePort returns an address of loopback on which nothing listens.
func freePort(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// peer is a running program.
type peer struct {
	options
	t *testing.T
}

// start runs the program with two names and waits until it is ready.
func start(t *testing.T) peer {
	t.Helper()
	dir := t.TempDir()
	o := options{
		dns: freePort(t, "udp"), http: freePort(t, "tcp"), https: freePort(t, "tcp"),
		body: filepath.Join(dir, "body"), ca: filepath.Join(dir, "ca.pem"), ready: filepath.Join(dir, "ready"),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{
			"-dns", o.dns, "-http", o.http, "-https", o.https, "-body", o.body, "-ca", o.ca, "-ready", o.ready,
			"gw.imon.test=10.9.0.1", "IP.imon.test=127.0.0.1",
		}, &stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != 0 {
			t.Errorf("exit code %d: %s", got, stderr.String())
		}
	})
	for {
		if _, err := os.Stat(o.ready); err == nil {
			return peer{o, t}
		}
		select {
		case got := <-code:
			t.Fatalf("ended with exit code %d: %s", got, stderr.String())
		case <-time.After(time.Millisecond):
		}
	}
}

func (p peer) lookup(name string) ([]netip.Addr, error) {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", p.dns)
	}}
	return resolver.LookupNetIP(p.t.Context(), "ip", name)
}

func TestNamesAreAnswered(t *testing.T) {
	p := start(t)
	for name, want := range map[string]string{"gw.imon.test.": "10.9.0.1", "GW.Imon.Test.": "10.9.0.1", "ip.imon.test.": "127.0.0.1"} {
		got, err := p.lookup(name)
		if err != nil || len(got) != 1 || got[0].Unmap().String() != want {
			t.Errorf("%s: %v, %v; want %s", name, got, err, want)
		}
	}
}

func TestUnknownNameDoesNotExist(t *testing.T) {
	_, err := start(t).lookup("other.imon.test.")
	var dnsError *net.DNSError
	if !errors.As(err, &dnsError) || !dnsError.IsNotFound || dnsError.IsTimeout {
		t.Errorf("got %v, want that there is no such name", err)
	}
}

func TestWhatIsNoQueryIsIgnored(t *testing.T) {
	p := start(t)
	conn, err := net.Dial("udp", p.dns)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, junk := range []string{"", "x", strings.Repeat("\xff", 12), "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff"} {
		conn.Write([]byte(junk))
	}
	if _, err := p.lookup("gw.imon.test."); err != nil {
		t.Errorf("no answer any more: %v", err)
	}
}

// get asks for url, whatever its host name is, at the address at.
func (p peer) get(url, at string) (int, string) {
	p.t.Helper()
	roots := x509.NewCertPool()
	text, err := os.ReadFile(p.ca)
	if err != nil || !roots.AppendCertsFromPEM(text) {
		p.t.Fatalf("no certificate in %s: %v", p.ca, err)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at)
		},
	}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestWebServersShowTheFileOfTheMoment(t *testing.T) {
	p := start(t)
	for _, body := range []string{"93.184.215.14\n", "93.184.215.15\n"} {
		if err := os.WriteFile(p.body, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		for url, at := range map[string]string{"http://ip.imon.test/": p.http, "https://ip.imon.test/": p.https} {
			if code, got := p.get(url, at); code != 200 || got != body {
				t.Errorf("%s: %d %q, want 200 %q", url, code, got, body)
			}
		}
	}
}

func TestNoFileIsNotFound(t *testing.T) {
	p := start(t)
	if code, got := p.get("http://ip.imon.test/", p.http); code != 404 || got != "" {
		t.Errorf("%d %q, want 404 and nothing", code, got)
	}
}

func TestCertificateSuitsAMachineWithoutAClock(t *testing.T) {
	certificate, err := certify([]string{"ip.imon.test"}, filepath.Join(t.TempDir(), "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	for _, now := range []time.Time{time.Unix(5, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := parsed.Verify(x509.VerifyOptions{DNSName: "ip.imon.test", Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("at %v: %v", now, err)
		}
	}
}

func TestWrongCommandLines(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	nowhere := filepath.Join(t.TempDir(), "missing", "file")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-h"}, 0, "name server"},
		{[]string{"-x"}, 2, "not defined: -x"},
		{[]string{"gw.imon.test"}, 2, "NAME=IPv4-ADDRESS"},
		{[]string{"gw.imon.test=fe80::1"}, 2, "NAME=IPv4-ADDRESS"},
		{[]string{"-http", taken.Addr().String()}, 1, "cannot open web server"},
		{[]string{"-dns", "127.0.0.1:none"}, 1, "cannot open name server"},
		{[]string{"-https", "127.0.0.1:0", "-ca", nowhere}, 1, "cannot open web server"},
		{[]string{"-ready", nowhere}, 1, "cannot say that all servers listen"},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), c.args, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", c.args, code, stderr.String(), c.code, c.says)
		}
	}
}
