// Package update gets external addresses to where names are looked up, and keeps
// them there: by DNS UPDATE (RFC 2136), by the dyndns2 protocol, or by one GET.
//
// It is a sink: it learns addresses from events and calls no monitor. A delivery
// that fails is repeated with growing pauses, the newest address wins, and what the
// name's own name server says is compared now and then and repaired.
package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/probe"
)

// Network is what a delivery needs of the world.
type Network struct {
	Web interface { // for dyndns2 and url
		Fetch(ctx context.Context, rawURL string, login probe.Login, path probe.Path) (probe.Page, error)
	}
	DNS interface { // for rfc2136, and to compare
		Locate(ctx context.Context, server string, path probe.Path) (netip.AddrPort, error)
		At(ctx context.Context, server, name string, f probe.Family, path probe.Path) ([]netip.Addr, error)
		Authoritative(ctx context.Context, name string, f probe.Family, path probe.Path) (found []netip.Addr, server string, err error)
	}
	Read  func(file string) ([]byte, error) // files with secrets
	Clock func() time.Time                  // wall clock, for signatures
}

// Shelf is where what was delivered is kept when the process ends.
type Shelf interface {
	Load() ([]byte, error) // nil when there is nothing
	Save(text []byte) error
	SetAside() (to string, err error) // what Load returned makes no sense
}

// Sink delivers external addresses. Make it with [New].
type Sink struct {
	network Network
	shelf   Shelf
	script  event.Publisher // gets an event again that its script is to deliver again
	log     event.Publisher

	ready chan struct{} // holds a token when something has changed

	mu      sync.Mutex
	cfg     config.DDNS
	print   string                // fingerprint of cfg with its secrets
	news    map[place]event.Event // the newest of each that was not looked at
	records map[string]*record    // by role, "" for the one of the active uplink
	carrier carrier               // nil: the user's script delivers
	known   map[place]event.Event // the newest of each
	running string                // role of the delivery under way
	abort   func()                // ends it; nil for none
	saved   kept                  // what the process before has delivered, and nobody has claimed yet

	mute bool // that the shelf cannot be used was told; Run's own
}

// place is what an external address is that of.
type place struct {
	role string
	four bool
}

// New returns the sink. script is the sink of the user's script; log gets what there
// is to say as messages.
func New(network Network, shelf Shelf, script, log event.Publisher) *Sink {
	return &Sink{network: network, shelf: shelf, script: script, log: log, ready: make(chan struct{}, 1),
		news: make(map[place]event.Event), known: make(map[place]event.Event), records: make(map[string]*record)}
}

// Configure replaces the settings. Those that say the same as before, with the same
// secrets in the files that they name, change nothing; others are a reason to deliver
// at once, also to a server that has refused what there was before.
func (s *Sink) Configure(cfg config.DDNS) {
	print := s.fingerprint(cfg)
	s.mu.Lock()
	defer s.mu.Unlock()
	if print == s.print {
		return
	}
	s.cfg, s.print, s.carrier = cfg, print, s.network.carrierOf(cfg.Delivery)
	s.records = make(map[string]*record)
	if !cfg.Enable {
		clear(s.known)
	}
	s.news = make(map[place]event.Event, len(s.known))
	for p, e := range s.known {
		s.news[p] = e
	}
	s.wake()
}

// fingerprint is short for the settings and the secrets, and tells neither.
func (s *Sink) fingerprint(cfg config.DDNS) string {
	h := sha256.New()
	fmt.Fprintf(h, "%t %v %v %#v", cfg.Enable, cfg.Family, cfg.Follow, cfg.Delivery)
	for _, file := range []string{cfg.Delivery.KeyFile, cfg.Delivery.PasswordFile} {
		if file != "" {
			content, err := s.network.Read(file)
			fmt.Fprintf(h, " %q %v", content, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Publish takes note of a new external address. It never blocks.
func (s *Sink) Publish(e event.Event) {
	if e.Kind != event.DDNSUpdate || e.DryRun {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := place{e.Uplink.Role, e.Address.Is4()}
	if s.cfg.Follow != config.FollowEach {
		p.role = ""
	}
	s.news[p], s.known[p] = e, e
	if s.abort != nil && s.running == p.role {
		s.abort()
	}
	s.wake()
}

// wake tells Run that something has changed.
func (s *Sink) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// say logs a line of the monitor of the external address.
func (s *Sink) say(severity event.Severity, format string, args ...any) {
	s.log.Publish(message(severity, fmt.Sprintf(format, args...)))
}

// unnamed is the errno behind err, which names the file or the socket once more.
func unnamed(err error) error {
	var (
		errno syscall.Errno
		path  *iofs.PathError
	)
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &path):
		return path.Err
	}
	return err
}
