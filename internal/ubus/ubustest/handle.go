package ubustest

import (
	"slices"
	"strings"

	"github.com/ejgeiger/imon/internal/ubus"
)

// noAnswer is what a handler returns when it has answered itself, or when the
// answer comes from another client.
const noAnswer = ubus.Status(-1)

// handle answers one message of c as ubusd_proto.c does.
func (s *Server) handle(c *client, m ubus.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.command(c, m); st != noAnswer {
		c.send(reply(m, ubus.MsgStatus).Uint32(ubus.AttrStatus, uint32(st)))
	}
}

func (s *Server) command(c *client, m ubus.Message) ubus.Status {
	switch m.Type {
	case ubus.MsgPing:
		c.send(reply(m, ubus.MsgData))
		return ubus.StatusOK
	case ubus.MsgAddObject:
		return s.add(c, m)
	case ubus.MsgRemoveObject:
		return s.removeObject(c, m)
	case ubus.MsgLookup:
		return s.lookup(c, m)
	case ubus.MsgInvoke:
		return s.invoke(c, m)
	case ubus.MsgStatus, ubus.MsgData:
		return s.response(c, m)
	case ubus.MsgSubscribe:
		return s.subscribe(c, m)
	case ubus.MsgUnsubscribe:
		return s.unsubscribe(c, m)
	case ubus.MsgNotify:
		return s.notify(c, m)
	}
	return ubus.StatusInvalidCommand
}

// reply begins an answer to m.
func reply(m ubus.Message, t ubus.MessageType) *ubus.Frame {
	return ubus.NewFrame(nil, t, m.Seq, m.Peer)
}

func raw(m ubus.Message, id ubus.AttrID) []byte {
	for _, a := range m.Attrs {
		if a.ID == id {
			return slices.Clone(a.Value)
		}
	}
	return nil
}

// object returns the object that attribute id of m names, or nil.
func (s *Server) object(m ubus.Message, id ubus.AttrID) *object {
	n, _ := m.Uint32(id)
	return s.objects[n]
}

func (s *Server) add(c *client, m ubus.Message) ubus.Status {
	path, _ := m.Text(ubus.AttrObjPath)
	if s.find(path) != nil {
		return ubus.StatusInvalidArgument
	}
	o := &object{id: s.newID(), path: path, owner: c, signature: raw(m, ubus.AttrSignature)}
	s.objects[o.id] = o
	if o.path != "" {
		s.objectEvent("ubus.object.add", o)
	}
	answer := reply(m, ubus.MsgData).Uint32(ubus.AttrObjID, o.id)
	if o.signature != nil {
		o.typ = s.newID()
		answer.Uint32(ubus.AttrObjType, o.typ)
	}
	c.send(answer)
	return ubus.StatusOK
}

func (s *Server) removeObject(c *client, m ubus.Message) ubus.Status {
	o := s.object(m, ubus.AttrObjID)
	switch {
	case o == nil:
		return ubus.StatusNotFound
	case o.owner != c:
		return ubus.StatusPermissionDenied
	}
	c.send(reply(m, ubus.MsgData).Uint32(ubus.AttrObjID, o.id).Uint32(ubus.AttrObjType, o.typ))
	s.free(o)
	return ubus.StatusOK
}

// free removes o: first its own subscriptions, then those to it.
func (s *Server) free(o *object) {
	for _, target := range s.objects {
		s.drop(target, o)
	}
	for _, sub := range o.subscribers {
		sub.seq++
		sub.owner.send(ubus.NewFrame(nil, ubus.MsgUnsubscribe, sub.seq, 0).
			Uint32(ubus.AttrObjID, sub.id).Uint32(ubus.AttrTarget, o.id))
	}
	if o.path != "" {
		s.objectEvent("ubus.object.remove", o)
	}
	delete(s.objects, o.id)
}

// leave removes a client that is gone.
func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.close()
	if s.clients[c.id] != c {
		return // of a server that was killed
	}
	delete(s.clients, c.id)
	for _, o := range s.objects {
		if o.owner == c {
			s.free(o)
		}
	}
}

// lookup tells of the object at a path, of those whose paths begin so when it
// ends in "*", of all when there is none.
func (s *Server) lookup(c *client, m ubus.Message) ubus.Status {
	path, ok := m.Text(ubus.AttrObjPath)
	if ok && path == "" {
		return ubus.StatusInvalidArgument
	}
	prefix, wild := strings.CutSuffix(path, "*")
	var found []*object
	for _, o := range s.objects {
		if o.path != "" && o.signature != nil && (!ok || o.path == path || wild && strings.HasPrefix(o.path, prefix)) {
			found = append(found, o)
		}
	}
	if ok && len(found) == 0 {
		return ubus.StatusNotFound
	}
	slices.SortFunc(found, func(a, b *object) int { return strings.Compare(a.path, b.path) })
	for _, o := range found {
		c.send(reply(m, ubus.MsgData).Text(ubus.AttrObjPath, o.path).Uint32(ubus.AttrObjID, o.id).
			Uint32(ubus.AttrObjType, o.typ).Raw(ubus.AttrSignature, o.signature))
	}
	return ubus.StatusOK
}
