package ubus

import "context"

// Type is the type of a value on the wire (blobmsg.h, enum blobmsg_type).
type Type uint8

// The types of values. TypeAny is published as UNSPEC and takes every value.
const (
	TypeAny Type = iota
	TypeArray
	TypeTable
	TypeString
	TypeInt64
	TypeInt32
	TypeInt16
	TypeBool
	TypeDouble
)

// Object is what a client offers on the bus under a path, "imon.main" say.
type Object struct {
	Path    string
	Methods []Method
}

// Method is one function of an [Object].
type Method struct {
	Name string
	Args []Arg
	// Call answers one call. It is given only arguments that Args names, in the
	// types that Args asks for, and runs in its own goroutine. ctx ends when the
	// connection breaks or the client ends; nobody reads the answer then.
	//
	// A nil Table sends no data, only the status. An error that is or wraps a
	// [Status] answers that status, any other [StatusUnknownError].
	Call func(ctx context.Context, args Table) (Table, error)
}

// Arg is one argument that a [Method] takes. All are optional: a method that
// cannot do without one answers [StatusInvalidArgument].
type Arg struct {
	Name string
	Type Type
}

// signature is what the bus tells of the methods of o: a table per method that
// holds the type of each argument.
func (o Object) signature() Table {
	sig := make(Table, 0, len(o.Methods))
	for _, m := range o.Methods {
		args := make(Table, 0, len(m.Args))
		for _, a := range m.Args {
			args = append(args, Field{a.Name, int32(a.Type)})
		}
		sig = append(sig, Field{m.Name, args})
	}
	return sig
}

// method returns the method called name, or nil.
func (o Object) method(name string) *Method {
	for i := range o.Methods {
		if o.Methods[i].Name == name {
			return &o.Methods[i]
		}
	}
	return nil
}

// check returns args as m.Args wants them, integers widened where that is
// asked for. It returns [StatusInvalidArgument] for an unknown name or a wrong
// type: ubusd passes every call on unseen.
//
// The session that uhttpd adds to each call that comes by HTTP is no argument
// of any method and is taken out.
func (m Method) check(args Table) (Table, error) {
	out := make(Table, 0, len(args))
	for _, f := range args {
		a, ok := m.arg(f.Name)
		if !ok {
			if f.Name == "ubus_rpc_session" {
				continue
			}
			return nil, StatusInvalidArgument
		}
		v, ok := convert(f.Value, a.Type)
		if !ok {
			return nil, StatusInvalidArgument
		}
		out = append(out, Field{f.Name, v})
	}
	return out, nil
}

func (m Method) arg(name string) (Arg, bool) {
	for _, a := range m.Args {
		if a.Name == name {
			return a, true
		}
	}
	return Arg{}, false
}

// convert returns v when it has type t. An integer may be narrower than asked
// for: the command line program sends int32 whenever the number fits.
func convert(v any, t Type) (any, bool) {
	if t == TypeAny || typeOf(v) == t {
		return v, true
	}
	n, ok := integer(v)
	switch {
	case ok && t == TypeInt64:
		return n, true
	case ok && t == TypeInt32 && typeOf(v) == TypeInt16:
		return int32(n), true
	}
	return nil, false
}

// typeOf is the type in which v goes over the wire, TypeAny for nil and for
// what cannot.
func typeOf(v any) Type {
	switch v.(type) {
	case []any:
		return TypeArray
	case Table:
		return TypeTable
	case string:
		return TypeString
	case int64, int:
		return TypeInt64
	case int32:
		return TypeInt32
	case int16:
		return TypeInt16
	case bool:
		return TypeBool
	case float64:
		return TypeDouble
	}
	return TypeAny
}
