package socket

import (
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
	r.open = func() (net.Listener, error) { return l, nil }
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
