package ubus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValuesOnTheWire(t *testing.T) {
	for _, row := range []struct {
		field Field
		wire  string
	}{
		{Field{"", nil}, "80000008" + "0000" + "0000"},
		{Field{"a", nil}, "80000008" + "0001" + "6100"},
		{Field{"ab", true}, "8700000d" + "0002" + "616200" + "000000" + "01" + "000000"},
		{Field{"a", int16(-2)}, "8600000a" + "0001" + "6100" + "fffe" + "0000"},
		{Field{"a", int32(-2)}, "8500000c" + "0001" + "6100" + "fffffffe"},
		{Field{"a", int64(-2)}, "84000010" + "0001" + "6100" + "fffffffffffffffe"},
		{Field{"a", 1.0}, "88000010" + "0001" + "6100" + "3ff0000000000000"},
		{Field{"a", "xyz"}, "8300000c" + "0001" + "6100" + "78797a00"},
		{Field{"a", ""}, "83000009" + "0001" + "6100" + "00000000"},
		{Field{"a", Table{}}, "82000008" + "0001" + "6100"},
		{Field{"a", []any{int32(1)}}, "81000014" + "0001" + "6100" + "8500000c" + "0000" + "0000" + "00000001"},
	} {
		want, err := hex.DecodeString(row.wire)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendTable(nil, Table{row.field}, 0)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %v\ngot  %x\nwant %x", row.field, err, got, want)
		}
		back, err := decodeTable(want, 0)
		if diff := cmp.Diff(Table{row.field}, back); err != nil || diff != "" {
			t.Errorf("%v: %v %s", row.field, err, diff)
		}
	}
}

func TestIntIsWrittenAsInt64(t *testing.T) {
	a, _ := appendTable(nil, Table{{"n", 7}}, 0)
	b, _ := appendTable(nil, Table{{"n", int64(7)}}, 0)
	if !bytes.Equal(a, b) {
		t.Errorf("%x and %x", a, b)
	}
}

// nest puts depth tables into one another.
func nest(depth int) Table {
	t := Table{}
	for range depth {
		t = Table{{"t", t}}
	}
	return t
}

