package socket

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// follower is somebody who follows events.
type follower struct {
	t *testing.T
	net.Conn
	*bufio.Reader
}

// follow begins to follow, behind the header of the answer.
func (r *rig) follow(path, header string) follower {
	r.t.Helper()
	c := r.dial()
	f := follower{r.t, c, bufio.NewReader(c)}
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: imon\r\n"+header+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
	if line := f.line(); line != "HTTP/1.1 200 OK\r\n" {
		r.t.Fatalf("%q", line)
	}
	for kind := ""; ; {
		switch line := f.line(); {
		case strings.HasPrefix(line, "Content-Type: "):
			kind = strings.TrimSpace(line[len("Content-Type: "):])
		case line == "\r\n":
			if kind != "text/event-stream" {
				r.t.Errorf("a content of type %q", kind)
			}
			return f
		}
	}
}

// line is the next line.
func (f follower) line() string {
	f.t.Helper()
	f.SetReadDeadline(time.Now().Add(patience))
	line, err := f.ReadString('\n')
	if err != nil {
		f.t.Fatalf("%q, %v", line, err)
	}
	return line
}

// sees fails the test unless the next event is number n.
func (f follower) sees(n int) {
	f.t.Helper()
	text := f.line() + f.line() + f.line()
	if want := fmt.Sprintf("id: %d\ndata: {\"sequence\":%d}\n\n", n, n); text != want {
		f.t.Errorf("%q, want %q", text, want)
	}
}

func TestFollow(t *testing.T) {
	r := begin(t, nil)
	r.happen(2)
	all, later, again, stranger := r.follow("/events", ""), r.follow("/events?since=1", ""), r.follow("/events", "Last-Event-ID: 2\r\n"), r.follow("/events?since=99", "")
	all.sees(1)
	all.sees(2)
	later.sees(2)
	stranger.sees(1) // its numbers are those of a process before this one
	stranger.sees(2)
	r.happen(1)
	for _, f := range []follower{all, later, again, stranger} {
		f.sees(3)
		f.Close()
	}
	if answer := r.put(get("/events?follow=no&since=1")); !strings.HasSuffix(answer, `{"last":3,"events":[{"sequence":2},{"sequence":3}]}`+"\n") {
		t.Error(answer)
	}
}

// Who follows gets a sign of life, and is none of those who ask: these are served though
// there is nobody else's place left, and no more may follow than there is room for.
func TestFollowersAreBounded(t *testing.T) {
	r := begin(t, func(s *Server) { s.breath = time.Millisecond })
	all := make([]follower, streams)
	for i := range all {
		all[i] = r.follow("/events", "")
		if line := all[i].line() + all[i].line(); line != ":\n\n" {
			t.Errorf("%q", line)
		}
	}
	if answer := r.put(get("/events")); !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(answer, "8 follow the events already") {
		t.Error(answer)
	}
	if answer := r.put(get("/status")); !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Error(answer)
	}
	all[0].Close()
	for end := time.Now().Add(patience); !strings.HasPrefix(r.head("/events"), "HTTP/1.1 200 "); {
		if time.Now().After(end) {
			t.Fatal("the place of one that is gone stays taken")
		}
	}
}

// head is the first line of an answer.
func (r *rig) head(path string) string {
	r.t.Helper()
	c := r.dial()
	defer c.Close()
	io.WriteString(c, get(path))
	line, _ := bufio.NewReader(c).ReadString('\n')
	return line
}
