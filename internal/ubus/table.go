package ubus

// Table is a blobmsg table: named values in their order on the wire. A name may
// occur more than once.
type Table []Field

// Field is one named value of a [Table]: nil, string, bool, int64, int32, int16,
// float64, Table or []any of these. Counters and times are best int64, because
// programs print int32 with its sign. An int is written as int64.
//
// A string may hold any byte but NUL; a name has at most 65535 bytes.
type Field struct {
	Name  string
	Value any
}

// Get returns the value called name; of several the last one wins.
func (t Table) Get(name string) (any, bool) {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i].Name == name {
			return t[i].Value, true
		}
	}
	return nil, false
}

// String returns the string called name, or "" when there is no such string.
func (t Table) String(name string) string {
	v, _ := t.Get(name)
	s, _ := v.(string)
	return s
}

// Bool returns the bool called name, or false when there is no such bool.
func (t Table) Bool(name string) bool {
	v, _ := t.Get(name)
	b, _ := v.(bool)
	return b
}

// Int returns the integer called name, of whichever width, and whether there is
// one.
func (t Table) Int(name string) (int64, bool) {
	v, _ := t.Get(name)
	return integer(v)
}

// Table returns the table called name, or nil when there is no such table.
func (t Table) Table(name string) Table {
	v, _ := t.Get(name)
	sub, _ := v.(Table)
	return sub
}

// Array returns the array called name, or nil when there is no such array.
func (t Table) Array(name string) []any {
	v, _ := t.Get(name)
	a, _ := v.([]any)
	return a
}

// integer widens an integer of any width of the wire.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	}
	return 0, false
}