func TestWhatCannotBeWritten(t *testing.T) {
	for name, row := range map[string]struct {
		table Table
		err   error
	}{
		"NUL in a text":   {Table{{"a", "x\x00y"}}, errNUL},
		"NUL in a name":   {Table{{"a\x00", "x"}}, errNUL},
		"long name":       {Table{{strings.Repeat("n", 65536), "x"}}, errName},
		"too deep":        {nest(maxDepth + 1), errTooDeep},
		"large text":      {Table{{"a", strings.Repeat("x", maxBlob)}}, errTooLarge},
		"large in sum":    {Table{{"a", strings.Repeat("x", maxBlob/2)}, {"b", strings.Repeat("x", maxBlob/2)}}, errTooLarge},
		"inside an array": {Table{{"a", []any{Table{{"b", "\x00"}}}}}, errNUL},
	} {
		if _, err := NewFrame(nil, MsgData, 1, 2).Table(AttrData, row.table).Uint32(AttrObjID, 1).Bytes(); !errors.Is(err, row.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range []any{uint32(1), []string{"a"}, map[string]any{}, struct{}{}, &Table{}} {
		if _, err := appendTable(nil, Table{{"a", v}}, 0); err == nil {
			t.Errorf("a %T was written", v)
		}
	}
	if _, err := NewFrame(nil, MsgData, 1, 2).Table(AttrData, nest(maxDepth)).Bytes(); err != nil {
		t.Errorf("at the limit of depth: %v", err)
	}
}

func TestLargestMessage(t *testing.T) {
	// 4 bytes of the message, 4 of DATA, 8 of the field, 1 of its NUL.
	largest := maxBlob - 4 - 4 - 8 - 1
	for size, fits := range map[int]bool{largest: true, largest + 1: false} {
		b, err := NewFrame(nil, MsgData, 1, 2).Table(AttrData, Table{{"a", strings.Repeat("x", size)}}).Bytes()
		if (err == nil) != fits {
			t.Errorf("%d bytes of text: %v", size, err)
		}
		if fits && len(b) != maxBlob+headerSize {
			t.Errorf("%d bytes", len(b))
		}
	}
}

func TestMalformedTables(t *testing.T) {
	for name, wire := range map[string]string{
		"half a head":          "8500",
		"length 0":             "80000000",
		"length 3":             "80000003",
		"longer than the rest": "85000010" + "00016100" + "00000001",
		"padding is missing":   "8700000a" + "00016100" + "0100",
		"no name":              "05000008" + "00000001",
		"cut in the name":      "80000008" + "00056100",
		"name without NUL":     "80000008" + "00016161",
		"name length cut":      "80000005" + "00000000",
		"int32 of 2 bytes":     "8500000a" + "00016100" + "00010000",
		"int32 of 8 bytes":     "85000010" + "00016100" + "0000000000000001",
		"bool of 4 bytes":      "8700000c" + "00016100" + "00000001",
		"double of 4 bytes":    "8800000c" + "00016100" + "00000001",
		"text without NUL":     "8300000c" + "00016100" + "61616161",
		"text of nothing":      "83000008" + "00016100",
		"unknown type":         "8900000c" + "00016100" + "00000001",
		"fault in a table":     "8200000c" + "00016100" + "80000003",
		"fault in an array":    "8100000c" + "00016100" + "80000003",
	} {
		b, err := hex.DecodeString(wire)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := decodeTable(b, 0); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	deep := []byte(nil)
	for range maxDepth + 1 {
		b, start := open(nil, extended>>24|uint32(TypeTable))
		b, _ = closeAttr(append(append(b, 0, 1, 'a', 0), deep...), start)
		deep = b
	}
	if _, err := decodeTable(deep, 0); !errors.Is(err, errTooDeep) {
		t.Errorf("too deep: %v", err)
	}
}

func TestMalformedMessages(t *testing.T) {
	for name, wire := range map[string]string{
		"nothing":              "",
		"half a header":        "00020001",
		"no blob":              "0002000100000000",
		"version 1":            "010200010000000000000004",
		"length 0":             "000200010000000000000000",
		"longer than it is":    "000200010000000000000008",
		"shorter than it is":   "000200010000000000000004" + "00000000",
		"attribute of 3 bytes": "000200010000000000000008" + "03000003",
		"attribute too long":   "000200010000000000000008" + "03000008",
		"larger than 1 MiB":    "000200010000000000200000",
		"larger than we read":  "000200010000000000ffffff",
	} {
		b, err := hex.DecodeString(wire)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m, err := ParseMessage(b); err == nil {
			t.Errorf("%s: parsed as %+v", name, m)
		}
		if m, _, err := ReadMessage(bytes.NewReader(b), nil); err == nil && name != "shorter than it is" {
			t.Errorf("%s: read as %+v", name, m)
		}
	}
}

func TestMissingAndMalformedAttributes(t *testing.T) {
	m := Message{Attrs: []Attr{{AttrObjID, []byte{1}}, {AttrActive, []byte{1, 2}}, {AttrMethod, []byte("x")}, {AttrData, []byte{1}}}}
	_, number := m.Uint32(AttrObjID)
	_, text := m.Text(AttrMethod)
	_, err := m.Table(AttrData)
	if number || text || m.Bool(AttrActive) || err == nil {
		t.Error("something malformed was taken")
	}
	_, number = m.Uint32(AttrTarget)
	_, text = m.Text(AttrUser)
	table, err := m.Table(AttrSignature)
	if number || text || m.Bool(AttrNoReply) || err != nil || len(table) != 0 {
		t.Error("something missing was found")
	}
	twice := Message{Attrs: []Attr{{AttrObjID, []byte{0, 0, 0, 1}}, {AttrObjID, []byte{0, 0, 0, 2}}}}
	if n, _ := twice.Uint32(AttrObjID); n != 2 {
		t.Errorf("of two %d: want the last, as ubusd takes it", n)
	}
}

func TestNumbersKeepTheirBits(t *testing.T) {
	for _, v := range []any{math.Inf(-1), math.MaxFloat64, math.Copysign(0, -1), int64(math.MinInt64), int32(math.MinInt32), int16(math.MinInt16)} {
		b, err := appendTable(nil, Table{{"n", v}}, 0)
		back, err2 := decodeTable(b, 0)
		if err != nil || err2 != nil || back[0].Value != v {
			t.Errorf("%v came back as %v, %v, %v", v, back, err, err2)
		}
	}
}

func TestBufferOfALargeMessageIsGivenBack(t *testing.T) {
	b := grow(nil, 12)
	if b = grow(b, 1<<20); cap(b) < 1<<20 {
		t.Fatal("it does not grow")
	}
	if b = grow(b, 12); cap(b) > 64<<10 {
		t.Errorf("%d bytes are kept", cap(b))
	}
}
