package uplink

import (
	"net/netip"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Imagined is a kernel out of somebody's imagination, with two uplinks, for tests of
// what stands upon a Router. Its methods may be called from any goroutine.
type Imagined struct {
	t  testing.TB
	mu sync.Mutex
	k  *kernel
}

// NewImagined returns a kernel in which both uplinks are well and nothing is set up.
func NewImagined(t testing.TB) *Imagined { return &Imagined{t: t, k: parseKernel(t, twoUplinks)} }

// Router returns a Router that takes m for the kernel.
func (m *Imagined) Router() *Router {
	s, err := newSettings(m.k.specs, Options{Metric: 201})
	if err != nil {
		m.t.Fatal(err)
	}
	return &Router{settings: s, fib: m, contest: contest{}}
}

func (m *Imagined) list(s settings) (*kernel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &kernel{
		settings: s, links: slices.Clone(m.k.links), addrs: slices.Clone(m.k.addrs),
		routes: slices.Clone(m.k.routes), rules: slices.Clone(m.k.rules),
	}, nil
}

// apply makes one change. It must not take the last default route of ours away.
func (m *Imagined) apply(o op) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.ours())
	m.k.run(o)
	if before > 0 && len(m.ours()) == 0 {
		m.t.Errorf("%s leaves no default route", o)
	}
	return nil
}

// ours are our default routes in main.
func (m *Imagined) ours() []route {
	return slices.DeleteFunc(slices.Clone(m.k.routes), func(r route) bool {
		return r.table != unix.RT_TABLE_MAIN || r.protocol != Protocol
	})
}

// Ours returns the uplinks to which our default routes lead, dead ones too.
func (m *Imagined) Ours() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []int
	for _, r := range m.ours() {
		all = append(all, m.k.via(r))
	}
	return all
}

// Set sets the state of uplink i: an interface that is down loses its routes, one
// without a carrier keeps them, dead.
func (m *Imagined) Set(i int, up, carrier bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &m.k.links[i]
	l.up, l.carrier = up, up && carrier
	m.k.routes = slices.DeleteFunc(m.k.routes, func(r route) bool { return r.index == l.index && !up })
	for n, r := range m.k.routes {
		if r.index == l.index {
			m.k.routes[n].flags &^= unix.RTNH_F_LINKDOWN
			if !l.carrier {
				m.k.routes[n].flags |= unix.RTNH_F_LINKDOWN
			}
		}
	}
}

// Usable reports whether the interface of uplink i is up and has a carrier.
func (m *Imagined) Usable(i int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.k.links[i].up && m.k.links[i].carrier
}

// Flush removes all routes and rules, as somebody may by hand.
func (m *Imagined) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.k.routes, m.k.rules = nil, nil
}

// Renumber gives uplink i another address; the kernel removes the routes that had
// the old one as their source.
func (m *Imagined) Renumber(i int, last byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, a := range m.k.addrs {
		if a.index == m.k.links[i].index {
			b := a.addr.As4()
			b[3] = last
			m.k.addrs[n].addr = netip.AddrFrom4(b)
			m.k.routes = slices.DeleteFunc(m.k.routes, func(r route) bool { return r.source == a.addr })
		}
	}
}
