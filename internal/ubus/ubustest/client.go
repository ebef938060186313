package ubustest

import (
	"net"
	"sync"

	"github.com/ejgeiger/imon/internal/ubus"
)

// maxQueue is how many bytes may wait for a client that does not read; ubusd
// drops what comes after (ubusd.h, UBUS_CLIENT_MAX_TXQ_LEN).
const maxQueue = 1 << 20

// client is one connection to the fake.
type client struct {
	server *Server
	id     uint32
	conn   net.Conn

	mu     sync.Mutex
	filled *sync.Cond
	queue  [][]byte
	size   int
	closed bool
}

func newClient(s *Server, id uint32, conn net.Conn) *client {
	c := &client{server: s, id: id, conn: conn}
	c.filled = sync.NewCond(&c.mu)
	return c
}

// send queues a message; it never waits.
func (c *client) send(f *ubus.Frame) {
	b, err := f.Bytes()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.closed || c.size+len(b) > maxQueue+8 {
		return
	}
	c.queue = append(c.queue, b)
	c.size += len(b)
	c.filled.Signal()
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.filled.Signal()
	_ = c.conn.Close()
}

// write sends what is queued until the client is closed.
func (c *client) write() {
	for b := c.next(); b != nil; b = c.next() {
		if _, err := c.conn.Write(b); err != nil {
			return
		}
		c.mu.Lock()
		c.size -= len(b)
		c.mu.Unlock()
	}
}

func (c *client) next() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && !c.closed {
		c.filled.Wait()
	}
	if c.closed {
		return nil
	}
	b := c.queue[0]
	c.queue = c.queue[1:]
	return b
}

// read handles messages until the client goes, then removes what it had.
func (c *client) read() {
	defer c.server.leave(c)
	var buf []byte
	for {
		m, b, err := ubus.ReadMessage(c.conn, buf)
		if err != nil {
			return
		}
		c.server.handle(c, m)
		buf = b
	}
}
