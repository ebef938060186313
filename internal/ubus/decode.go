package ubus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var (
	errShort = errors.New("attribute is cut short")
	errValue = errors.New("value has the wrong length for its type")
)

// attr is one attribute of a message or of a table, its padding taken off.
type attr struct {
	id      uint8
	named   bool
	payload []byte
}

// next splits the first attribute off b. An attribute ends on a multiple of 4
// bytes; only its length says how many of these belong to it.
func next(b []byte) (a attr, rest []byte, err error) {
	if len(b) < 4 {
		return a, nil, errShort
	}
	word := binary.BigEndian.Uint32(b)
	size := int(word & lengthMask)
	padded := (size + 3) &^ 3
	if size < 4 || padded > len(b) {
		return a, nil, errShort
	}
	a = attr{id: uint8(word >> 24 & 0x7f), named: word&extended != 0, payload: b[4:size]}
	return a, b[padded:], nil
}

// decodeTable reads the fields of a table. Everything is copied out of b.
func decodeTable(b []byte, depth int) (Table, error) {
	t := Table{}
	for len(b) > 0 {
		a, rest, err := next(b)
		if err != nil {
			return nil, err
		}
		f, err := decodeField(a, depth)
		if err != nil {
			return nil, err
		}
		t, b = append(t, f), rest
	}
	return t, nil
}

func decodeArray(b []byte, depth int) ([]any, error) {
	t, err := decodeTable(b, depth)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(t))
	for i, f := range t {
		list[i] = f.Value
	}
	return list, nil
}

// decodeField reads one blobmsg; see appendValue for its shape.
func decodeField(a attr, depth int) (Field, error) {
	if !a.named || len(a.payload) < 3 {
		return Field{}, errShort
	}
	length := int(binary.BigEndian.Uint16(a.payload))
	start := (2 + length + 1 + 3) &^ 3
	if start > len(a.payload) || a.payload[2+length] != 0 {
		return Field{}, errShort
	}
	name := cString(a.payload[2 : 2+length])
	v, err := decodeValue(Type(a.id), a.payload[start:], depth)
	if err != nil {
		return Field{}, fmt.Errorf("cannot read field %q: %w", name, err)
	}
	return Field{name, v}, nil
}

func decodeValue(t Type, b []byte, depth int) (any, error) {
	switch t {
	case TypeAny:
		return nil, nil
	case TypeString:
		return decodeString(b)
	case TypeArray, TypeTable:
		return decodeNested(t, b, depth+1)
	}
	return decodeNumber(t, b)
}

func decodeNested(t Type, b []byte, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if t == TypeArray {
		return decodeArray(b, depth)
	}
	return decodeTable(b, depth)
}

func decodeNumber(t Type, b []byte) (any, error) {
	switch {
	case t == TypeBool && len(b) == 1:
		return b[0] != 0, nil
	case t == TypeInt16 && len(b) == 2:
		return int16(binary.BigEndian.Uint16(b)), nil
	case t == TypeInt32 && len(b) == 4:
		return int32(binary.BigEndian.Uint32(b)), nil
	case t == TypeInt64 && len(b) == 8:
		return int64(binary.BigEndian.Uint64(b)), nil
	case t == TypeDouble && len(b) == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return nil, errValue
}

func decodeString(b []byte) (string, error) {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return "", errValue
	}
	return cString(b), nil
}

// cString is the text before the first NUL: what a C program sees.
func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}
