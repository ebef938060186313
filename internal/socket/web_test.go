package socket

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// public runs a server as NewWeb makes it, on a port of the loopback.
func public(t *testing.T) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, fake: &fake{}}
	r.Server = NewWeb(l.Addr().String(), r.fake, r.hear)
	r.open = func() ([]net.Listener, error) { return []net.Listener{l}, nil }
	r.network = "tcp"
	r.run(r.Server)
	return r
}

// asked is a request to a host by that name.
func asked(method, path, host string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
}

// Who reaches the port reads all, and changes nothing.
func TestPublicReadsOnly(t *testing.T) {
	r := public(t)
	for path, want := range map[string]string{"/": "<!doctype html>", "/status": `{"version":1`, "/metrics": "fake 1\n", "/history": `{"since":0}`, "/events?follow=no": `{"last":0`} {
		if answer := r.put(asked("GET", path, "127.0.0.1:9370")); !strings.HasPrefix(answer, "HTTP/1.1 200 ") || !strings.Contains(answer, "\r\n\r\n"+want) {
			t.Errorf("%s: %s", path, answer)
		}
	}
	for _, request := range []string{strings.Replace(post("to=standby"), "Host: imon", "Host: localhost", 1), asked("GET", "/failover?to=standby", "localhost")} {
		if answer := r.put(request); !strings.HasPrefix(answer, "HTTP/1.1 403 ") || !strings.Contains(answer, "read only") {
			t.Error(answer)
		}
	}
	if answer := r.put(asked("DELETE", "/status", "localhost")); !strings.HasPrefix(answer, "HTTP/1.1 405 ") {
		t.Error(answer)
	}
	if r.done() != "" {
		t.Errorf("told %s", r.done())
	}
}

// A page whose name leads here is not answered: its scripts could read what they get.
func TestPublicKnowsItsNames(t *testing.T) {
	r := public(t)
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"127.0.0.1": true, "192.168.1.1:9370": true, "[::1]:9370": true, "[fe80::1]": true, "localhost": true, "LOCALHOST:1": true, name: true,
		strings.Split(name, ".")[0] + ".lan": true, strings.Split(name, ".")[0] + ".local.:80": true,
		"evil.example": false, "127.0.0.1.evil.example": false, "": false, ".lan": false, "localhost.evil.example": false, name + ".evil.example": false,
	} {
		answer := r.put(asked("GET", "/status", host))
		if got := strings.HasPrefix(answer, "HTTP/1.1 200 "); got != want || !want && strings.Contains(answer, "monitors") {
			t.Errorf("%q: %s", host, answer)
		}
	}
}

// So it is answered by the name at which it was told to listen, and by no other.
func TestPublicKnowsTheNameItListensAt(t *testing.T) {
	for host, want := range map[string]bool{"router.example": true, "Router.Example.:9370": true, "other.example": false, "": false, ":9370": false} {
		if got := same(host, "router.example:9370"); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	if same("", ":9370") || same("", "") {
		t.Error("no name is the name of a server without one")
	}
}

// A port alone is open to this machine, by IPv4 and by IPv6, and to nobody else.
func TestLocalhostIsBothLoopbacks(t *testing.T) {
	r := &rig{t: t, fake: &fake{}, network: "tcp"}
	r.Server = NewWeb("localhost:"+freePort(t), r.fake, r.hear)
	end := r.run(r.Server)
	r.dial().Close() // it listens
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		c, err := net.Dial("tcp", strings.Replace(r.path, "localhost", host, 1))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, asked("GET", "/metrics", host))
		if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
			t.Errorf("%s: %s, %v", host, answer, err)
		}
	}
	all, err := listenTCP(r.path)
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("the port is there twice: %v, %v", all, err)
	}
	end()
	all, err = listenTCP(r.path)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, l := range all {
		if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("listens at %s", l.Addr())
		}
		l.Close()
	}
}

// freePort is a port that nobody has on any loopback.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "[::]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Whoever holds all the places of the port keeps nobody from the socket: each server has
// its own.
func TestPortHasPlacesOfItsOwn(t *testing.T) {
	web := public(t)
	for range 3 * connections {
		web.dial()
	}
	r := begin(t, nil)
	began := time.Now()
	if answer := r.put(get("/status")); !strings.HasPrefix(answer, "HTTP/1.1 200 ") || time.Since(began) > web.limit/2 {
		t.Errorf("after %v: %s", time.Since(began), answer)
	}
}

// A port that somebody else has is said once, and had when it is free.
func TestPortIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, fake: &fake{}, network: "tcp"}
	r.Server = NewWeb(l.Addr().String(), r.fake, r.hear)
	r.retry = time.Millisecond
	r.run(r.Server)
	r.saw("No web page: listen tcp " + l.Addr().String() + ": bind: address already in use; trying again until it works")
	l.Close()
	r.saw("Listens on " + l.Addr().String() + " now")
	if answer := r.put(asked("GET", "/metrics", "localhost")); !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Error(answer)
	}
}

// saw waits until the server has said a line.
func (r *rig) saw(line string) {
	r.t.Helper()
	r.until(line, func() bool { return strings.Contains(r.said(), line) })
}

// What a browser may do with the page is said, and the page asks nobody but this server.
func TestPageAsksNobodyElse(t *testing.T) {
	r := public(t)
	answer := r.put(asked("GET", "/", "localhost"))
	if !strings.Contains(answer, "Content-Security-Policy: default-src 'none'; ") || !strings.Contains(answer, "X-Content-Type-Options: nosniff\r\n") {
		t.Error(answer[:min(len(answer), 1000)])
	}
	for _, far := range []string{"http://", "https://", "src=", "@import", "innerHTML", "eval("} {
		if strings.Contains(page, far) {
			t.Errorf("the page has %s", far)
		}
	}
}
