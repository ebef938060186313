package ubus

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// frames reads the messages that were captured between real programs and the
// real ubusd, by the name of their file without its ending.
func frames(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/frames/*.hex")
	if err != nil || len(files) != 42 {
		t.Fatalf("%d frames, %v: want 42", len(files), err)
	}
	all := map[string][]byte{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".hex")] = b
	}
	return all
}

// rebuild decodes every attribute of m and encodes it again.
func rebuild(m Message) ([]byte, error) {
	f := NewFrame(nil, m.Type, m.Seq, m.Peer)
	for _, a := range m.Attrs {
		one := Message{Attrs: []Attr{a}}
		switch a.ID {
		case AttrStatus, AttrObjID, AttrObjType, AttrTarget:
			v, _ := one.Uint32(a.ID)
			f.Uint32(a.ID, v)
		case AttrActive, AttrNoReply:
			f.Bool(a.ID, one.Bool(a.ID))
		case AttrObjPath, AttrMethod, AttrUser, AttrGroup:
			v, _ := one.Text(a.ID)
			f.Text(a.ID, v)
		case AttrSignature, AttrData:
			t, err := one.Table(a.ID)
			if err != nil {
				return nil, err
			}
			f.Table(a.ID, t)
		default:
			f.Raw(a.ID, a.Value)
		}
	}
	return f.Bytes()
}

func TestRealFramesComeBackByteForByte(t *testing.T) {
	for name, want := range frames(t) {
		m, rest, err := ReadMessage(bytes.NewReader(want), nil)
		if err != nil || len(rest) != len(want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := rebuild(m)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v\ngot  %x\nwant %x", name, err, got, want)
		}
	}
}

func TestRealFramesSayWhatTheyMean(t *testing.T) {
	all := frames(t)
	parse := func(name string) Message {
		m, err := ParseMessage(all[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return m
	}
	if m := parse("01-hello"); m.Type != MsgHello || m.Peer != 0xcb83aada || len(m.Attrs) != 0 {
		t.Errorf("hello is %+v", m)
	}
	m := parse("12-invoke-status-server")
	method, _ := m.Text(AttrMethod)
	user, _ := m.Text(AttrUser)
	args, err := m.Table(AttrData)
	n, _ := args.Int("count")
	if m.Seq != 2 || method != "status" || user != "root" || err != nil || args.String("name") != "wan_ping" ||
		!args.Bool("verbose") || n != 3 || len(args.Table("options")) != 1 || len(args.Array("list")) != 1 {
		t.Errorf("the call is %+v with %v, %v", m, args, err)
	}
	if m := parse("22-notify-noreply-subscriber"); !m.Bool(AttrNoReply) || m.Attrs[0].ID != AttrNoReply {
		t.Error("a notification without NO_REPLY in front")
	}
	if s, _ := parse("32-event-denied-status").Uint32(AttrStatus); Status(s) != StatusPermissionDenied {
		t.Errorf("status %d", s)
	}
	body, err := parse("15-reply-data-caller").Table(AttrData)
	if err != nil || len(body) == 0 {
		t.Fatalf("%v, %v", body, err)
	}
	kinds := map[Type]bool{}
	collect(kinds, body)
	for _, want := range []Type{TypeArray, TypeTable, TypeString, TypeInt64, TypeInt32, TypeInt16, TypeBool, TypeDouble, TypeAny} {
		if !kinds[want] {
			t.Errorf("the reply has no value of type %d: %v", want, body)
		}
	}
}

func collect(kinds map[Type]bool, v any) {
	kinds[typeOf(v)] = true
	switch v := v.(type) {
	case Table:
		for _, f := range v {
			collect(kinds, f.Value)
		}
	case []any:
		for _, e := range v {
			collect(kinds, e)
		}
	}
}
