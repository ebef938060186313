// Package lab makes a small internet out of network namespaces, for tests, the
// demo and benchmarks: a LAN host, a router with two uplinks, two internet
// providers that do NAT, and an "internet" with hosts to ping, name servers and
// web servers. Faults are verbs with an undo; see [Fault].
//
//	lan 192.168.92.10 ── 192.168.92.1 router ┬ eth1 192.168.42.2 ── 192.168.42.1 isp1 5.9.1.2  ── 5.9.0.1  internet
//	                                         └ eth2 192.168.62.2 ── 192.168.62.1 isp2 46.4.2.2 ── 46.4.0.1 1.1.1.1, 8.8.8.8 …
//
// The router forwards and masquerades but has no default route: that is the
// job of the program under test. The public-looking addresses exist only in
// the namespaces. IPv6 is there without NAT: fd92::10 on the LAN host,
// 2606:4700::1111 on the internet, by a static route over uplink 0.
//
// The lab needs root, ip(8) and nft(8). Its servers run in this process, on
// sockets made inside the namespaces, so that nothing outlives [Lab.Close].
package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Lab is one set of namespaces with everything that runs in them. Its methods
// may be called from any goroutine, but two faults on the same uplink should
// not be injected at the same time.
type Lab struct {
	LAN      *NS
	Router   *NS
	ISPs     [2]*NS
	Internet *NS

	DNS       [3]*NameServer // on 8.8.8.8, on 1.1.1.1 with 2606:4700::1111, and on the other servers of whoami.go
	Providers []*Provider    // web servers that tell the caller its address

	snat bool
	dir  string       // temporary files; its name is the prefix of the namespaces'
	ends atomic.Int32 // of cables made so far

	mu      sync.Mutex
	uplinks [2]Uplink
	closers []func() error
	wg      sync.WaitGroup
	once    sync.Once
	closed  error
}

// Uplink is one uplink of the router as it is now.
type Uplink struct {
	Interface string       // of the router
	Address   netip.Prefix // of the router
	Gateway   netip.Addr   // the provider's address towards the router
	Global    netip.Addr   // the provider's address towards the internet
}

// Option changes how the lab is built.
type Option func(*Lab)

// SNAT makes the router use snat rules instead of masquerade, as some
// firewalls do: the kernel then keeps a flow's old source address when the
// route changes.
func SNAT() Option { return func(l *Lab) { l.snat = true } }

// New raises a lab. It first removes what labs of dead processes left behind.
// When it fails, nothing of the new lab is left.
func New(ctx context.Context, options ...Option) (*Lab, error) {
	if err := requirements(); err != nil {
		return nil, err
	}
	if err := removeStale(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("imon-%d-", os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("cannot raise lab: %w", err)
	}
	l := &Lab{dir: dir, uplinks: [2]Uplink{home(0), home(1)}}
	for _, option := range options {
		option(l)
	}
	l.name(filepath.Base(dir))
	if err := l.raise(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot raise lab: %w", err), l.Close())
	}
	return l, nil
}

// requirements says in one sentence what is missing to raise a lab.
func requirements() error {
	if os.Geteuid() != 0 {
		return errors.New("the lab makes network namespaces and must run as root")
	}
	for tool, from := range map[string]string{"ip": "iproute2", "nft": "nftables"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("the lab needs the command %q (Debian package %s)", tool, from)
		}
	}
	return nil
}

// name names the namespaces: imon-PID-NUMBER-router and so on.
func (l *Lab) name(prefix string) {
	l.LAN = &NS{prefix + "-lan"}
	l.Router = &NS{prefix + "-router"}
	l.ISPs = [2]*NS{{prefix + "-isp1"}, {prefix + "-isp2"}}
	l.Internet = &NS{prefix + "-internet"}
}

func (l *Lab) all() []*NS {
	return []*NS{l.LAN, l.Router, l.ISPs[0], l.ISPs[1], l.Internet}
}

func (l *Lab) raise(ctx context.Context) error {
	for _, step := range []func() error{l.build, l.resolver, l.serve} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Uplink returns uplink i (0 or 1) as it is now.
func (l *Lab) Uplink(i int) Uplink {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uplinks[i]
}

func (l *Lab) setUplink(i int, u Uplink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uplinks[i] = u
}

// atClose has f called by Close; the last one registered is called first.
func (l *Lab) atClose(f func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// Close ends the lab's programs, streams, watchers and servers, and removes
// its namespaces and files. A second call returns what the first one did.
func (l *Lab) Close() error {
	l.once.Do(func() { l.closed = l.close() })
	return l.closed
}

func (l *Lab) close() error {
	l.mu.Lock()
	closers := l.closers
	l.closers = nil
	l.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	for _, ns := range l.all() {
		errs = append(errs, ns.remove())
	}
	l.wg.Wait()
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
