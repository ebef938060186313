// Package socket is the unix socket of an instance: what a person or a program on
// this machine asks a running imon, in HTTP/1.1, and the client that asks.
//
//	GET  /status                     the state as package status writes it
//	GET  /status?monitor=failover    that of one monitor
//	GET  /history?resolution=minute  how targets have answered, as package history writes it
//	GET  /events                     what happens, as it happens
//	GET  /outages?since=30d          what was offline, and how available things were, as package ledger tells it
//	GET  /metrics                    all of it for Prometheus
//	POST /failover to=standby&for=2h prefer an uplink, or none (to=auto)
//
// A refusal is {"error": "why"} with a status of 400 or above. Each connection
// carries one request, and all of them together take bounded time and memory; those who
// follow the events are bounded in number. The
// server is a few lines on net/http's parser, because http.Server is 57 kB of
// compressed program more on a router.
package socket

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
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
	// History writes what is kept of the targets' answers.
	History(w io.Writer, q history.Query) error
	// Events returns the transitions after number since that are remembered, oldest
	// first, the number of the last one, and a channel that is closed at the next.
	Events(since int64) (all []Event, last int64, more <-chan struct{})
	// Outages returns the outages that are not longer ago than since, 0 for all.
	Outages(since time.Duration) ledger.Document
	// Metrics writes counters and the state in the text format of Prometheus.
	Metrics(w io.Writer) error
}

// Server answers on one socket.
type Server struct {
	path     string // or address
	open     func() ([]net.Listener, error)
	public   bool   // anybody may ask, and nobody change anything
	what     string // that is missing without it, for the log
	instance Instance
	say      func(text string)
	retry    time.Duration // between two attempts to listen
	limit    time.Duration // for one request, from accept to close, and for each write to who follows
	breath   time.Duration
	streams  chan struct{} // those who follow
}

// New returns the server of an instance, on a socket at path. What goes wrong with
// it is told by say.
func New(path string, instance Instance, say func(string)) *Server {
	return &Server{
		path: path, open: func() ([]net.Listener, error) { return single(listen(path)) }, what: `socket for "imon failover"`,
		instance: instance, say: say, retry: 10 * time.Second, limit: 5 * time.Second, breath: breath, streams: make(chan struct{}, streams),
	}
}

// Run serves until ctx is done and then returns nil. As long as it cannot listen,
// which is said once, it tries again.
func (s *Server) Run(ctx context.Context) error {
	for failed := false; ; failed = true {
		all, err := s.open()
		if err == nil {
			if failed {
				s.say("Listens on " + s.path + " now")
			}
			return s.serveAll(ctx, all)
		}
		if !failed {
			s.say(fmt.Sprintf("No %s: %v; trying again until it works", s.what, err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.retry):
		}
	}
}

// serveAll takes connections of all listeners until ctx is done, or one of them fails.
func (s *Server) serveAll(ctx context.Context, all []net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(all))
	var running sync.WaitGroup
	for _, l := range all {
		running.Go(func() {
			defer cancel()
			ended <- s.serve(ctx, l)
		})
	}
	running.Wait()
	close(ended)
	var errs []error
	for err := range ended {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
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
			release := sync.OnceFunc(func() { <-slots })
			defer release()
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			s.attend(ctx, c, release)
		})
	}
}

// attend answers one request. Who follows the events releases the place of those who
// ask. A handler that panics ends alone.
func (s *Server) attend(ctx context.Context, c net.Conn, release func()) {
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
	answer := s.route(r)
	if answer.follow == nil {
		answer.write(patient{c, s.limit}, r)
		return
	}
	select {
	case s.streams <- struct{}{}:
	default:
		refusal(http.StatusServiceUnavailable, fmt.Sprintf("%d follow the events already", streams)).write(c, r)
		return
	}
	defer func() { <-s.streams }()
	release()
	answer.write(c, r)
	answer.follow(ctx, patient{c, s.limit})
}

// reply is one answer.
type reply struct {
	code   int
	allow  string // the methods, when the one that was used is not among them
	kind   string // of the content; "" for JSON
	policy string // what a page may do
	body   string
	// stream writes the body, whose length is not known, in place of it; follow goes on
	// with it for as long as somebody listens.
	stream func(io.Writer) error
	follow func(context.Context, io.Writer)
}

// write sends the reply to r, which is nil when it could not be read. Nobody is
// there to be told of an error.
func (a reply) write(to io.Writer, r *http.Request) {
	header := http.Header{"Content-Type": {cmp.Or(a.kind, "application/json")}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
	if a.policy != "" {
		header.Set("Content-Security-Policy", a.policy)
	}
	if a.allow != "" {
		header.Set("Allow", a.allow)
	}
	response := &http.Response{
		StatusCode: a.code, ProtoMajor: 1, ProtoMinor: 1, Request: r, Close: true,
		Header: header, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}
	if a.stream != nil || a.follow != nil { // it ends with the connection
		response.ContentLength, response.Body = -1, nil
	}
	err := response.Write(to)
	if a.stream != nil && err == nil && r.Method != http.MethodHead {
		_ = a.stream(to)
	}
}
