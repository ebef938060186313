package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// round is what is known of one round while it runs. pro-bing's goroutines
// write it, Ping reads it once, at its end.
type round struct {
	request  EchoRequest
	target   netip.Addr
	deadline time.Time     // of the last answer
	settled  chan struct{} // closed when nothing more will come

	mu     sync.Mutex
	slots  []slot // by sequence number: the requests that left
	failed int    // requests that could not be sent
	known  int    // requests that were answered
	err    error  // why the first of the failed ones failed
	ended  bool   // settled is closed
}

// slot is one request that left.
type slot struct {
	at  time.Time     // with a monotonic reading
	rtt time.Duration // 0 while it is unanswered
}

func newRound(r EchoRequest, target netip.Addr) *round {
	return &round{
		request:  r,
		target:   target,
		deadline: time.Now().Add(r.longest()),
		settled:  make(chan struct{}),
	}
}

// left notes that the next request left.
func (rd *round) left() {
	now := time.Now()
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.slots = append(rd.slots, slot{at: now})
}

// answered notes the answer to request seq, for which pro-bing measured wall. A
// second answer, one that comes after the deadline and one to a request that
// never left do not count.
func (rd *round) answered(seq int, wall time.Duration) {
	now := time.Now()
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.ended || now.After(rd.deadline) || seq < 0 || seq >= len(rd.slots) || rd.slots[seq].rtt != 0 {
		return
	}
	rd.slots[seq].rtt = roundTrip(now.Sub(rd.slots[seq].at), wall)
	rd.known++
	rd.settle(rd.known+rd.failed >= rd.request.Count)
}

// sendTime is more than sendmsg(2) of an echo request takes.
const sendTime = time.Millisecond

// roundTrip is the round-trip time by two measurements. The monotonic one
// begins when sendmsg(2) has returned, and an answer from nearby may be there
// before that. The other one begins before, but is by the wall clock: it is
// right where it is longer by no more than the sending took.
func roundTrip(monotonic, wall time.Duration) time.Duration {
	if more := wall - monotonic; more > 0 && more < sendTime {
		return wall
	}
	return max(monotonic, 1)
}

// unsent notes that a request could not be sent.
func (rd *round) unsent(err error) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.note(sendError(rd.target, rd.request.Path, err))
	rd.failed++
	rd.settle(rd.known+rd.failed >= rd.request.Count)
}

// stop ends the round: the requests that did not leave will not. err is the
// reason, nil when there is no other than the end of the time.
func (rd *round) stop(err error) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.note(err)
	rd.settle(true)
}

// note keeps the first error. rd.mu must be held.
func (rd *round) note(err error) {
	if rd.err == nil {
		rd.err = err
	}
}

// settle closes settled once if all is true. rd.mu must be held.
func (rd *round) settle(all bool) {
	if all && !rd.ended {
		rd.ended = true
		close(rd.settled)
	}
}

// remaining is how many requests are still to be tried; none once the round is
// over or a request has left, because then pro-bing tried them all.
func (rd *round) remaining() int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.ended || len(rd.slots) > 0 {
		return 0
	}
	return rd.request.Count - rd.failed
}

// close ends the round and returns the round-trip times in the order of the
// requests. After it nothing changes any more.
func (rd *round) close(ctx context.Context) ([]time.Duration, error) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if ctx.Err() != nil && rd.known+rd.failed < rd.request.Count {
		rd.note(ended(ctx))
	}
	rd.settle(true)
	rtts := make([]time.Duration, 0, rd.known)
	for _, s := range rd.slots {
		if s.rtt != 0 {
			rtts = append(rtts, s.rtt)
		}
	}
	return rtts, rd.err
}
