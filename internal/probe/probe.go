// Package probe asks the network one question and returns one answer.
//
// There are three kinds of question: ICMP echo ([Pinger]), a DNS query
// ([DNS]) and an HTTP GET ([HTTP]). No question changes anything, retries for
// ever or outlives its context. An answer that could not be had is a value with
// a reason, never a panic and never an empty answer.
package probe

import (
	"errors"
	"net/netip"
	"time"
)

// Path says by which uplink a question leaves. The zero Path leaves the choice
// to the kernel. A Path works only where package uplink has installed the
// routing rule for its source address. Echo requests by an Interface need
// CAP_NET_RAW and CAP_NET_ADMIN, see [Pinger].
type Path struct {
	Source    netip.Addr // source address of the socket; IPv4, or IPv6 but not link-local
	Interface string     // device to which the socket is bound
}

// Reasons why a question could not be put. Test with [errors.Is].
var (
	// ErrResolve means that a name has no address, now or at all.
	ErrResolve = errors.New("cannot resolve")
	// ErrNoRoute means that the kernel knows no way to the target.
	ErrNoRoute = errors.New("no route")
	// ErrLocal means that this machine could not ask at all: no permission, no
	// file descriptors, no memory. It says nothing about the network.
	ErrLocal = errors.New("cannot probe")
)

// EchoRequest is one round of ICMP echo requests to one target (RFC 792, RFC 4443).
type EchoRequest struct {
	Target  string // name or address
	Path    Path
	Count   int           // how many requests, at least 1
	Spacing time.Duration // from one request to the next
	Wait    time.Duration // for an answer after the last request
}

// Result is what a round found out.
type Result struct {
	Address netip.Addr      // the address that was asked; invalid when the name has none
	Sent    int             // the requests planned; one that could not be sent counts as unanswered
	RTTs    []time.Duration // of the answers, in the order of their requests
	Err     error           // why requests could not be sent; nil when they were merely unanswered
}

// Alive reports whether at least one request was answered.
func (r Result) Alive() bool { return len(r.RTTs) > 0 }

// Unknown reports whether the round says nothing about the target, because
// this machine could not ask.
func (r Result) Unknown() bool { return !r.Alive() && errors.Is(r.Err, ErrLocal) }

// Reason is a short clause for the log: why nobody answered. It is empty when
// somebody did.
func (r Result) Reason() string {
	switch {
	case r.Alive():
		return ""
	case r.Err != nil:
		return r.Err.Error()
	default:
		return "no answer"
	}
}
