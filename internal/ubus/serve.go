package ubus

import (
	"fmt"
	"sync/atomic"
	"time"
)

// served is an object that the client offers. Its plain fields belong to the
// reader of the connection.
type served struct {
	Object
	client  *Client
	bound   atomic.Pointer[binding]
	refused bool          // the log has a line
	wait    time.Duration // before the next attempt
}

// binding is a served object's name on one connection.
type binding struct {
	conn   *conn
	id     uint32
	active atomic.Bool // somebody is subscribed
}

// register offers s on c; when ubusd refuses it is tried again later.
func (s *served) register(c *conn) {
	s.wait = minBackoff
	s.attempt(c)
}

func (s *served) attempt(c *conn) {
	added := func(m Message) {
		id, _ := m.Uint32(AttrObjID)
		c.receivers[id] = s
		s.bound.Store(&binding{conn: c, id: id})
	}
	c.setUp(MsgAddObject, request{data: added, done: func(st Status) { s.answered(c, st) }}, func(f *Frame) {
		f.Text(AttrObjPath, s.Path).Table(AttrSignature, s.signature())
	})
}

// answered is called when ubusd has accepted or refused the object. It refuses
// with "invalid argument" when another client holds the path.
func (s *served) answered(c *conn, st Status) {
	if st == StatusOK {
		if s.refused {
			s.client.log(fmt.Sprintf("Registered %q on ubus", s.Path))
		}
		s.refused = false
		return
	}
	if !s.refused {
		s.client.log(fmt.Sprintf("Cannot register %q on ubus: %v (is the name taken?); trying again until it is free", s.Path, st))
		s.refused = true
	}
	time.AfterFunc(s.wait, func() {
		if c.ctx.Err() == nil {
			s.attempt(c)
		}
	})
	s.wait = min(2*s.wait, maxBackoff)
}

// notified learns that the first subscriber came or the last one left.
func (s *served) notified(_ *conn, m Message) {
	if b := s.bound.Load(); b != nil && m.Type == MsgNotify {
		b.active.Store(m.Bool(AttrActive))
	}
}

// invoked starts the method that m calls in a goroutine of its own.
func (s *served) invoked(c *conn, id uint32, m Message) {
	name, _ := m.Text(AttrMethod)
	method := s.method(name)
	if method == nil {
		c.end(m, id, StatusMethodNotFound)
		return
	}
	if s.client.calls.Add(1) > maxCalls {
		s.client.calls.Add(-1)
		c.end(m, id, StatusNoMemory)
		return
	}
	args, err := m.Table(AttrData)
	if err == nil {
		args, err = method.check(args)
	}
	if err != nil {
		s.client.calls.Add(-1)
		c.end(m, id, StatusInvalidArgument)
		return
	}
	s.client.start(call{c, id, m.Seq, m.Peer, m.Bool(AttrNoReply), s.Path}, *method, args)
}

// call is one call of an own method, and what its answer must carry.
type call struct {
	conn    *conn
	id      uint32
	seq     uint16
	peer    uint32
	noReply bool
	path    string
}

func (c *Client) start(to call, m Method, args Table) {
	c.running.Go(func() {
		defer c.calls.Add(-1)
		err := error(StatusUnknownError) // when the method panics
		var answer Table
		c.guard(to.path+" "+m.Name, func() { answer, err = m.Call(to.conn.ctx, args) })
		if !to.noReply {
			c.answer(to, m.Name, answer, err)
		}
	})
}

// answer sends the data, if there is any, and the status that ends the call.
func (c *Client) answer(to call, method string, t Table, err error) {
	if err == nil && t != nil {
		if err = to.data(t); err != nil && to.conn.ctx.Err() == nil {
			c.log(fmt.Sprintf("Cannot answer %s %s on ubus: %v", to.path, method, err))
		}
	}
	to.conn.status(to.seq, to.peer, to.id, statusOf(err))
}

// guard runs a handler. One that panics is reported and ends alone.
func (c *Client) guard(name string, handler func()) {
	defer func() {
		if fault := recover(); fault != nil {
			c.log(fmt.Sprintf("Fault in the ubus handler of %s: %v", name, fault))
		}
	}()
	handler()
}

func (to call) data(t Table) error {
	return to.conn.write(MsgData, to.seq, to.peer, func(f *Frame) {
		f.Uint32(AttrObjID, to.id).Table(AttrData, t)
	})
}
