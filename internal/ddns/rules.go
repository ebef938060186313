package ddns

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// Source is somebody who tells the external address.
type Source struct {
	Kind   string // config.SourceDNS, SourceHTTP or SourceCommand
	Name   string // as the log shows it
	Target string // whom to ask: a name, a URL, a path
}

// Kinds of sources, in order of cost.
const (
	byDNS = iota
	byHTTP
	byCommand
	kinds // how many there are
)

func (s Source) kind() int {
	switch s.Kind {
	case config.SourceDNS:
		return byDNS
	case config.SourceHTTP:
		return byHTTP
	}
	return byCommand
}

// Least time between polls while nothing happens, and what it is where the user says
// nothing.
const (
	shortest = time.Second
	usualDNS = time.Minute
	usual    = 5 * time.Minute
)

// rules is what does not change while the monitor lives.
type rules struct {
	subject  string        // the external address, as the log calls it
	interval time.Duration // from look to look
	lookup   time.Duration // from poll to poll; 0 for what is usual
	own      bool          // the machine's own address counts
	sources  []Source      // those of a kind in a row
	debug    bool          // pretend, and ask nobody
}

// secure reports whether nobody on the way can change what s says.
func (s Source) secure() bool { return strings.HasPrefix(s.Target, "https:") }

// pause is the time from a poll that a source of the kind settled to the next one.
// Who looks at the machine less often than is usual does not want to ask more often
// either.
func (r rules) pause(kind int) time.Duration {
	switch {
	case r.lookup > 0:
		return max(r.lookup, shortest)
	case kind == byDNS:
		return max(r.interval, usualDNS)
	}
	return max(r.interval, usual)
}

// cheapest is the least pause of the kinds that there are.
func (r rules) cheapest() time.Duration {
	least := r.pause(byCommand)
	for _, s := range r.sources {
		least = min(least, r.pause(s.kind()))
	}
	return least
}

// quote lists who said what. An error says itself whose it is.
func (r rules) quote(replies []reply) string {
	var said []string
	for _, p := range replies {
		if p.err != nil {
			said = append(said, p.err.Error())
		} else {
			said = append(said, r.sources[p.source].Name+" says "+p.address.String())
		}
	}
	return strings.Join(said, "; ")
}

// errOutvoted is why a source has to pause that two others contradict.
var errOutvoted = errors.New("others say something else")

// refused reports whether something was answered that is not believed.
func refused(err error) bool { return errors.Is(err, probe.ErrRefused) }

// Sources are the ones that cfg wants, questions being those that there are by DNS.
func Sources(cfg config.DDNS, questions []string) (all []Source) {
	if cfg.Has(config.SourceDNS) {
		for _, name := range questions {
			all = append(all, Source{config.SourceDNS, name, name})
		}
	}
	if cfg.Has(config.SourceHTTP) {
		for _, u := range cfg.Providers {
			all = append(all, Source{config.SourceHTTP, host(u), u})
		}
	}
	if cfg.Has(config.SourceCommand) {
		all = append(all, Source{config.SourceCommand, cfg.Command, cfg.Command})
	}
	return all
}

// host is how the log shows a provider.
func host(provider string) string {
	if u, err := url.Parse(provider); err == nil && u.Host != "" {
		return u.Host
	}
	return provider
}
