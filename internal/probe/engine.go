package probe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"syscall"
	"time"

	probing "github.com/prometheus-community/pro-bing"
	"golang.org/x/sys/unix"
)

// run sends the requests of rd, with one pro-bing Pinger as long as the first
// request leaves. pro-bing gives up when it does not, so the next request gets a
// new one: a firewall that drops some packets must not look as if it dropped all.
//
// A panic ends the round and says so; one in a goroutine of pro-bing's own, which
// nobody can recover, would end the process.
func (p *Pinger) run(ctx context.Context, rd *round) {
	defer rd.stop(nil)
	defer func() {
		if v := recover(); v != nil {
			rd.stop(local(fmt.Errorf("panic: %v", v)))
		}
	}()
	for n := rd.remaining(); n > 0; n = rd.remaining() {
		if !p.attempt(ctx, rd, n) {
			return
		}
	}
}

// attempt runs one pro-bing Pinger for n requests and reports whether another
// one may be tried.
func (p *Pinger) attempt(ctx context.Context, rd *round, n int) bool {
	raw := !p.datagram.Load()
	e := newEngine(rd, n, int(uint16(p.next.Add(1))), raw)
	err := e.pinger.RunWithContext(ctx)
	switch {
	case !e.opened && raw && errors.Is(err, unix.EPERM):
		p.datagram.Store(true)
		return true
	case !e.opened && err != nil:
		rd.stop(setupError(rd.target, rd.request.Path, err))
		return false
	case e.unsent == nil:
		if err != nil && ctx.Err() == nil {
			rd.stop(sendError(rd.target, rd.request.Path, err))
		}
		return false
	case errors.Is(e.unsent, ErrNoRoute), errors.Is(e.unsent, ErrLocal):
		return false
	default:
		return pause(ctx, rd.request.Spacing)
	}
}

// pause waits for d and reports whether ctx is still alive then.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// engine is one pro-bing Pinger and its callbacks. pro-bing calls all of them
// but opened from one goroutine.
type engine struct {
	probing.NoopLogger
	round   *round
	pinger  *probing.Pinger
	opened  bool  // the socket is there
	unsent  error // why the last request was not sent
	refused int   // how often the kernel answered EACCES
}

func newEngine(rd *round, count, id int, raw bool) *engine {
	// pro-bing's own look-up, statistics, clock and loss figure are not used.
	e := &engine{round: rd, pinger: probing.New("")}
	p := e.pinger
	zone, _ := zoneIndex(rd.target.Zone()) // reach has found it a moment ago
	p.SetIPAddr(&net.IPAddr{IP: rd.target.AsSlice(), Zone: zoneText(zone)})
	p.SetPrivileged(raw)
	p.SetID(id)
	p.SetLogger(e)
	p.RecordRtts, p.RecordTTLs = false, false
	p.Count = count
	p.Interval = rd.request.Spacing
	p.Timeout = rd.request.longest()
	p.OnSetup = e.setup
	p.OnSend = func(*probing.Packet) { rd.left() }
	p.OnRecv = func(packet *probing.Packet) { rd.answered(packet.Seq, packet.Rtt) }
	p.OnSendError = e.sendError
	if path := rd.request.Path; path.Source.IsValid() {
		p.Source = path.Source.String()
	}
	if rd.request.Path.Interface != "" {
		p.SetMark(uint(rand.Uint32()>>1 | 1)) // see bindMarked
	}
	return e
}

// setup runs in the goroutine of Pinger.run, after pro-bing has made its socket
// and before it sends anything. Goexit is the only way to keep it from sending.
func (e *engine) setup() {
	e.opened = true
	rd := e.round
	if rd.request.Path.Interface == "" {
		return
	}
	if err := bindMarked(int(e.pinger.Mark()), rd.request.Path.Interface); err != nil {
		rd.stop(setupError(rd.target, rd.request.Path, err))
		runtime.Goexit()
	}
}

// sendError takes a request that could not be sent off the plan: pro-bing, which
// counts only what it sent, would try again until its time is over.
func (e *engine) sendError(_ *probing.Packet, err error) {
	e.pinger.Count--
	e.round.unsent(err)
	e.unsent = sendError(e.round.target, e.round.request.Path, err)
}

// Infof is the way out of a trap. When sendmsg(2) answers EACCES, which is what
// a prohibit route does, pro-bing takes the target for a broadcast address, says
// so here, and tries again at once and for ever, deaf to its time-out, its
// context and Stop. Path.reach keeps most such targets away from it; but a rule
// may be for ICMP alone, or be made in between. The first line may be true (a
// datagram socket without SO_BROADCAST); the second one never is. Goexit ends
// pro-bing's sending goroutine: its deferred calls stop the others and let
// RunWithContext return.
func (e *engine) Infof(format string, _ ...any) {
	if !strings.Contains(format, "broadcast address") {
		return
	}
	if e.refused++; e.refused < 2 {
		return
	}
	e.round.stop(noRoute(e.round.target, e.round.request.Path, syscall.EACCES))
	runtime.Goexit()
}
