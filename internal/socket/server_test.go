package socket

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// put sends a request as it stands, and returns the answer.
func (r *rig) put(request string) string {
	r.t.Helper()
	c := r.dial()
	if _, err := io.WriteString(c, request); err != nil && !strings.Contains(err.Error(), "broken pipe") {
		r.t.Fatal(err)
	}
	answer, _ := io.ReadAll(c) // what was not read of a request that is too large resets the connection
	return string(answer)
}

func post(form string) string {
	return "POST /failover HTTP/1.1\r\nHost: imon\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
		strconv.Itoa(len(form)) + "\r\n\r\n" + form
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: imon\r\n\r\n" }

func TestAnswers(t *testing.T) {
	r := begin(t, nil)
	for _, c := range []struct{ request, status, body string }{
		{get("/status"), "200 OK", `{"version":1,"instance":"fake",`},
		{get("/status?monitor=failover"), "200 OK", `{"version":1,`},
		{get("/status?monitor=dance"), "404 Not Found", `{"error":"there is no monitor \"dance\""}`},
		{get("/status?minotor=ping"), "400 Bad Request", `{"error":"unknown argument \"minotor\": there are monitor"}`},
		{get("/history?since=2h&resolution=hour&monitor=failover"), "200 OK", "{\"since\":7200}\n"},
		{get("/history?resolution=day"), "400 Bad Request", `{"error":"resolution is round, minute or hour"}`},
		{get("/history?since=ever"), "400 Bad Request", `{"error":"\"ever\" is no time`},
		{get("/history?monitor=dance"), "404 Not Found", `{"error":"there is no monitor \"dance\""}`},
		{get("/history?form=1"), "400 Bad Request", `{"error":"unknown argument \"form\": there are monitor, resolution, since"}`},
		{"HEAD /history HTTP/1.1\r\nHost: imon\r\n\r\n", "200 OK", ""},
		{get("/events?follow=no"), "200 OK", `{"last":0,"events":[]}`},
		{get("/events?follow=perhaps"), "400 Bad Request", `{"error":"follow is yes or no"}`},
		{get("/events?since=-1"), "400 Bad Request", `{"error":"\"-1\" is no number of an event"}`},
		{get("/moon"), "404 Not Found", `{"error":"there is no /moon here: try /status, /history, /events, /outages or /metrics"}`},
		{get("/outages?since=30d"), "200 OK", `{"version":0,"instance":"720h0m0s",`},
		{get("/outages?since=x"), "400 Bad Request", `{"error":"\"x\" is no time`},
		{get("/outages?form=csv"), "400 Bad Request", `{"error":"unknown argument \"form\": there are since"}`},
		{get("/metrics"), "200 OK", "fake 1\n"},
		{get("/"), "200 OK", "<!doctype html>"},
		{get("/../../etc/passwd"), "404 Not Found", `{"error":`},
		{get("/failover?to=standby"), "405 Method Not Allowed", `{"error":"/failover takes POST"}`},
		{"DELETE /status HTTP/1.1\r\nHost: imon\r\n\r\n", "405 Method Not Allowed", `{"error":"/status takes GET, HEAD"}`},
		{"HEAD /status HTTP/1.1\r\nHost: imon\r\n\r\n", "200 OK", ""},
		{"GET /status HTTP/1.0\r\n\r\n", "200 OK", `{"version":1,`},
		{post("to=standby"), "200 OK", `{"forced":"standby","state":"online"}`},
		{post("to=primary&for=2h"), "200 OK", `{"forced":"primary","forced_seconds":7200,"state":"online"}`},
		{post("to=primary&for=90"), "200 OK", `{"forced":"primary","forced_seconds":90,"state":"online"}`},
		{post("to=auto"), "200 OK", `{"forced":"auto","state":"online"}`},
		{post("to=moon"), "400 Bad Request", `{"error":"there is no such uplink"}`},
		{post(""), "400 Bad Request", `{"error":"there is no such uplink"}`},
		{post("to=standby&for=ever"), "400 Bad Request", `{"error":"\"ever\" is no time such as 90s, 30m, 2h or 1d, at most 366d"}`},
		{post("to=standby&fro=2h"), "400 Bad Request", `{"error":"unknown argument \"fro\": there are to, for"}`},
		{post("to=standby&to=auto"), "400 Bad Request", `{"error":"argument \"to\" is there twice"}`},
		{post("to=%zz"), "400 Bad Request", `{"error":"the form cannot be read, or it is too large"}`},
		{post("to=" + strings.Repeat("x", largest)), "400 Bad Request", `{"error":"the form cannot be read, or it is too large"}`},
		{"GET /status HTTP/1.1\r\nHost: imon\r\nX: " + strings.Repeat("x", largest) + "\r\n\r\n", "400 Bad Request", `{"error":"this is no request`},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", "400 Bad Request", `{"error":"this is no request`},
		{"\x00\x00\x00\x00\n", "400 Bad Request", `{"error":"this is no request`},
	} {
		header, body, _ := strings.Cut(r.put(c.request), "\r\n\r\n")
		if !strings.HasPrefix(header, "HTTP/1.1 "+c.status+"\r\n") || !strings.HasPrefix(body, c.body) || c.body == "" && body != "" {
			t.Errorf("%.60q: %s\n%s", c.request, header, body)
		}
		if !strings.Contains(header, "Connection: close") || !strings.Contains(header, "Content-Type: "+kindOf(c.request)) {
			t.Errorf("%.60q: header %q", c.request, header)
		}
	}
	if got := r.done(); got != "standby 0s, primary 2h0m0s, primary 1m30s, auto 0s" {
		t.Errorf("told %s", got)
	}
	if said := r.said(); said != "" {
		t.Errorf("said %s", said)
	}
}

// kindOf is the type of what is at the path of a request.
func kindOf(request string) string {
	switch {
	case strings.HasPrefix(request, "GET / "):
		return "text/html; charset=utf-8"
	case strings.HasPrefix(request, "GET /metrics "):
		return metricsType
	}
	return "application/json"
}

func TestWithoutFailover(t *testing.T) {
	r := begin(t, nil)
	r.off = true
	if got := r.put(post("to=standby")); !strings.HasPrefix(got, "HTTP/1.1 409 Conflict") || !strings.Contains(got, ErrOff.Error()) {
		t.Error(got)
	}
}

// Clients that say nothing, or one letter at a time, hold their places for a bounded
// time, and no more than so many places.
func TestSlowClientsAreBounded(t *testing.T) {
	r := begin(t, func(s *Server) { s.limit = 300 * time.Millisecond })
	var slow []net.Conn
	for range 3 * connections {
		slow = append(slow, r.dial())
	}
	drip := slow[0]
	go func() {
		for range 1000 {
			if _, err := drip.Write([]byte("G")); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	began := time.Now()
	if got := r.put(get("/status")); !strings.HasPrefix(got, "HTTP/1.1 200 OK") {
		t.Errorf("after %v: %q", time.Since(began), got)
	}
	if took := time.Since(began); took < r.limit {
		t.Errorf("answered after %v: more than %d are served at a time", took, connections)
	}
	for i, c := range slow {
		text, err := io.ReadAll(c)
		if err != nil && !strings.Contains(err.Error(), "reset") || bytes.HasPrefix(text, []byte("HTTP/1.1 200")) {
			t.Errorf("connection %d: %q, %v", i, text, err)
		}
	}
}

// At the end nobody is waited for.
func TestEndClosesWhatIsOpen(t *testing.T) {
	r := &rig{t: t, fake: &fake{}}
	r.Server = New(t.TempDir()+"/main.sock", r.fake, r.hear)
	end := r.run(r.Server)
	c := r.dial()
	r.put(get("/status")) // so that the one before it is being served
	began := time.Now()
	end()
	if took := time.Since(began); took > r.limit/2 {
		t.Errorf("the end took %v", took)
	}
	if text, _ := io.ReadAll(c); len(text) > 0 {
		t.Errorf("got %q", text)
	}
	if _, err := net.Dial("unix", r.path); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("after the end: %v", err)
	}
}

func TestAFaultEndsOneAnswer(t *testing.T) {
	r := begin(t, nil)
	r.put(get("/status?monitor=crash"))
	r.until("the fault is told", func() bool { return strings.Contains(r.said(), "at the look of it") })
	if got := r.put(get("/status")); !strings.HasPrefix(got, "HTTP/1.1 200 OK") {
		t.Error(got)
	}
}

// canned is a connection whose client has said all and hears all.
type canned struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (c *canned) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *canned) Write(p []byte) (int, error) { return c.out.Write(p) }
func (c *canned) SetDeadline(time.Time) error { return nil }
func (c *canned) Close() error                { return nil }

func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// FuzzAttend answers every request in HTTP, without a fault.
func FuzzAttend(f *testing.F) {
	for _, seed := range []string{
		get("/status"), get("/status?monitor=failover"), get("/history?resolution=round&since=2h"), get("/events?since=3"), get("/events?follow=no"), post("to=standby&for=2h"), "\r\n", "GET", "HEAD /status HTTP/1.0\n\n",
		"POST /failover HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nto=ab\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	ended, cancel := context.WithCancel(f.Context()) // nobody follows for ever
	cancel()
	f.Fuzz(func(t *testing.T, request []byte) {
		var said string
		c := &canned{in: bytes.NewReader(request)}
		New("", &fake{}, func(text string) { said += text }).attend(ended, c, func() {})
		if said != "" && !strings.Contains(said, "at the look of it") {
			t.Error(said)
		}
		if c.out.Len() == 0 && (len(request) == 0 || said != "") {
			return
		}
		r, err := http.ReadResponse(bufio.NewReader(&c.out), nil)
		if err != nil || r.StatusCode < 200 || r.StatusCode > 499 || !r.Close {
			t.Errorf("%v, %v", r, err)
		}
	})
}
