package probe

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Limits of an [EchoRequest]; what is outside is moved to the nearest limit.
const (
	// MinSpacing is the shortest time between two requests, and the shortest
	// wait for an answer. Faster than this is a flood (ping(8)).
	MinSpacing = 10 * time.Millisecond
	// MaxCount is the most requests in a round: one per sequence number (RFC 792).
	MaxCount = 65535

	maxTime = 24 * time.Hour // so that no sum of times overflows
)

// Pinger sends ICMP echo requests. It is safe for concurrent use.
//
// It uses raw sockets (raw(7), CAP_NET_RAW) and, where those are refused,
// datagram ICMP sockets, which the kernel allows to the groups in
// net.ipv4.ping_group_range (icmp(7)). A request by a Path with an Interface
// needs CAP_NET_ADMIN too.
type Pinger struct {
	resolver *Resolver
	next     atomic.Uint32 // the low 16 bits are the next round's ICMP identifier
	datagram atomic.Bool   // raw sockets were refused once
}

// NewPinger returns a Pinger that finds the addresses of names with resolver.
func NewPinger(resolver *Resolver) *Pinger {
	p := &Pinger{resolver: resolver}
	p.next.Store(rand.Uint32())
	return p
}

// Ping does one round. It returns as soon as every request is answered, and no
// later than (Count-1)·Spacing + Wait after the first one; the address of a name
// is looked up before that, see [Resolver.Lookup] for how long this may take.
// When ctx ends Ping returns at once what it has.
//
// Err of the result is ErrResolve when the target has no address; ErrNoRoute
// when the kernel has no way to it, a prohibit route or a missing interface
// included; ErrLocal when this machine could not ask or ctx ended; any other
// error, such as "operation not permitted" by a firewall that drops outgoing
// echo requests, counts as unanswered and nothing more.
func (p *Pinger) Ping(ctx context.Context, r EchoRequest) Result {
	r = r.bounded()
	result := Result{Sent: r.Count}
	address, err := p.resolver.Lookup(ctx, r.Target, r.Path)
	if ctx.Err() != nil {
		err = ended(ctx)
	}
	if err != nil {
		result.Err = err
		return result
	}
	result.Address = address
	if result.Err = r.Path.reach(address); result.Err != nil {
		return result
	}
	result.RTTs, result.Err = p.ask(ctx, newRound(r, address))
	return result
}

// bounded returns r within the limits.
func (r EchoRequest) bounded() EchoRequest {
	r.Count = min(max(r.Count, 1), MaxCount)
	r.Spacing = min(max(r.Spacing, MinSpacing), maxTime)
	r.Wait = min(max(r.Wait, MinSpacing), maxTime)
	return r
}

// longest is how long a round may take.
func (r EchoRequest) longest() time.Duration {
	return time.Duration(r.Count-1)*r.Spacing + r.Wait
}

// ask runs rd and waits for its end. pro-bing notices the end of its context
// only at its next read time-out, up to 0.1 s later, and it may have to be ended
// by Goexit; so it has a goroutine of its own, which closes its socket and ends
// after ask has returned.
func (p *Pinger) ask(ctx context.Context, rd *round) ([]time.Duration, error) {
	running, cancel := context.WithDeadline(ctx, rd.deadline)
	defer cancel()
	go p.run(running, rd)
	select {
	case <-rd.settled:
	case <-running.Done():
	}
	return rd.close(ctx)
}
