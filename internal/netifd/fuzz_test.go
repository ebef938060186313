package netifd

import (
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
)

// FuzzStatus reads whatever may come as the state of interfaces.
func FuzzStatus(f *testing.F) {
	for _, table := range []ubus.Table{list(nil, nil),
		{{Name: "interface", Value: []any{list([]any{route("0.0.0.0", "192.0.2.1")}, nil), "x", ubus.Table{}}}},
		list([]any{"x", route("0.0.0.0", "::1"), route("::", "192.0.2.1")}, []any{route("0.0.0.0", "198.51.100.1")})} {
		frame, err := ubus.NewFrame(nil, ubus.MsgData, 0, 0).Table(ubus.AttrData, table).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ubus.ParseMessage(raw)
		if err != nil {
			return
		}
		table, err := m.Table(ubus.AttrData)
		if err != nil {
			return
		}
		one, _ := parse(table)
		for _, i := range append(parseAll(table), one) {
			if i.Gateway.IsValid() && (!i.Gateway.Is4() || i.Gateway.IsUnspecified()) {
				t.Errorf("gateway %v", i.Gateway)
			}
			if again := i.after(i); again != i || i.better(i) {
				t.Errorf("%+v is not what it is", i)
			}
		}
	})
}
