// Package ubus is a client of OpenWrt's message bus, ubus, that speaks its
// protocol over ubusd's unix socket. It offers objects with methods, calls the
// methods of others, sends and receives events and notifications, and keeps all
// of that up over restarts of ubusd and of those others.
//
// The wire (ubusmsg.h, blob.h, blobmsg.h of OpenWrt): a message is a header of
// 8 bytes (version 0, type, be16 sequence number, be32 peer) and one attribute
// that holds the others. An attribute is a be32 of bit 31 (has a name), bits
// 30–24 (what it is), bits 23–0 (length with these four bytes, without padding),
// its value, and zeros up to a multiple of 4 bytes.
package ubus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Delays between attempts to connect or to register.
	minBackoff = 100 * time.Millisecond
	maxBackoff = 30 * time.Second

	// maxCalls is how many calls of own methods may run at a time. More are
	// answered with StatusNoMemory.
	maxCalls = 128
)

var errHello = errors.New("ubusd did not greet")

// Client is one program's connection to the bus. Objects, subscriptions and
// listeners are added first, then Run keeps them alive; the other methods may be
// called from any goroutine at any time.
type Client struct {
	log     func(string)
	dial    func(context.Context) (net.Conn, error)
	objects []*served
	watches []*watch
	live    atomic.Pointer[conn]
	calls   atomic.Int32
	running sync.WaitGroup // the handlers
}

// New returns a client of the ubusd that listens on socket; "" stands for the
// places where OpenWrt has it. What an operator should know goes to log, one
// line a call and only when something changed: no ubusd, ubusd back, a path that
// another program holds.
func New(socket string, log func(string)) *Client {
	return &Client{log: log, dial: dialer(socket)}
}

// dialer connects to socket, or to the first of OpenWrt's two places (the second
// is that of 19.07) that answers.
func dialer(socket string) func(context.Context) (net.Conn, error) {
	places := []string{socket}
	if socket == "" {
		places = []string{"/var/run/ubus/ubus.sock", "/var/run/ubus.sock"}
	}
	return func(ctx context.Context) (c net.Conn, err error) {
		var first error
		for _, place := range places {
			var d net.Dialer
			if c, err = d.DialContext(ctx, "unix", place); err == nil {
				return c, nil
			}
			if first == nil {
				first = err
			}
		}
		return nil, first
	}
}

// Add offers o on the bus whenever there is a connection. It must be called
// before Run.
//
// When another client holds the path this is logged once and tried again for
// ever. Calls are answered in parallel, 128 at most; more are told
// [StatusNoMemory].
func (c *Client) Add(o Object) {
	c.objects = append(c.objects, &served{Object: o, client: c})
}

// Connected reports whether ubusd has greeted and the connection stands.
func (c *Client) Connected() bool { return c.live.Load() != nil }

// Run connects, registers everything, and reads until ctx ends; then it waits
// for the handlers that still run, and returns nil. A connection that is missing
// or breaks is tried again after 100 ms, 200 ms and so on up to 30 s. There
// may be one Run at a time.
func (c *Client) Run(ctx context.Context) error {
	defer c.running.Wait()
	for _, w := range c.watches {
		c.running.Go(func() { w.deliver(ctx) })
	}
	wait, told := minBackoff, false
	for {
		began := time.Now()
		err := c.session(ctx, &told)
		if ctx.Err() != nil {
			return nil
		}
		if !told {
			c.log(fmt.Sprintf("No connection to ubusd: %v; trying again until there is one", err))
			told = true
		}
		if time.Since(began) > maxBackoff {
			wait = minBackoff
		}
		pause(ctx, wait)
		wait = min(2*wait, maxBackoff)
	}
}

// session is the life of one connection; it returns why it ended. told says that
// the log has a line that there is none.
func (c *Client) session(ctx context.Context, told *bool) error {
	socket, err := c.dial(ctx)
	if err != nil {
		return err
	}
	conn := newConn(ctx, socket)
	defer conn.fail(net.ErrClosed)
	if err := conn.hello(); err != nil {
		return err
	}
	if *told {
		c.log("Connected to ubusd")
		*told = false
	}
	c.live.Store(conn)
	defer c.ended()
	for _, o := range c.objects {
		o.register(conn)
	}
	for _, w := range c.watches {
		w.register(conn)
	}
	return conn.read()
}

// ended forgets what belonged to the connection that broke.
func (c *Client) ended() {
	c.live.Store(nil)
	for _, o := range c.objects {
		o.bound.Store(nil)
	}
	for _, w := range c.watches {
		w.lost()
	}
}

// pause sleeps for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
