package ubus

import "encoding/binary"

// Frame builds one message for the bus, attribute by attribute in the order of
// the calls. Its zero value is of no use: see [NewFrame].
type Frame struct {
	buf []byte
	err error
}

// NewFrame begins a message of type t in buf, whose bytes are overwritten.
func NewFrame(buf []byte, t MessageType, seq uint16, peer uint32) *Frame {
	b := append(buf[:0], 0, byte(t))
	b = binary.BigEndian.AppendUint16(b, seq)
	b = binary.BigEndian.AppendUint32(b, peer)
	b, _ = open(b, 0)
	return &Frame{buf: b}
}

// Uint32 adds a 32 bit number.
func (f *Frame) Uint32(id AttrID, v uint32) *Frame {
	return f.add(id, func(b []byte) ([]byte, error) { return binary.BigEndian.AppendUint32(b, v), nil })
}

// Bool adds an 8 bit truth value.
func (f *Frame) Bool(id AttrID, v bool) *Frame {
	return f.add(id, func(b []byte) ([]byte, error) { return appendBool(b, v), nil })
}

// Text adds a text, which must not hold a NUL.
func (f *Frame) Text(id AttrID, s string) *Frame {
	return f.add(id, func(b []byte) ([]byte, error) { return appendString(b, s) })
}

// Table adds a table; a nil one is written as an empty one.
func (f *Frame) Table(id AttrID, t Table) *Frame {
	return f.add(id, func(b []byte) ([]byte, error) { return appendTable(b, t, 0) })
}

// Raw adds a value that is already as it stands on the wire.
func (f *Frame) Raw(id AttrID, v []byte) *Frame {
	return f.add(id, func(b []byte) ([]byte, error) { return append(b, v...), nil })
}

func (f *Frame) add(id AttrID, write func([]byte) ([]byte, error)) *Frame {
	if f.err != nil {
		return f
	}
	b, start := open(f.buf, uint32(id))
	if b, f.err = write(b); f.err == nil {
		b, f.err = closeAttr(b, start)
	}
	f.buf = b
	return f
}

// Bytes returns the message, or the first error that building it met: a value
// of a type that the bus does not have, a NUL in a text, tables nested too
// deeply, more than 1 MiB.
func (f *Frame) Bytes() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	b, err := closeAttr(f.buf, headerSize)
	return b, err
}
