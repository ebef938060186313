package ubus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

const (
	// maxBlob is the most bytes that ubusd takes in one message, its 8 byte
	// header not counted (ubus_common.h, UBUS_MAX_MSGLEN).
	maxBlob = 1 << 20
	// maxDepth is how deep tables and arrays may be nested, both ways.
	maxDepth = 32
	// extended marks an attribute that begins with its name (blob.h).
	extended = 1 << 31
	// lengthMask is the part of an attribute's first word that is its length.
	lengthMask = 1<<24 - 1
)

var (
	errTooLarge = errors.New("message is larger than 1 MiB")
	errTooDeep  = errors.New("tables are nested too deeply")
	errNUL      = errors.New("text holds a NUL byte")
	errName     = errors.New("name is longer than 65535 bytes")
)

// pad fills b with zeros to a multiple of 4 bytes.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// open begins an attribute whose length is not yet known; close needs its start.
func open(b []byte, id uint32) ([]byte, int) {
	return binary.BigEndian.AppendUint32(b, id<<24), len(b)
}

// closeAttr writes the length of the attribute that began at start, then pads.
func closeAttr(b []byte, start int) ([]byte, error) {
	size := len(b) - start
	if size > maxBlob {
		return b, errTooLarge
	}
	word := binary.BigEndian.Uint32(b[start:]) | uint32(size)
	binary.BigEndian.PutUint32(b[start:], word)
	return pad(b), nil
}

// appendTable writes the fields of t one after the other.
func appendTable(b []byte, t Table, depth int) ([]byte, error) {
	var err error
	for _, f := range t {
		if b, err = appendValue(b, f.Name, f.Value, depth); err != nil {
			return b, fmt.Errorf("cannot write field %q: %w", f.Name, err)
		}
	}
	return b, nil
}

func appendArray(b []byte, a []any, depth int) ([]byte, error) {
	var err error
	for _, v := range a {
		if b, err = appendValue(b, "", v, depth); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendValue writes one blobmsg: its type and length, the length of its name,
// the name with a NUL, padding, the value, padding.
func appendValue(b []byte, name string, v any, depth int) ([]byte, error) {
	if len(name) > math.MaxUint16 {
		return b, errName
	}
	if strings.IndexByte(name, 0) >= 0 {
		return b, errNUL
	}
	b, start := open(b, extended>>24|uint32(typeOf(v)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = pad(append(append(b, name...), 0))
	b, err := appendPayload(b, v, depth)
	if err != nil {
		return b, err
	}
	return closeAttr(b, start)
}

func appendPayload(b []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return b, nil
	case string:
		return appendString(b, v)
	case bool:
		return appendBool(b, v), nil
	case int16:
		return binary.BigEndian.AppendUint16(b, uint16(v)), nil
	case int32:
		return binary.BigEndian.AppendUint32(b, uint32(v)), nil
	case int64:
		return binary.BigEndian.AppendUint64(b, uint64(v)), nil
	case int:
		return binary.BigEndian.AppendUint64(b, uint64(v)), nil
	case float64:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v)), nil
	}
	return appendNested(b, v, depth+1)
}

func appendNested(b []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, errTooDeep
	}
	switch v := v.(type) {
	case Table:
		return appendTable(b, v, depth)
	case []any:
		return appendArray(b, v, depth)
	}
	return b, fmt.Errorf("no type on the bus for %T", v)
}

func appendString(b []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return b, errNUL
	}
	return append(append(b, s...), 0), nil
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}
