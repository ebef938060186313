package ubus

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableGetters(t *testing.T) {
	table := Table{
		{"s", "first"}, {"s", "last"}, {"b", true}, {"n", int16(-3)}, {"m", int32(5)}, {"l", int64(7)},
		{"t", Table{{"x", nil}}}, {"a", []any{"y"}}, {"nil", nil},
	}
	if v, ok := table.Get("nil"); v != nil || !ok {
		t.Error("a null is there")
	}
	if _, ok := table.Get("none"); ok {
		t.Error("nothing is not there")
	}
	if table.String("s") != "last" || table.String("b") != "" || !table.Bool("b") || table.Bool("s") {
		t.Error("texts and bools")
	}
	for name, want := range map[string]int64{"n": -3, "m": 5, "l": 7} {
		if n, ok := table.Int(name); n != want || !ok {
			t.Errorf("%s is %d", name, n)
		}
	}
	if _, ok := table.Int("s"); ok {
		t.Error("a text is no number")
	}
	if len(table.Table("t")) != 1 || table.Table("a") != nil || len(table.Array("a")) != 1 || table.Array("t") != nil {
		t.Error("tables and arrays")
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	values := map[Type]any{
		TypeArray: []any{}, TypeTable: Table{}, TypeString: "x", TypeInt64: int64(1), TypeInt32: int32(1),
		TypeInt16: int16(1), TypeBool: true, TypeDouble: 1.5, TypeAny: nil,
	}
	widened := map[[2]Type]any{
		{TypeInt32, TypeInt64}: int64(1), {TypeInt16, TypeInt64}: int64(1), {TypeInt16, TypeInt32}: int32(1),
	}
	for have, v := range values {
		for want := range values {
			m := Method{Args: []Arg{{"a", want}}}
			expected, ok := v, have == want || want == TypeAny
			if w, wide := widened[[2]Type{have, want}]; wide {
				expected, ok = w, true
			}
			got, err := m.check(Table{{"a", v}})
			switch {
			case !ok && !errors.Is(err, StatusInvalidArgument):
				t.Errorf("type %d for %d: %v, %v", have, want, got, err)
			case ok && (err != nil || !cmp.Equal(got, Table{{"a", expected}})):
				t.Errorf("type %d for %d: %v, %v", have, want, got, err)
			}
		}
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	m := Method{Args: []Arg{{"a", TypeString}}}
	if _, err := m.check(Table{{"a", "x"}, {"b", "y"}}); !errors.Is(err, StatusInvalidArgument) {
		t.Errorf("an unknown name: %v", err)
	}
	got, err := m.check(Table{{"a", "x"}, {"ubus_rpc_session", "0123"}})
	if err != nil || !cmp.Equal(got, Table{{"a", "x"}}) {
		t.Errorf("a call by HTTP: %v, %v", got, err)
	}
	m.Args = append(m.Args, Arg{"ubus_rpc_session", TypeString})
	if got, _ = m.check(Table{{"ubus_rpc_session", "0123"}}); len(got) != 1 {
		t.Error("a session that was asked for is missing")
	}
}

func TestStatusWordsAndErrors(t *testing.T) {
	for s, want := range map[Status]string{
		StatusOK: "success", StatusMethodNotFound: "method not found", StatusSystemError: "system error",
		Status(14): "ubus status 14", Status(-1): "ubus status -1",
	} {
		if got := s.Error(); got != want {
			t.Errorf("%d reads %q", int(s), got)
		}
	}
	for _, row := range []struct {
		err  error
		want Status
	}{
		{nil, StatusOK}, {StatusNoData, StatusNoData}, {fmt.Errorf("x: %w", StatusTimeout), StatusTimeout},
		{errors.New("x"), StatusUnknownError},
	} {
		if got := statusOf(row.err); got != row.want {
			t.Errorf("%v answers %v", row.err, got)
		}
	}
}
