package ubus

import (
	"context"
	"fmt"
)

// watch is one subscription or one listener. On the bus it is an object without
// a path, so that what arrives there is known to be for it. Its plain fields
// belong to the reader of the connection.
type watch struct {
	client  *Client
	object  string // subscribed to, "" for a listener
	pattern string // of events
	handle  func(string, Table)
	gone    func()
	ready   func()
	queue   queue

	id         uint32 // of the object without a path
	target     uint32 // id of the object subscribed to or being subscribed to
	subscribed bool
	refused    bool // the log has a line
}

// Subscribe has handle called with each notification of object, one after the
// other; it must be called before Run. ready is called each time when the
// subscription begins: when the object appears, is there at the start, or has
// come back, and when notifications were lost because handle was too slow. What
// the object said before is not known then: ask it with Call. gone is called
// when the object or the connection goes. Either may be nil.
//
// An object of the same client cannot be subscribed to.
func (c *Client) Subscribe(object string, handle func(method string, data Table), gone, ready func()) {
	c.watches = append(c.watches, &watch{
		client: c, object: object, pattern: "ubus.object.add",
		handle: handle, gone: gone, ready: ready, queue: newQueue(),
	})
}

// Listen has handle called with each event whose name is pattern or, when
// pattern ends in "*", begins with what stands before it, one after the other;
// it must be called before Run. Events that this client sends do not come back.
func (c *Client) Listen(pattern string, handle func(event string, data Table)) {
	c.watches = append(c.watches, &watch{client: c, pattern: pattern, handle: handle, queue: newQueue()})
}

// register makes the object without a path.
func (w *watch) register(c *conn) {
	added := func(m Message) {
		w.id, _ = m.Uint32(AttrObjID)
		c.receivers[w.id] = w
	}
	done := func(s Status) {
		if s != StatusOK {
			c.fail(s)
			return
		}
		w.listen(c)
	}
	c.setUp(MsgAddObject, request{data: added, done: done}, func(*Frame) {})
}

// listen asks for the events, then, for a subscription, for the object. In this
// order an object that appears meanwhile is heard of at least once.
func (w *watch) listen(c *conn) {
	done := func(s Status) {
		w.refusal(s, "listen to", w.pattern)
		if w.object != "" {
			w.find(c)
		}
	}
	c.setUp(MsgInvoke, request{peer: eventObject, done: done}, func(f *Frame) {
		f.Uint32(AttrObjID, eventObject).Text(AttrMethod, "register")
		f.Table(AttrData, Table{{"object", int32(w.id)}, {"pattern", w.pattern}})
	})
}

// find looks the object up. When there is none its coming will be told.
func (w *watch) find(c *conn) {
	var id uint32
	found := func(m Message) { id, _ = m.Uint32(AttrObjID) }
	done := func(s Status) {
		if s == StatusOK && id != 0 {
			w.subscribe(c, id)
		}
	}
	c.setUp(MsgLookup, request{data: found, done: done}, func(f *Frame) { f.Text(AttrObjPath, w.object) })
}

// subscribe subscribes to the object with that id, once: its lookup and its
// coming may both have told of it, and ubusd would deliver twice.
func (w *watch) subscribe(c *conn, id uint32) {
	if w.target == id {
		return
	}
	w.target = id
	done := func(s Status) {
		if w.target != id {
			return // it went before the answer came
		}
		if s != StatusOK {
			w.lost()
			w.refusal(s, "subscribe to", w.object)
			return
		}
		w.refused, w.subscribed = false, true
		w.queue.push(delivery{kind: isReady})
	}
	c.setUp(MsgSubscribe, request{done: done}, func(f *Frame) {
		f.Uint32(AttrObjID, w.id).Uint32(AttrTarget, id)
	})
}

// refusal logs once that ubusd does not let the client hear something. An object
// that is gone again is no refusal.
func (w *watch) refusal(s Status, verb, what string) {
	if s != StatusOK && s != StatusNotFound && !w.refused {
		w.client.log(fmt.Sprintf("Cannot %s %q on ubus: %v", verb, what, s))
		w.refused = true
	}
}

// invoked takes an event (which has no peer) or a notification.
func (w *watch) invoked(c *conn, id uint32, m Message) {
	event := m.Peer == 0
	if !event {
		c.end(m, id, StatusOK) // a notification may want to know that it arrived
	}
	name, ok := m.Text(AttrMethod)
	data, err := m.Table(AttrData)
	switch {
	case !ok || err != nil:
	case event && w.object != "":
		w.appeared(c, data)
	default:
		w.queue.push(delivery{isMessage, name, data})
	}
}

// appeared is told of each object that is added to the bus.
func (w *watch) appeared(c *conn, data Table) {
	if id, ok := data.Int("id"); ok && data.String("path") == w.object {
		w.subscribe(c, uint32(id))
	}
}

// notified learns that the object subscribed to is gone.
func (w *watch) notified(_ *conn, m Message) {
	if id, ok := m.Uint32(AttrTarget); ok && m.Type == MsgUnsubscribe && id == w.target {
		w.lost()
	}
}

// lost ends the subscription, if there is one.
func (w *watch) lost() {
	if w.subscribed {
		w.queue.push(delivery{kind: isGone})
	}
	w.target, w.subscribed = 0, false
}

// deliver calls the handlers in turn until ctx ends.
func (w *watch) deliver(ctx context.Context) {
	for {
		d, ok := w.queue.pop(ctx)
		if !ok {
			return
		}
		w.client.guard(w.name(), func() { w.tell(d) })
	}
}

// name is what the operator knows the watch by.
func (w *watch) name() string {
	if w.object != "" {
		return w.object
	}
	return w.pattern
}

func (w *watch) tell(d delivery) {
	switch {
	case d.kind == isMessage:
		w.handle(d.name, d.data)
	case d.kind == isReady && w.ready != nil:
		w.ready()
	case d.kind == isGone && w.gone != nil:
		w.gone()
	}
}
