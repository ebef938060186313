package ubus

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bench is a client whose connections the test is the other end of, in a
// bubble with its own clock.
type bench struct {
	t      *testing.T
	client *Client
	dials  chan net.Conn
	refuse atomic.Bool
	mu     sync.Mutex
	log    []string
	tried  []time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dials: make(chan net.Conn, 100)}
	b.client = New("", func(s string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.log = append(b.log, s)
	})
	b.client.dial = func(context.Context) (net.Conn, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.tried = append(b.tried, time.Now())
		if b.refuse.Load() {
			return nil, errors.New("no such file")
		}
		ours, theirs := net.Pipe()
		b.dials <- ours
		return theirs, nil
	}
	return b
}

// run starts the client and ends it with the test.
func (b *bench) run() {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.client.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-ended })
}

// greet takes the next connection and greets on it.
func (b *bench) greet() net.Conn {
	b.t.Helper()
	conn := <-b.dials
	b.t.Cleanup(func() { _ = conn.Close() })
	b.send(conn, NewFrame(nil, MsgHello, 0, 5))
	synctest.Wait()
	return conn
}

func (b *bench) send(conn net.Conn, f *Frame) {
	b.t.Helper()
	raw, err := f.Bytes()
	if err == nil {
		_, err = conn.Write(raw)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) next(conn net.Conn) Message {
	b.t.Helper()
	m, _, err := ReadMessage(conn, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) logged(part string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, s := range b.log {
		if strings.Contains(s, part) {
			n++
		}
	}
	return n
}

// attempts lists when the client tried to connect.
func (b *bench) attempts() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.tried)
}
