package ubus

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// helloWait, writeWait and answerWait are how long ubusd may take to greet,
	// to make room for a message, and to answer a question of the client's own.
	// It is one loop that never waits for anybody: longer means that it hangs.
	helloWait  = 5 * time.Second
	writeWait  = 5 * time.Second
	answerWait = 10 * time.Second

	// maxPending is how many questions may be open at a time.
	maxPending = 1024
)

// conn is one connection. Its reader is the goroutine of Run, which decodes,
// calls answered and receivers, and must not wait for a handler.
type conn struct {
	socket net.Conn
	ctx    context.Context // ends with the connection; its cause says why
	cancel context.CancelCauseFunc

	writing sync.Mutex
	buf     []byte

	mu      sync.Mutex
	seq     uint16
	pending map[uint16]request

	receivers map[uint32]receiver // by object id; only the reader's
}

// request is a question to ubusd or through it. Its functions are called by the
// reader: data for each DATA message, then done.
type request struct {
	peer uint32
	data func(Message)
	done func(Status)
}

// receiver is an object of this client.
type receiver interface {
	invoked(c *conn, id uint32, m Message)
	notified(c *conn, m Message)
}

// newConn takes over socket, which is closed when ctx ends or fail is called.
func newConn(ctx context.Context, socket net.Conn) *conn {
	c := &conn{socket: socket, pending: map[uint16]request{}, receivers: map[uint32]receiver{}}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	context.AfterFunc(c.ctx, func() { _ = socket.Close() })
	return c
}

// fail ends the connection; the first reason counts.
func (c *conn) fail(why error) {
	c.cancel(why)
	_ = c.socket.Close()
}

// hello waits for ubusd's greeting, which comes unasked.
func (c *conn) hello() error {
	if err := c.socket.SetReadDeadline(time.Now().Add(helloWait)); err != nil {
		return err
	}
	m, _, err := ReadMessage(c.socket, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errHello, err)
	}
	if m.Type != MsgHello {
		return errHello
	}
	return c.socket.SetReadDeadline(time.Time{})
}

// read dispatches messages until the connection breaks, and returns why.
func (c *conn) read() error {
	r := bufio.NewReader(c.socket)
	var buf []byte
	for {
		m, b, err := ReadMessage(r, buf)
		if err != nil {
			c.fail(fmt.Errorf("cannot read from ubusd: %w", err))
			return context.Cause(c.ctx)
		}
		c.dispatch(m)
		buf = b
	}
}

func (c *conn) dispatch(m Message) {
	id, _ := m.Uint32(AttrObjID)
	r := c.receivers[id]
	switch m.Type {
	case MsgStatus, MsgData:
		c.answered(m)
	case MsgInvoke:
		if r == nil {
			c.end(m, id, StatusNotFound)
			return
		}
		r.invoked(c, id, m)
	case MsgNotify, MsgUnsubscribe:
		if r != nil {
			r.notified(c, m)
		}
	}
}

// answered hands m to the request that it answers. One that was given up, or
// whose answer comes from somebody else, is not there any more.
func (c *conn) answered(m Message) {
	c.mu.Lock()
	r, ok := c.pending[m.Seq]
	ok = ok && r.peer == m.Peer
	if ok && m.Type == MsgStatus {
		delete(c.pending, m.Seq)
	}
	c.mu.Unlock()
	switch {
	case ok && m.Type == MsgStatus:
		r.done(statusIn(m))
	case ok && r.data != nil:
		r.data(m)
	}
}

func statusIn(m Message) Status {
	s, ok := m.Uint32(AttrStatus)
	if !ok {
		return StatusParseError
	}
	return Status(int32(s))
}

// ask writes a question and returns its sequence number.
func (c *conn) ask(t MessageType, r request, fill func(*Frame)) (uint16, error) {
	seq, err := c.expect(r)
	if err != nil {
		return 0, err
	}
	if err = c.write(t, seq, r.peer, fill); err != nil {
		c.forget(seq)
	}
	return seq, err
}

// expect chooses a sequence number for r.
func (c *conn) expect(r request) (uint16, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= maxPending {
		return 0, StatusNoMemory
	}
	for c.seq++; ; c.seq++ {
		if _, taken := c.pending[c.seq]; !taken {
			c.pending[c.seq] = r
			return c.seq, nil
		}
	}
}

// next is a sequence number for a message that nobody answers.
func (c *conn) next() uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return c.seq
}

func (c *conn) forget(seq uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, seq)
}

// setUp asks a question of the client's own, whose answer it needs to be of any
// use: without one the connection is given up.
func (c *conn) setUp(t MessageType, r request, fill func(*Frame)) {
	late := time.AfterFunc(answerWait, func() { c.fail(StatusTimeout) })
	done := r.done
	r.done = func(s Status) {
		late.Stop()
		done(s)
	}
	if _, err := c.ask(t, r, fill); err != nil {
		late.Stop()
		c.fail(err)
	}
}

// wait asks a question and waits for the status that ends the answer.
func (c *conn) wait(ctx context.Context, t MessageType, peer uint32, data func(Message), fill func(*Frame)) error {
	done := make(chan Status, 1)
	seq, err := c.ask(t, request{peer, data, func(s Status) { done <- s }}, fill)
	if err != nil {
		return err
	}
	select {
	case s := <-done:
		if s != StatusOK {
			return s
		}
		return nil
	case <-c.ctx.Done():
		return ErrNotConnected
	case <-ctx.Done():
		c.forget(seq)
		return context.Cause(ctx)
	}
}

// write sends one message. When ubusd does not take it in time the connection
// is given up, for a part of the message may be out.
func (c *conn) write(t MessageType, seq uint16, peer uint32, fill func(*Frame)) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	f := NewFrame(grow(c.buf, 0), t, seq, peer)
	fill(f)
	b, err := f.Bytes()
	c.buf = f.buf
	if err != nil {
		return err
	}
	if err = c.socket.SetWriteDeadline(time.Now().Add(writeWait)); err == nil {
		_, err = c.socket.Write(b)
	}
	if err != nil {
		c.fail(fmt.Errorf("cannot write to ubusd: %w", err))
		return fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	return nil
}

// end answers the call m to object id with a status, if it wants an answer.
func (c *conn) end(m Message, id uint32, s Status) {
	if m.Bool(AttrNoReply) {
		return
	}
	c.status(m.Seq, m.Peer, id, s)
}

func (c *conn) status(seq uint16, peer, id uint32, s Status) {
	// A connection that breaks here is seen by the reader.
	_ = c.write(MsgStatus, seq, peer, func(f *Frame) {
		f.Uint32(AttrStatus, uint32(s)).Uint32(AttrObjID, id)
	})
}
