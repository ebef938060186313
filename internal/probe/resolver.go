package probe

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Times and sizes of a [Resolver].
const (
	lookupTime  = 2 * time.Second        // for one look-up
	addressLife = 60 * time.Second       // until an address is looked up again
	failureLife = 5 * time.Second        // until a failed look-up is tried again
	refreshWait = 200 * time.Millisecond // for a look-up, when there was one before
	maxNames    = 128                    // in the cache
)

// Family is a choice between IPv4 and IPv6.
type Family int

// Families. Any prefers IPv4.
const (
	Any Family = iota
	IPv4
	IPv6
)

// takes reports whether f wants a.
func (f Family) takes(a netip.Addr) bool {
	return f == Any || (f == IPv4) == a.Is4()
}

// Resolver finds the address of a name and remembers it. It is safe for
// concurrent use; questions for the same name at the same time share one look-up.
type Resolver struct {
	ask func(ctx context.Context, name string, path Path) ([]netip.Addr, error)

	mu    sync.Mutex
	names map[question]*entry
}

// question is what is looked up: a name by the system's resolver (zero path) or
// by the name servers as seen from a path.
type question struct {
	name string
	path Path
}

// entry is what is known of a question. A failed look-up changes err and leaves
// the addresses: unknown is not empty.
type entry struct {
	addresses []netip.Addr  // of the last look-up that worked
	err       error         // of the last look-up
	due       time.Time     // of the next look-up; zero before the first one has ended
	used      time.Time     // for the last time
	running   chan struct{} // closed at the end of the look-up under way; nil when there is none
}

// NewResolver returns a Resolver that asks the system: /etc/hosts and the name
// servers of /etc/resolv.conf, hosts(5) and resolv.conf(5).
func NewResolver() *Resolver { return newResolver(lookup) }

func newResolver(ask func(context.Context, string, Path) ([]netip.Addr, error)) *Resolver {
	return &Resolver{ask: ask, names: make(map[question]*entry)}
}

// Lookup returns the address of name, which may be an address itself. When the
// name has several, IPv4 goes first; from a path with a source address only one
// of the same family will do.
//
// An address is good for 60 s and is then looked up again; while that fails the
// last known one is returned. A name that failed is not asked for again for 5 s.
// When the system's resolver fails and path is not zero, the name servers of
// /etc/resolv.conf are asked by path, those on this machine excepted, in whose
// place the ones go that they ask themselves: so a name can be resolved before
// there is any default route. When that fails too, an address that was found by
// another path is as good.
//
// The first Lookup of a name takes at most about 4 s (2 s without a path), later
// ones at most 0.4 s (0.2 s): a look-up that takes longer goes on by itself. The
// error is ErrResolve with the name and the reason.
func (r *Resolver) Lookup(ctx context.Context, name string, path Path) (netip.Addr, error) {
	family := Any
	if path.Source.IsValid() {
		family = IPv6
		if path.Source.Is4() {
			family = IPv4
		}
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap(), nil
	}
	return r.lookupFamily(ctx, name, path, family)
}

// lookupFamily is Lookup for one family and no other.
func (r *Resolver) lookupFamily(ctx context.Context, name string, path Path, f Family) (netip.Addr, error) {
	addresses, err := r.all(ctx, name, path)
	if err != nil {
		return netip.Addr{}, err
	}
	if a, ok := first(addresses, f); ok {
		return a, nil
	}
	return netip.Addr{}, fmt.Errorf("%w %q: no address of the wanted family", ErrResolve, name)
}

// first is the first IPv4 address that f takes, or else the first IPv6 one.
func first(addresses []netip.Addr, f Family) (found netip.Addr, ok bool) {
	for _, a := range addresses {
		if f.takes(a) && (!ok || a.Is4() && !found.Is4()) {
			found, ok = a, true
		}
	}
	return found, ok
}

// all returns the addresses of name, at least one.
func (r *Resolver) all(ctx context.Context, name string, path Path) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	name = strings.ToLower(name)
	addresses, err := r.cached(ctx, question{name: name})
	if err == nil || path == (Path{}) || ctx.Err() != nil {
		return addresses, err
	}
	if addresses, err := r.cached(ctx, question{name, path}); err == nil {
		return addresses, nil
	}
	if addresses := r.byAnyPath(name); addresses != nil {
		return addresses, nil
	}
	return nil, err
}

// byAnyPath returns the addresses that name had when it was looked up by some
// path, nil when there are none. A dead uplink must not hide behind a name that
// cannot be resolved through it.
func (r *Resolver) byAnyPath(name string) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	for q, e := range r.names {
		if q.name == name && len(e.addresses) > 0 {
			return e.addresses
		}
	}
	return nil
}

// cached answers q from the cache, after a look-up when one is due.
func (r *Resolver) cached(ctx context.Context, q question) ([]netip.Addr, error) {
	e, running, patience := r.visit(q)
	if running != nil {
		await(ctx, running, patience)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(e.addresses) > 0:
		return e.addresses, nil
	case e.err != nil:
		return nil, e.err
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w %q: %w", ErrResolve, q.name, context.Cause(ctx))
	default:
		return nil, fmt.Errorf("%w %q: no answer within %v", ErrResolve, q.name, patience)
	}
}

// visit finds or makes the entry of q and starts a look-up if one is due. It
// returns the look-up under way, if any, and how long to wait for it.
func (r *Resolver) visit(q question) (*entry, <-chan struct{}, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	e := r.names[q]
	if e == nil {
		r.makeRoom()
		e = new(entry)
		r.names[q] = e
	}
	e.used = now
	if e.running == nil && !now.Before(e.due) {
		e.running = make(chan struct{})
		go r.refresh(q, e)
	}
	if e.due.IsZero() {
		return e, e.running, lookupTime + refreshWait // so that the look-up can say why it failed
	}
	return e, e.running, refreshWait
}

// makeRoom forgets the name that was not asked for the longest when the cache is
// full. r.mu must be held.
func (r *Resolver) makeRoom() {
	if len(r.names) < maxNames {
		return
	}
	var oldest question
	var used time.Time
	for q, e := range r.names {
		if used.IsZero() || e.used.Before(used) {
			oldest, used = q, e.used
		}
	}
	delete(r.names, oldest)
}

// refresh looks q up. It serves everybody who waits for q, so it has a time-out
// of its own and nobody's context.
func (r *Resolver) refresh(q question, e *entry) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	addresses, err := r.safely(ctx, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	e.err = err
	e.due = time.Now().Add(failureLife)
	if err == nil {
		e.addresses = addresses
		e.due = time.Now().Add(addressLife)
	}
	close(e.running)
	e.running = nil
}

// safely asks; a panic is an error, because this goroutine has no caller that
// could take it.
func (r *Resolver) safely(ctx context.Context, q question) (addresses []netip.Addr, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w %q: panic: %v", ErrResolve, q.name, p)
		}
	}()
	return r.ask(ctx, q.name, q.path)
}

// await waits until done is closed, but no longer than d or ctx allow.
func await(ctx context.Context, done <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	case <-ctx.Done():
	}
}
