package ubustest_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// peer is a client by hand: it shows each message that comes as text, its random
// ids replaced by the order in which this conversation met them.
type peer struct {
	t    *testing.T
	conn net.Conn
	talk *talk
}

// talk is what all peers of one bus have seen.
type talk struct{ ids []uint32 }

func (k *talk) name(id uint32) string {
	if id < 1024 {
		return fmt.Sprint(id)
	}
	i := slices.Index(k.ids, id)
	if i < 0 {
		k.ids, i = append(k.ids, id), len(k.ids)
	}
	return "#" + string(rune('a'+i))
}

func dial(t *testing.T, bus ubustest.Bus, k *talk) *peer {
	t.Helper()
	conn, err := net.Dial("unix", bus.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &peer{t, conn, k}
}

func (p *peer) send(f *ubus.Frame) {
	p.t.Helper()
	b, err := f.Bytes()
	if err == nil {
		_, err = p.conn.Write(b)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next message as text, and the last object id in it.
func (p *peer) hear() (string, uint32) {
	p.t.Helper()
	m, _, err := ubus.ReadMessage(p.conn, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	text := []string{fmt.Sprintf("type %d seq %d peer %s", m.Type, m.Seq, p.talk.name(m.Peer))}
	for _, a := range m.Attrs {
		text = append(text, p.show(m, a))
	}
	id, _ := m.Uint32(ubus.AttrObjID)
	return strings.Join(text, " "), id
}

func (p *peer) show(m ubus.Message, a ubus.Attr) string {
	switch a.ID {
	case ubus.AttrObjID, ubus.AttrObjType, ubus.AttrTarget:
		return fmt.Sprintf("%d=%s", a.ID, p.talk.name(binary.BigEndian.Uint32(a.Value)))
	case ubus.AttrUser, ubus.AttrGroup:
		return fmt.Sprint(a.ID, "=somebody")
	case ubus.AttrSubscribers:
		return fmt.Sprint(a.ID, "=", len(a.Value))
	case ubus.AttrData:
		if table, err := m.Table(a.ID); err == nil && len(table) > 0 && table[0].Name == "id" {
			id, _ := table.Int("id")
			return fmt.Sprintf("7=%s %s", p.talk.name(uint32(id)), table.String("path"))
		}
	}
	return fmt.Sprintf("%d=%x", a.ID, a.Value)
}

// conversation says to bus all that a client may say, rightly and wrongly, and
// returns what comes back.
func conversation(t *testing.T, bus ubustest.Bus) []string {
	var all []string
	k := &talk{}
	owner, other := dial(t, bus, k), dial(t, bus, k)
	hear := func(p *peer, n int) (last uint32) {
		t.Helper()
		for range n {
			text, id := p.hear()
			all = append(all, text)
			if id != 0 {
				last = id
			}
		}
		return last
	}
	frame := func(m ubus.MessageType, seq uint16, peer uint32) *ubus.Frame { return ubus.NewFrame(nil, m, seq, peer) }
	register := func(p *peer, seq uint16, id uint32, pattern string) {
		p.send(frame(ubus.MsgInvoke, seq, 1).Uint32(ubus.AttrObjID, 1).Text(ubus.AttrMethod, "register").
			Table(ubus.AttrData, ubus.Table{{Name: "object", Value: int32(id)}, {Name: "pattern", Value: pattern}}))
	}
	event := func(p *peer, seq uint16, name string) {
		p.send(frame(ubus.MsgInvoke, seq, 1).Uint32(ubus.AttrObjID, 1).Text(ubus.AttrMethod, "send").
			Table(ubus.AttrData, ubus.Table{{Name: "id", Value: name}, {Name: "data", Value: ubus.Table{}}}))
	}
	hear(owner, 1)
	hear(other, 1)

	other.send(frame(ubus.MsgAddObject, 1, 0))
	watcher := hear(other, 2)
	register(other, 2, watcher, "ubus.object.*")
	register(other, 3, watcher, "imon.x")
	register(other, 4, watcher, "imon.*")
	register(other, 5, watcher, "")
	register(other, 6, 99999, "a")
	hear(other, 5)

	owner.send(frame(ubus.MsgAddObject, 1, 0).Text(ubus.AttrObjPath, "imon.a").
		Table(ubus.AttrSignature, ubus.Table{{Name: "m", Value: ubus.Table{{Name: "x", Value: int32(3)}}}}))
	hear(other, 1)
	object := hear(owner, 2)
	owner.send(frame(ubus.MsgAddObject, 2, 0).Text(ubus.AttrObjPath, "imon.a").Table(ubus.AttrSignature, nil))
	register(owner, 3, watcher, "a")
	hear(owner, 2)

	other.send(frame(ubus.MsgLookup, 7, 0).Text(ubus.AttrObjPath, "imon.a"))
	hear(other, 2)
	other.send(frame(ubus.MsgLookup, 8, 0).Text(ubus.AttrObjPath, "imon.*"))
	hear(other, 2)
	other.send(frame(ubus.MsgLookup, 9, 0))
	hear(other, 2)
	other.send(frame(ubus.MsgLookup, 10, 0).Text(ubus.AttrObjPath, "nobody"))
	other.send(frame(ubus.MsgLookup, 11, 0).Text(ubus.AttrObjPath, "nobody*"))
	other.send(frame(ubus.MsgLookup, 12, 0).Text(ubus.AttrObjPath, ""))
	other.send(frame(ubus.MsgPing, 13, 0))
	other.send(frame(ubus.MsgMonitor, 14, 0))
	other.send(frame(77, 15, 0))
	other.send(frame(ubus.MsgHello, 16, 0))
	hear(other, 8)

	other.send(frame(ubus.MsgInvoke, 17, object).Uint32(ubus.AttrObjID, object).Text(ubus.AttrMethod, "m").Table(ubus.AttrData, nil))
	hear(owner, 1)
	caller := k.ids[1]
	owner.send(frame(ubus.MsgData, 17, caller).Uint32(ubus.AttrObjID, object).Table(ubus.AttrData, ubus.Table{{Name: "y", Value: int64(1)}}))
	owner.send(frame(ubus.MsgStatus, 17, caller).Uint32(ubus.AttrStatus, 0).Uint32(ubus.AttrObjID, object))
	hear(other, 2)
	other.send(frame(ubus.MsgInvoke, 18, 5000).Uint32(ubus.AttrObjID, 5000).Text(ubus.AttrMethod, "m"))
	other.send(frame(ubus.MsgInvoke, 19, object).Uint32(ubus.AttrObjID, object))
	other.send(frame(ubus.MsgInvoke, 20, 1).Uint32(ubus.AttrObjID, 1).Text(ubus.AttrMethod, "other").Table(ubus.AttrData, nil))
	hear(other, 3)

	other.send(frame(ubus.MsgSubscribe, 21, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, object))
	hear(other, 1)
	hear(owner, 1)
	other.send(frame(ubus.MsgSubscribe, 22, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, 5000))
	other.send(frame(ubus.MsgSubscribe, 23, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, watcher))
	hear(other, 2)
	for _, quiet := range []bool{true, false} {
		owner.send(frame(ubus.MsgNotify, 24, object).Uint32(ubus.AttrObjID, object).Text(ubus.AttrMethod, "note").
			Table(ubus.AttrData, nil).Bool(ubus.AttrNoReply, quiet))
		hear(other, 1)
	}
	hear(owner, 1)
	other.send(frame(ubus.MsgNotify, 25, object).Uint32(ubus.AttrObjID, object).Text(ubus.AttrMethod, "note").Table(ubus.AttrData, nil))
	hear(other, 1)
	other.send(frame(ubus.MsgUnsubscribe, 26, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, object))
	other.send(frame(ubus.MsgUnsubscribe, 27, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, object))
	hear(other, 2)
	hear(owner, 1)

	event(owner, 28, "imon.x")
	event(owner, 29, "else")
	event(owner, 30, "ubus.x")
	hear(owner, 3)
	hear(other, 1)
	event(other, 31, "imon.x") // one's own does not come back
	hear(other, 1)

	other.send(frame(ubus.MsgSubscribe, 32, 0).Uint32(ubus.AttrObjID, watcher).Uint32(ubus.AttrTarget, object))
	hear(other, 1)
	other.send(frame(ubus.MsgRemoveObject, 33, 0).Uint32(ubus.AttrObjID, object))
	hear(other, 1)
	_ = owner.conn.Close()
	hear(other, 2)
	return all
}

func TestFakeSpeaksAsUbusdDoes(t *testing.T) {
	said := map[string][]string{}
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) { said[t.Name()] = conversation(t, bus) })
	fake := said[t.Name()+"/fake"]
	if len(fake) < 45 {
		t.Fatalf("only %d messages came back", len(fake))
	}
	if real, ok := said[t.Name()+"/ubusd"]; ok {
		if diff := cmp.Diff(real, fake); diff != "" {
			t.Errorf("the fake (+) differs from ubusd (-):\n%s", diff)
		}
	}
}

func TestFakeForgetsWhenItIsKilled(t *testing.T) {
	s := ubustest.Start(t)
	k := &talk{}
	p := dial(t, s, k)
	p.hear()
	p.send(ubus.NewFrame(nil, ubus.MsgAddObject, 1, 0).Text(ubus.AttrObjPath, "a").Table(ubus.AttrSignature, nil))
	p.hear()
	p.hear()
	if got := s.Objects(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("objects %q", got)
	}
	s.Kill()
	s.Kill()
	if _, _, err := ubus.ReadMessage(p.conn, nil); err == nil {
		t.Error("a killed one speaks")
	}
	if _, err := net.Dial("unix", s.Socket()); err == nil {
		t.Error("a killed one answers")
	}
	s.Restart()
	dial(t, s, k).hear()
	if got := s.Objects(); len(got) != 0 {
		t.Errorf("objects %q after a restart", got)
	}
}
