// Package socket is the unix socket of an instance: what a person or a program on
// this machine asks a running imon, in HTTP/1.1, and the client that asks.
//
//	GET  /status                     the state as package status writes it
//	GET  /status?monitor=failover    that of one monitor
//	POST /failover to=standby&for=2h prefer an uplink, or none (to=auto)
//
// A refusal is {"error": "why"} with a status of 400 or above. Each connection
// carries one request, and all of them together take bounded time and memory. The
// server is a few lines on net/http's parser, because http.Server is 57 kB of
// compressed program more on a router.
package socket

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/status"
)

const (
	connections = 8       // served at a time, the others wait
	largest     = 8 << 10 // bytes of a request with all that belongs to it
)

// Instance is what is asked. Its methods may be called from several goroutines.
type Instance interface {
	// Status returns what is known of the monitor of that name, or of all when it
	// is empty. It is false when there is no such monitor.
	Status(monitor string) (status.Document, bool)
	// Failover prefers the uplink called to, or none when that is "auto", for d or,
	// when d is 0, until told otherwise. It returns [ErrOff] when that is impossible
	// now; other errors say what is wrong with the arguments.
	Failover(to string, d time.Duration) (status.Preference, error)
}

// Server answers on one socket.
type Server struct {
	path     string
	instance Instance
	say      func(text string)
	retry    time.Duration // between two attempts to listen
	limit    time.Duration // for one connection, from accept to close
}

// New returns the server of an instance, on a socket at path. What goes wrong with
// it is told by say.
func New(path string, instance Instance, say func(string)) *Server {
	return &Server{path, instance, say, 10 * time.Second, 5 * time.Second}
}

// Run serves until ctx is done and then returns nil. As long as it cannot listen,
// which is said once, it tries again.
func (s *Server) Run(ctx context.Context) error {
	for failed := false; ; failed = true {
		l, err := listen(s.path)
		if err == nil {
			if failed {
				s.say("Listens on " + s.path + " now")
			}
			return s.serve(ctx, l)
		}
		if !failed {
			s.say(fmt.Sprintf("No socket for \"imon failover\": %v; trying again until it works", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.retry):
		}
	}
}

// serve takes connections until ctx is done.
func (s *Server) serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	defer l.Close()
	context.AfterFunc(ctx, func() { l.Close() })
	slots := make(chan struct{}, connections)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			return err
		}
		running.Go(func() {
			defer func() { <-slots }()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			s.attend(c)
		})
	}
}

// attend answers one request and closes the connection. A handler that panics ends
// alone.
func (s *Server) attend(c net.Conn) {
	defer c.Close()
	defer func() {
		if fault := recover(); fault != nil {
			s.say(fmt.Sprintf("Fault in an answer on %s: %v\n%s", s.path, fault, debug.Stack()))
		}
	}()
	_ = c.SetDeadline(time.Now().Add(s.limit)) // without it, the connection fails anyway
	from := bufio.NewReaderSize(io.LimitReader(c, largest), 1<<10)
	if _, err := from.Peek(1); err != nil {
		return // nothing was asked: somebody looked whether anybody is there
	}
	r, err := http.ReadRequest(from)
	if err != nil {
		refusal(http.StatusBadRequest, "this is no request in HTTP, or it is too large").write(c, nil)
		return
	}
	s.route(r).write(c, r)
}

// reply is one answer.
type reply struct {
	code  int
	allow string // the methods, when the one that was used is not among them
	body  string
}

// write sends the reply to r, which is nil when it could not be read. Nobody is
// there to be told of an error.
func (a reply) write(to io.Writer, r *http.Request) {
	header := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
	if a.allow != "" {
		header.Set("Allow", a.allow)
	}
	_ = (&http.Response{
		StatusCode: a.code, ProtoMajor: 1, ProtoMinor: 1, Request: r, Close: true,
		Header: header, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}).Write(to)
}
