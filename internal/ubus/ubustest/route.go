package ubustest

import (
	"slices"
	"strings"

	"github.com/ejgeiger/imon/internal/ubus"
)

// eventObject is the id of ubusd's own object for events.
const eventObject = 1

// invoke hands a call to the client that owns the object.
func (s *Server) invoke(c *client, m ubus.Message) ubus.Status {
	id, ok := m.Uint32(ubus.AttrObjID)
	method, named := m.Text(ubus.AttrMethod)
	if !ok || !named {
		return ubus.StatusInvalidArgument
	}
	if id == eventObject {
		return s.eventCall(c, m, method)
	}
	o := s.objects[id]
	if o == nil {
		return ubus.StatusNotFound
	}
	o.owner.send(forward(ubus.NewFrame(nil, ubus.MsgInvoke, m.Seq, c.id), o, m))
	return noAnswer
}

// forward adds to f what m says to o, and who says it.
func forward(f *ubus.Frame, o *object, m ubus.Message) *ubus.Frame {
	method, _ := m.Text(ubus.AttrMethod)
	f.Uint32(ubus.AttrObjID, o.id).Text(ubus.AttrMethod, method).
		Text(ubus.AttrUser, "root").Text(ubus.AttrGroup, "root")
	if data := raw(m, ubus.AttrData); data != nil {
		f.Raw(ubus.AttrData, data)
	}
	return f
}

// response hands an answer to the client that asked, unchanged but for its
// peer, which becomes the object that answers.
func (s *Server) response(c *client, m ubus.Message) ubus.Status {
	o, asker := s.object(m, ubus.AttrObjID), s.clients[m.Peer]
	if o == nil || o.owner != c || asker == nil {
		return noAnswer
	}
	f := ubus.NewFrame(nil, m.Type, m.Seq, o.id)
	for _, a := range m.Attrs {
		f.Raw(a.ID, a.Value)
	}
	asker.send(f)
	return noAnswer
}

func (s *Server) subscribe(c *client, m ubus.Message) ubus.Status {
	o, target := s.object(m, ubus.AttrObjID), s.object(m, ubus.AttrTarget)
	switch {
	case o == nil || target == nil:
		return ubus.StatusNotFound
	case o.owner != c || target.owner == c:
		return ubus.StatusInvalidArgument
	}
	target.subscribers = append(target.subscribers, o)
	if len(target.subscribers) == 1 {
		tellActive(target, true)
	}
	return ubus.StatusOK
}

func (s *Server) unsubscribe(c *client, m ubus.Message) ubus.Status {
	o, target := s.object(m, ubus.AttrObjID), s.object(m, ubus.AttrTarget)
	switch {
	case o == nil || target == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusInvalidArgument
	case !s.drop(target, o):
		return ubus.StatusNotFound
	}
	return ubus.StatusOK
}

// drop takes a subscriber away and tells the owner when it was the last.
func (s *Server) drop(target, sub *object) bool {
	before := len(target.subscribers)
	target.subscribers = slices.DeleteFunc(target.subscribers, func(o *object) bool { return o == sub })
	if before > 0 && len(target.subscribers) == 0 {
		tellActive(target, false)
	}
	return len(target.subscribers) < before
}

func tellActive(o *object, active bool) {
	o.seq++
	o.owner.send(ubus.NewFrame(nil, ubus.MsgNotify, o.seq, 0).
		Uint32(ubus.AttrObjID, o.id).Bool(ubus.AttrActive, active))
}

// notify hands a notification to all subscribers; the owner learns who they are
// when it wants answers.
func (s *Server) notify(c *client, m ubus.Message) ubus.Status {
	o := s.object(m, ubus.AttrObjID)
	switch {
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusPermissionDenied
	}
	quiet := m.Bool(ubus.AttrNoReply)
	if !quiet {
		c.send(subscribers(m, o))
	}
	for _, sub := range o.subscribers {
		f := ubus.NewFrame(nil, ubus.MsgInvoke, m.Seq, c.id)
		if quiet {
			f.Bool(ubus.AttrNoReply, true)
		}
		sub.owner.send(forward(f, sub, m))
	}
	return noAnswer
}

func subscribers(m ubus.Message, o *object) *ubus.Frame {
	var list []byte
	for _, sub := range o.subscribers {
		list = append(list, 0, 0, 0, 8, byte(sub.id>>24), byte(sub.id>>16), byte(sub.id>>8), byte(sub.id))
	}
	return reply(m, ubus.MsgStatus).Uint32(ubus.AttrObjID, o.id).
		Raw(ubus.AttrSubscribers, list).Uint32(ubus.AttrStatus, 0)
}

// eventCall is a call of ubusd's own object.
func (s *Server) eventCall(c *client, m ubus.Message, method string) ubus.Status {
	args, err := m.Table(ubus.AttrData)
	if err != nil {
		return ubus.StatusInvalidArgument
	}
	switch method {
	case "register":
		return s.registerPattern(c, args)
	case "send":
		return s.sendEvent(c, args)
	}
	return ubus.StatusInvalidCommand
}

func (s *Server) registerPattern(c *client, args ubus.Table) ubus.Status {
	id, ok := args.Int("object")
	pattern := args.String("pattern")
	if !ok {
		return ubus.StatusInvalidArgument
	}
	o := s.objects[uint32(id)]
	switch {
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c || pattern == "":
		return ubus.StatusPermissionDenied
	}
	o.patterns = append(o.patterns, pattern)
	return ubus.StatusOK
}

func (s *Server) sendEvent(c *client, args ubus.Table) ubus.Status {
	name := args.String("id")
	data, ok := args.Get("data")
	table, isTable := data.(ubus.Table)
	switch {
	case name == "" || !ok || !isTable:
		return ubus.StatusInvalidArgument
	case strings.HasPrefix(name, "ubus."):
		return ubus.StatusPermissionDenied
	}
	s.event(c, name, table)
	return ubus.StatusOK
}

func (s *Server) objectEvent(name string, o *object) {
	s.event(nil, name, ubus.Table{{Name: "id", Value: int32(o.id)}, {Name: "path", Value: o.path}})
}

// event hands an event to each object that listens to it, once, but not to
// those of the client that sent it.
func (s *Server) event(from *client, name string, data ubus.Table) {
	for _, o := range s.objects {
		if o.owner == from || !slices.ContainsFunc(o.patterns, func(p string) bool { return matches(p, name) }) {
			continue
		}
		s.eventSeq++
		o.owner.send(ubus.NewFrame(nil, ubus.MsgInvoke, s.eventSeq, 0).
			Uint32(ubus.AttrObjID, o.id).Text(ubus.AttrMethod, name).Table(ubus.AttrData, data))
	}
}

func matches(pattern, name string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	return name == pattern || wild && strings.HasPrefix(name, prefix)
}
