package ubus

import (
	"context"
	"strings"
	"time"
)

const (
	// eventObject is ubusd's own object that registers listeners and sends
	// events (ubusmsg.h, UBUS_SYSTEM_OBJECT_EVENT).
	eventObject = 1
	// callWait is the longest that a call without a deadline waits, as the
	// command line program does.
	callWait = 30 * time.Second
)

// Call calls a method of another object and returns its answer, nil when that
// holds no data; of several answers it is the last. The error is a [Status] that
// was answered, [ErrNotConnected], what ctx ended with, or that args cannot be
// written. Without a deadline in ctx it is [StatusTimeout] after 30 s.
func (c *Client) Call(ctx context.Context, object, method string, args Table) (Table, error) {
	conn := c.live.Load()
	if conn == nil {
		return nil, ErrNotConnected
	}
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, callWait, StatusTimeout)
		defer cancel()
	}
	id, err := conn.lookup(ctx, object)
	if err != nil {
		return nil, err
	}
	return conn.invoke(ctx, id, method, args)
}

// lookup asks for the id of an object, which holds until the object goes.
func (c *conn) lookup(ctx context.Context, path string) (id uint32, err error) {
	found := func(m Message) { id, _ = m.Uint32(AttrObjID) }
	err = c.wait(ctx, MsgLookup, 0, found, func(f *Frame) { f.Text(AttrObjPath, path) })
	if err != nil {
		return 0, err
	}
	if id == 0 {
		return 0, StatusNotFound
	}
	return id, nil
}

func (c *conn) invoke(ctx context.Context, id uint32, method string, args Table) (Table, error) {
	var answer Table
	var fault error
	data := func(m Message) { answer, fault = m.Table(AttrData) }
	err := c.wait(ctx, MsgInvoke, id, data, func(f *Frame) {
		f.Uint32(AttrObjID, id).Text(AttrMethod, method).Table(AttrData, args)
	})
	if err != nil {
		return nil, err
	}
	if fault != nil {
		return nil, StatusParseError
	}
	return answer, nil
}

// Send sends an event to all who listen to it, but not to this client's own
// listeners, and waits until ubusd has taken it. The error is as that of Call;
// names that begin with "ubus." answer [StatusPermissionDenied].
func (c *Client) Send(event string, data Table) error {
	conn := c.live.Load()
	if conn == nil {
		return ErrNotConnected
	}
	if strings.HasPrefix(event, "ubus.") {
		return StatusPermissionDenied
	}
	ctx, cancel := context.WithTimeoutCause(conn.ctx, answerWait, StatusTimeout)
	defer cancel()
	if data == nil {
		data = Table{}
	}
	_, err := conn.invoke(ctx, eventObject, "send", Table{{"id", event}, {"data", data}})
	return err
}

// Notify tells the subscribers of an own object. It does nothing, and costs
// nothing, when there are none. It does not wait; the error is
// [ErrNotConnected] also while the object is not registered, or that data cannot
// be written, or [StatusNotFound] for an object that was not added.
func (c *Client) Notify(object, kind string, data Table) error {
	s := c.own(object)
	if s == nil {
		return StatusNotFound
	}
	b := s.bound.Load()
	if b == nil {
		return ErrNotConnected
	}
	if !b.active.Load() {
		return nil
	}
	return b.conn.write(MsgNotify, b.conn.next(), b.id, func(f *Frame) {
		f.Uint32(AttrObjID, b.id).Text(AttrMethod, kind).Table(AttrData, data).Bool(AttrNoReply, true)
	})
}

// HasSubscribers reports whether anybody would hear a Notify on an own object.
func (c *Client) HasSubscribers(object string) bool {
	s := c.own(object)
	if s == nil {
		return false
	}
	b := s.bound.Load()
	return b != nil && b.active.Load()
}

func (c *Client) own(path string) *served {
	for _, s := range c.objects {
		if s.Path == path {
			return s
		}
	}
	return nil
}
