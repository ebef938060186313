// Package probe asks the network one question and returns one answer.
//
// Whether somebody is there is asked by ICMP echo ([Pinger]), or by any [Method]
// ([Asker]): a DNS query, a TCP connect and an HTTP status too. What a name server
// and a web server say is asked by [DNS] and [HTTP]. No question changes anything,
// retries for ever or outlives its context. An answer that could not be had is a
// value with a reason, never a panic and never an empty answer.
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
	// ErrRefused means that an answer came which is not to be believed.
	ErrRefused = errors.New("answer refused")
	// ErrBarred means that the other side does not want to be asked so often, or at
	// all: HTTP status 403 or 429.
	ErrBarred = errors.New("not welcome")
)

// EchoRequest is one round of ICMP echo requests to one target (RFC 792, RFC 4443).
type EchoRequest struct {
	Target  string // name or address
	Path    Path
	Count   int           // how many requests, at least 1
	Spacing time.Duration // from one request to the next
	Wait    time.Duration // for an answer after the last request
}

// Result is what a round found out, by whatever [Method].
type Result struct {
	Address netip.Addr      // the address that was asked; invalid when the name has none
	Sent    int             // the questions planned; one that could not be sent counts as unanswered
	RTTs    []time.Duration // of the answers that count, in the order of their questions
	Err     error           // why questions could not be sent or what was answered instead; nil when they were merely unanswered
}

// Alive reports whether at least one question was answered.
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
