package ubus

import (
	"encoding/binary"
	"net"
	"testing"
	"time"
)

// nopConn takes every message.
type nopConn struct{ net.Conn }

func (nopConn) Write(b []byte) (int, error)      { return len(b), nil }
func (nopConn) SetWriteDeadline(time.Time) error { return nil }
func (nopConn) Close() error                     { return nil }

// FuzzClient has a client that serves, listens and subscribes read whatever
// stands on the wire: it must neither panic nor hang.
func FuzzClient(f *testing.F) {
	var all []byte
	for name, b := range frames(f) {
		f.Add(b)
		all = append(all, b...)
		_ = name
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		c := New("", quiet)
		c.Add(capturedObject(Table{{"x", "y"}}))
		c.Listen("a", func(string, Table) {})
		c.Subscribe("b", func(string, Table) {}, nil, nil)
		conn := newConn(t.Context(), nopConn{})
		for i, r := range []receiver{c.objects[0], c.watches[0], c.watches[1]} {
			conn.receivers[[]uint32{0x5c3010f4, 0x740b1dc6, 0x1ad6f4ba}[i]] = r
		}
		c.objects[0].register(conn)
		c.watches[0].register(conn)
		c.watches[1].register(conn)
		for len(b) >= headerSize+4 {
			size := headerSize + int(binary.BigEndian.Uint32(b[headerSize:])&lengthMask)
			if size > len(b) {
				size = len(b)
			}
			m, err := ParseMessage(b[:size])
			if err != nil {
				break
			}
			conn.dispatch(m)
			b = b[size:]
		}
		conn.fail(net.ErrClosed)
		c.running.Wait()
		c.ended()
	})
}

// FuzzMessage checks that what can be read can be written and reads the same.
func FuzzMessage(f *testing.F) {
	for _, b := range frames(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMessage(b)
		if err != nil {
			return
		}
		for _, a := range m.Attrs {
			table, err := decodeTable(a.Value, 0)
			if err != nil {
				continue
			}
			once, err := appendTable(nil, table, 0)
			if err != nil {
				t.Fatalf("cannot write %v: %v", table, err)
			}
			again, err := decodeTable(once, 0)
			if err != nil {
				t.Fatalf("cannot read %x: %v", once, err)
			}
			if twice, _ := appendTable(nil, again, 0); string(twice) != string(once) {
				t.Fatalf("%x became %x", once, twice)
			}
		}
	})
}
