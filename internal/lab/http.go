package lab

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Provider is a web server of the lab's internet, on port 80, that answers
// every path with the address of the caller and a line feed.
type Provider struct {
	lab     *Lab
	address netip.Addr

	mu       sync.Mutex
	answer   Answer
	requests []Request
	server   *http.Server
	stopped  chan struct{} // closed when the server stops
}

// Answer is how a provider answers. The zero Answer is an honest one.
type Answer struct {
	Status int           // 0 for 200
	Body   string        // in place of the caller's address
	Delay  time.Duration // before the answer
	Pad    int           // so many bytes "x" after the body
}

// Request is one request that a provider received.
type Request struct {
	At    time.Time
	From  netip.Addr
	Path  string
	Query string
	Agent string // User-Agent
	Login string // USER:PASSWORD of HTTP's basic authentication, "" for none
}

// URL is an address to ask, with the server's IP address in it.
func (p *Provider) URL() string { return "http://" + p.address.String() + "/ip" }

// Behave changes how the provider answers from now on.
func (p *Provider) Behave(answer Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// Requests are the requests that the provider has received so far.
func (p *Provider) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.requests...)
}

// Start opens the provider's port. One that runs already is left alone.
func (p *Provider) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return nil
	}
	listener, err := p.lab.Internet.listenTCP(netip.AddrPortFrom(p.address, 80))
	if err != nil {
		return fmt.Errorf("cannot open web server: %w", err)
	}
	server := &http.Server{Handler: p}
	p.server, p.stopped = server, make(chan struct{})
	p.lab.wg.Go(func() { server.Serve(listener) })
	return nil
}

// Stop closes the provider's port and connections: a caller is refused.
func (p *Provider) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return nil
	}
	close(p.stopped)
	err := p.server.Close()
	p.server = nil
	return err
}

// ServeHTTP answers one request; it is called by package http.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	asked := Request{At: time.Now(), From: from.Addr(), Path: r.URL.Path, Query: r.URL.RawQuery, Agent: r.UserAgent()}
	if user, password, ok := r.BasicAuth(); ok {
		asked.Login = user + ":" + password
	}
	answer, stopped := p.note(asked)
	if !pause(answer.Delay, stopped) {
		return
	}
	if answer.Status != 0 {
		w.WriteHeader(answer.Status)
	}
	if answer.Body == "" {
		answer.Body = from.Addr().String() + "\n"
	}
	io.WriteString(w, answer.Body)
	io.Copy(w, io.LimitReader(pad{}, int64(answer.Pad)))
}

// note records a request and says how to answer it.
func (p *Provider) note(r Request) (Answer, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	return p.answer, p.stopped
}

// pad is an endless run of "x".
type pad struct{}

func (pad) Read(b []byte) (int, error) { return copy(b, strings.Repeat("x", len(b))), nil }
