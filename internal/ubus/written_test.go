package ubus

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"
)

// script is the other end of a client's connection: it writes captured frames
// of ubusd and reads what the client writes.
type script struct {
	t    *testing.T
	all  map[string][]byte
	conn net.Conn
}

// play starts c on a script that has greeted it.
func play(t *testing.T, c *Client) *script {
	t.Helper()
	ours, theirs := net.Pipe()
	dialed := make(chan net.Conn, 1)
	dialed <- theirs
	c.dial = func(ctx context.Context) (net.Conn, error) {
		select {
		case conn := <-dialed:
			return conn, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() { cancel(); _ = ours.Close(); <-ended })
	_ = ours.SetDeadline(time.Now().Add(10 * time.Second))
	s := &script{t, frames(t), ours}
	s.write("01-hello", 0)
	return s
}

// write sends a captured frame of ubusd with another sequence number, if that
// is not 0.
func (s *script) write(name string, seq uint16) {
	s.t.Helper()
	b := bytes.Clone(s.all[name])
	if seq != 0 {
		b[2], b[3] = byte(seq>>8), byte(seq)
	}
	if _, err := s.conn.Write(b); err != nil {
		s.t.Fatalf("cannot write %s: %v", name, err)
	}
}

// read expects the client to write a captured frame, with sequence number seq
// if that is not 0.
func (s *script) read(name string, seq uint16) {
	s.t.Helper()
	want := bytes.Clone(s.all[name])
	if seq != 0 {
		want[2], want[3] = byte(seq>>8), byte(seq)
	}
	_, got, err := ReadMessage(s.conn, nil)
	if err != nil || !bytes.Equal(got, want) {
		s.t.Fatalf("%s: %v\ngot  %x\nwant %x", name, err, got, want)
	}
}

// capturedObject is the object of the captured frames.
func capturedObject(answer Table) Object {
	status := Method{
		Name: "status",
		Args: []Arg{{"name", TypeString}, {"verbose", TypeBool}, {"count", TypeInt32}, {"options", TypeTable}, {"list", TypeArray}},
		Call: func(context.Context, Table) (Table, error) { return answer, nil },
	}
	fail := func(context.Context, Table) (Table, error) { return nil, StatusInvalidArgument }
	return Object{Path: "imon", Methods: []Method{status, {Name: "kick"}, {Name: "kickr"}, {Name: "fail", Call: fail}}}
}

// tableOf is the table in a captured frame.
func tableOf(t *testing.T, b []byte, id AttrID) Table {
	t.Helper()
	m, err := ParseMessage(b)
	if err != nil {
		t.Fatal(err)
	}
	table, err := m.Table(id)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// quiet is a log that nobody reads.
func quiet(string) {}

func TestOwnerWritesWhatLibubusWrites(t *testing.T) {
	all := frames(t)
	c := New("", quiet)
	c.Add(capturedObject(tableOf(t, all["13-reply-data-server"], AttrData)))
	s := play(t, c)
	s.read("02-add-object-imon", 1)
	s.write("03-add-object-reply-data", 1)
	s.write("04-add-object-reply-status", 1)

	s.write("12-invoke-status-server", 0)
	s.read("13-reply-data-server", 0)
	s.read("14-reply-status-server", 0)

	kind, body := "state", tableOf(t, all["21-notify-noreply"], AttrData)
	if err := c.Notify("imon", kind, body); err != nil {
		t.Errorf("nobody to notify: %v", err)
	}
	s.write("20-subscribers-active", 0)
	s.write("12-invoke-status-server", 0) // once answered, the frame before was read
	s.read("13-reply-data-server", 0)
	s.read("14-reply-status-server", 0)
	go func() { _ = c.Notify("imon", kind, body) }()
	s.read("21-notify-noreply", 2)
}

func TestCallerWritesWhatLibubusWrites(t *testing.T) {
	c := New("", quiet)
	s := play(t, c)
	answer := make(chan Table, 2)
	args := tableOf(t, s.all["11-invoke-status-caller"], AttrData)
	go func() {
		for !c.Connected() {
			time.Sleep(time.Millisecond)
		}
		got, err := c.Call(t.Context(), "imon", "status", args)
		if err != nil {
			t.Errorf("call: %v", err)
		}
		answer <- got
		_, err = c.Call(t.Context(), "nosuch", "status", args)
		if err != StatusNotFound {
			t.Errorf("call of nobody: %v", err)
		}
		_, err = c.Call(t.Context(), "imon", "fail", nil)
		if err != StatusInvalidArgument {
			t.Errorf("refused call: %v", err)
		}
		answer <- nil
	}()
	s.read("05-lookup-imon", 1)
	s.write("06-lookup-reply-data", 1)
	s.write("07-lookup-reply-status", 1)
	s.read("11-invoke-status-caller", 2)
	s.write("15-reply-data-caller", 2)
	s.write("16-reply-status-caller", 2)
	if got := <-answer; got.String("version") == "" {
		t.Errorf("the answer is %v", got)
	}
	s.read("09-lookup-notfound-request", 3)
	s.write("10-lookup-notfound-status", 3)
	s.read("05-lookup-imon", 4)
	s.write("06-lookup-reply-data", 4)
	s.write("07-lookup-reply-status", 4)
	s.read("17-invoke-noargs-caller", 5)
	refusal := NewFrame(nil, MsgStatus, 5, 0x5c3010f4).Uint32(AttrStatus, 2).Uint32(AttrObjID, 0x5c3010f4)
	s.send(refusal)
	<-answer
}

// send writes a frame of the test's own making.
func (s *script) send(f *Frame) {
	s.t.Helper()
	b, err := f.Bytes()
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestEventsAreSentAsLibubusSendsThem(t *testing.T) {
	for _, name := range []string{"28-event-send", "30-event-send-cli"} {
		c := New("", quiet)
		s := play(t, c)
		call := tableOf(t, s.all[name], AttrData)
		sent := make(chan error, 1)
		go func() {
			for !c.Connected() {
				time.Sleep(time.Millisecond)
			}
			sent <- c.Send(call.String("id"), call.Table("data"))
		}()
		s.read(name, 1)
		s.write("29-event-send-status", 1)
		if err := <-sent; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestListenerWritesWhatLibubusWrites(t *testing.T) {
	for _, row := range []struct{ pattern, register, delivery string }{
		{"imon.*", "35-event-register-prefix", "37-event-delivery"},
		{"network.interface", "36-event-register-exact", "39-event-delivery-network-interface"},
	} {
		heard := make(chan string, 1)
		c := New("", quiet)
		c.Listen(row.pattern, func(event string, _ Table) { heard <- event })
		s := play(t, c)
		s.read("33-add-object-anon", 1)
		s.write("34-add-object-anon-data", 1)
		s.write("04-add-object-reply-status", 1)
		s.read(row.register, 2)
		s.write("29-event-send-status", 2)
		s.write(row.delivery, 0)
		if want, _ := mustParse(t, s.all[row.delivery]).Text(AttrMethod); <-heard != want {
			t.Errorf("%s: heard something else", row.pattern)
		}
	}
}

func mustParse(t *testing.T, b []byte) Message {
	t.Helper()
	m, err := ParseMessage(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSubscriberWritesWhatLibubusWrites(t *testing.T) {
	told := make(chan string, 4)
	c := New("", quiet)
	c.Subscribe("imon", func(kind string, _ Table) { told <- kind },
		func() { told <- "gone" }, func() { told <- "ready" })
	s := play(t, c)
	subscriber, _ := mustParse(t, s.all["40-subscribe"]).Uint32(AttrObjID)
	s.read("33-add-object-anon", 1)
	s.send(NewFrame(nil, MsgData, 1, 0).Uint32(AttrObjID, subscriber))
	s.write("04-add-object-reply-status", 1)
	if m, _, err := ReadMessage(s.conn, nil); err != nil || m.Type != MsgInvoke || m.Peer != 1 {
		t.Fatalf("no registration for new objects: %+v, %v", m, err)
	}
	s.write("29-event-send-status", 2)
	s.read("05-lookup-imon", 3)
	s.write("06-lookup-reply-data", 3)
	s.write("07-lookup-reply-status", 3)
	s.read("40-subscribe", 4)
	s.send(NewFrame(nil, MsgInvoke, 7, 0).Uint32(AttrObjID, subscriber).Text(AttrMethod, "ubus.object.add").
		Table(AttrData, Table{{"id", int32(0x5c3010f4)}, {"path", "imon"}})) // the same again: one subscription is enough
	s.write("41-subscribe-status", 4)
	s.write("22-notify-noreply-subscriber", 0)
	s.write("25-notify-reply-subscriber", 0) // the one before was not answered: the next line is for this one
	s.read("26-notify-reply-subscriber-answer", 0)
	s.write("42-unsubscribe-target-gone", 0)
	first, _ := mustParse(t, s.all["22-notify-noreply-subscriber"]).Text(AttrMethod)
	second, _ := mustParse(t, s.all["25-notify-reply-subscriber"]).Text(AttrMethod)
	for _, want := range []string{"ready", first, second, "gone"} {
		select {
		case got := <-told:
			if got != want {
				t.Fatalf("told %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("waited in vain for %q", want)
		}
	}
}
