package lab

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Stream is the LAN host's view of the internet: one UDP flow through the
// router to the echo server, a packet every so often, and which of them were
// answered. All times are monotonic.
type Stream struct {
	conn  *net.UDPConn
	every time.Duration
	stop  chan struct{}
	once  sync.Once

	mu      sync.Mutex
	packets []packet
	newest  int // the latest packet that was answered, -1 when none was
}

type packet struct {
	sent     time.Time
	answered time.Duration // after sent; 0 while it is not
	from     [4]byte       // the provider's address, as the internet saw it
}

// late is the age at which an unanswered packet counts as lost. An answer that
// comes later still counts as one.
const late = 100 * time.Millisecond

// Gap is a run of packets of which none was answered.
type Gap struct {
	From time.Time     // the first lost packet was sent
	For  time.Duration // until the next answered one was sent, or until now
	Lost int           // packets
	Open bool          // it has not ended
}

// Report is what a stream saw in a span of time.
type Report struct {
	Sent, Lost int
	Gaps       []Gap
}

// Longest is the longest gap; the zero Gap when there was none.
func (r Report) Longest() Gap {
	var longest Gap
	for _, g := range r.Gaps {
		if g.For > longest.For {
			longest = g
		}
	}
	return longest
}

// Stream starts a stream with a packet every so often, for example 5 ms. It
// runs until Stop or until the lab closes.
func (l *Lab) Stream(every time.Duration) (*Stream, error) {
	conn, err := l.LAN.listenUDP(netip.AddrPortFrom(netip.MustParseAddr(LANHost), 0))
	if err != nil {
		return nil, err
	}
	s := &Stream{conn: conn, every: every, stop: make(chan struct{}), newest: -1}
	l.atClose(s.Stop)
	l.wg.Go(s.send)
	l.wg.Go(s.receive)
	return s, nil
}

// Stop ends the stream; what it recorded stays.
func (s *Stream) Stop() error {
	s.once.Do(func() { close(s.stop); s.conn.Close() })
	return nil
}

// send sends until Stop, on a thread of its own that does not wait for a busy
// machine's other programs: a late packet would look like a gap.
func (s *Stream) send() {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0)
	to := netip.AddrPortFrom(netip.MustParseAddr(EchoHost), echoPort)
	for due := time.Now(); !s.stopped(); due = later(due.Add(s.every), time.Now()) {
		if wait := unix.NsecToTimespec(int64(time.Until(due))); wait.Nano() > 0 {
			unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &wait, nil)
		}
		s.conn.WriteToUDPAddrPort(s.next(), to) // one that cannot be sent is lost
	}
}

func (s *Stream) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// next notes that a packet is sent, and returns it: its number.
func (s *Stream) next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := binary.BigEndian.AppendUint64(nil, uint64(len(s.packets)))
	s.packets = append(s.packets, packet{sent: time.Now()})
	return number
}

func (s *Stream) receive() {
	buffer := make([]byte, 64)
	for {
		n, _, err := s.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && n == 12 {
			s.note(int(binary.BigEndian.Uint64(buffer)), [4]byte(buffer[8:]))
		}
	}
}

func (s *Stream) note(number int, from [4]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number >= len(s.packets) {
		return
	}
	p := &s.packets[number]
	p.answered, p.from = max(time.Since(p.sent), 1), from
	s.newest = max(s.newest, number)
}

// Up reports whether the internet answers now: of the packets that had time
// enough, the last one was answered, or a later one.
func (s *Stream) Up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest < 0 {
		return false
	}
	following := s.newest + 1
	return following >= len(s.packets) || time.Since(s.packets[following].sent) < late
}

// Since is what the stream saw from a moment until now. A gap that had begun
// before is counted from that moment.
func (s *Stream) Since(from time.Time) Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report(s.first(from), time.Now())
}

// first is the number of the first packet that was not sent before from.
func (s *Stream) first(from time.Time) int {
	n, _ := slices.BinarySearchFunc(s.packets, from, func(p packet, t time.Time) int { return p.sent.Compare(t) })
	return n
}

// Way is the provider by which packets went from some moment on.
type Way struct {
	From time.Time  // the first of them was sent
	Via  netip.Addr // the provider's address, as the internet saw it
}

// Ways are the ways of the packets that were sent after from and answered, one
// for each change, the oldest first.
func (s *Stream) Ways(from time.Time) []Way {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ways []Way
	var last [4]byte
	for _, p := range s.packets[s.first(from):] {
		if p.answered > 0 && (len(ways) == 0 || p.from != last) {
			last = p.from
			ways = append(ways, Way{p.sent, netip.AddrFrom4(last)})
		}
	}
	return ways
}

// Gaps are all gaps so far.
func (s *Stream) Gaps() []Gap { return s.Since(time.Time{}).Gaps }

func (s *Stream) report(first int, now time.Time) Report {
	var r Report
	open := false
	for i := first; i < len(s.packets); i++ {
		p := s.packets[i]
		switch {
		case p.answered > 0:
			open = false
			r.Sent++
		case i < s.newest || now.Sub(p.sent) > late:
			r.Sent++
			r.Lost++
			if !open {
				r.Gaps = append(r.Gaps, Gap{From: p.sent})
			}
			open = true
			s.extend(&r.Gaps[len(r.Gaps)-1], i, now)
		}
	}
	return r
}

// extend counts lost packet i into a gap.
func (s *Stream) extend(g *Gap, i int, now time.Time) {
	g.Lost++
	end := now
	g.Open = i >= s.newest
	if i+1 < len(s.packets) && !g.Open {
		end = s.packets[i+1].sent
	}
	g.For = end.Sub(g.From)
}
