package ubus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MessageType is the second byte of a message (ubusmsg.h, enum ubus_msg_type).
type MessageType uint8

// The types of messages.
const (
	MsgHello MessageType = iota
	MsgStatus
	MsgData
	MsgPing
	MsgLookup
	MsgInvoke
	MsgAddObject
	MsgRemoveObject
	MsgSubscribe
	MsgUnsubscribe
	MsgNotify
	MsgMonitor
)

// AttrID names an attribute of a message (ubusmsg.h, enum ubus_msg_attr).
type AttrID uint8

// The attributes of messages.
const (
	AttrStatus      AttrID = iota + 1 // int32
	AttrObjPath                       // text
	AttrObjID                         // int32
	AttrMethod                        // text
	AttrObjType                       // int32
	AttrSignature                     // table
	AttrData                          // table
	AttrTarget                        // int32
	AttrActive                        // int8
	AttrNoReply                       // int8
	AttrSubscribers                   // attributes
	AttrUser                          // text
	AttrGroup                         // text
)

const (
	headerSize = 8
	// maxRead leaves room for the caller's user and group, which ubusd adds to
	// a message that was within the limit when it took it.
	maxRead = maxBlob + 4096
)

var (
	errVersion = errors.New("unknown version of the protocol")
	errLength  = errors.New("impossible length")
)

// Attr is one attribute of a [Message], its value as it stands on the wire.
type Attr struct {
	ID    AttrID
	Value []byte
}

// Message is one message as read from the bus, its tables not yet decoded. It
// is valid as long as the bytes that it was parsed from.
type Message struct {
	Type  MessageType
	Seq   uint16
	Peer  uint32
	Attrs []Attr
}

// ReadMessage reads one message from r into buf, which grows when needed and is
// returned. It refuses one of more than 1 MiB before reading it.
func ReadMessage(r io.Reader, buf []byte) (Message, []byte, error) {
	buf = grow(buf, headerSize+4)
	if _, err := io.ReadFull(r, buf); err != nil {
		return Message{}, buf, err
	}
	size := int(binary.BigEndian.Uint32(buf[headerSize:]) & lengthMask)
	if size < 4 || size > maxRead {
		return Message{}, buf, errLength
	}
	buf = grow(buf, headerSize+size)
	if _, err := io.ReadFull(r, buf[headerSize+4:]); err != nil {
		return Message{}, buf, err
	}
	m, err := ParseMessage(buf)
	return m, buf, err
}

// grow returns b with length n and its first bytes kept. A buffer that once held
// a large message is given back to the system with the next small one.
func grow(b []byte, n int) []byte {
	const keep = 64 << 10
	if n <= cap(b) && (n > keep || cap(b) <= keep) {
		return b[:n]
	}
	larger := make([]byte, n, max(n, 512))
	copy(larger, b)
	return larger
}

// ParseMessage reads one whole message. It copies nothing.
func ParseMessage(b []byte) (Message, error) {
	if len(b) < headerSize+4 {
		return Message{}, errShort
	}
	if b[0] != 0 {
		return Message{}, errVersion
	}
	size := int(binary.BigEndian.Uint32(b[headerSize:]) & lengthMask)
	if size != len(b)-headerSize {
		return Message{}, errLength
	}
	m := Message{Type: MessageType(b[1]), Seq: binary.BigEndian.Uint16(b[2:]), Peer: binary.BigEndian.Uint32(b[4:])}
	for body := b[headerSize+4:]; len(body) > 0; {
		a, rest, err := next(body)
		if err != nil {
			return Message{}, fmt.Errorf("cannot read attribute %d: %w", len(m.Attrs)+1, err)
		}
		m.Attrs, body = append(m.Attrs, Attr{AttrID(a.id), a.payload}), rest
	}
	return m, nil
}

// value returns the last attribute called id.
func (m Message) value(id AttrID) ([]byte, bool) {
	for i := len(m.Attrs) - 1; i >= 0; i-- {
		if m.Attrs[i].ID == id {
			return m.Attrs[i].Value, true
		}
	}
	return nil, false
}

// Uint32 returns attribute id, 0 and false when it is missing or malformed.
func (m Message) Uint32(id AttrID) (uint32, bool) {
	v, ok := m.value(id)
	if !ok || len(v) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

// Bool returns attribute id, false when it is missing or malformed.
func (m Message) Bool(id AttrID) bool {
	v, _ := m.value(id)
	return len(v) == 1 && v[0] != 0
}

// Text returns attribute id, "" and false when it is missing or malformed.
func (m Message) Text(id AttrID) (string, bool) {
	v, ok := m.value(id)
	if !ok {
		return "", false
	}
	s, err := decodeString(v)
	return s, err == nil
}

// Table decodes attribute id; a missing one is an empty table.
func (m Message) Table(id AttrID) (Table, error) {
	v, _ := m.value(id)
	return decodeTable(v, 0)
}
