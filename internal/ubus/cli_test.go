package ubus_test

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// cli is the real command line program on a bus.
type cli struct {
	t       *testing.T
	program string
	socket  string
}

// withCLI runs body for each bus with the real ubus program, if it is found: the
// one that IMON_UBUS names, or ubus on PATH.
func withCLI(t *testing.T, body func(t *testing.T, bus ubustest.Bus, peer cli)) {
	t.Helper()
	program, ok := ubustest.Program("IMON_UBUS", "ubus")
	if !ok {
		t.Log("no ubus program here (IMON_UBUS or PATH): its part was passed over")
		return
	}
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) { body(t, bus, cli{t, program, bus.Socket()}) })
}

// run returns what the program prints and how it ends.
func (c cli) run(args ...string) (string, int) {
	c.t.Helper()
	cmd := exec.Command(c.program, append([]string{"-s", c.socket}, args...)...)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// follow starts the program and returns the lines that it prints.
func (c cli) follow(args ...string) <-chan string {
	c.t.Helper()
	cmd := exec.Command(c.program, append([]string{"-s", c.socket}, args...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	told := make(chan string, 100)
	go copyLines(told, out)
	return told
}

func copyLines(to chan<- string, from io.Reader) {
	for s := bufio.NewScanner(from); s.Scan(); {
		to <- s.Text()
	}
}

func TestCommandLineSeesAndCallsTheObject(t *testing.T) {
	withCLI(t, func(t *testing.T, bus ubustest.Bus, peer cli) {
		serve(t, bus, "test.cli", echo(), ubus.Method{Name: "answer", Call: func(context.Context, ubus.Table) (ubus.Table, error) {
			return ubus.Table{
				{Name: "text", Value: "ä\"b"}, {Name: "big", Value: int64(1) << 40}, {Name: "int", Value: int32(-1)},
				{Name: "short", Value: int16(-2)}, {Name: "flag", Value: false}, {Name: "real", Value: 0.25},
				{Name: "table", Value: ubus.Table{{Name: "list", Value: []any{"a", int64(2)}}}}, {Name: "none", Value: nil},
			}, nil
		}})
		list := `"echo":{"text":"String","big":"(unknown)","int":"Integer","short":"(unknown)","flag":"Boolean",` +
			`"real":"(unknown)","table":"Table","list":"Array","any":"(unknown)"}`
		all := `{"text":"ä\"b","big":1099511627776,"int":-1,"short":-2,"flag":false,"real":0.250000,"table":{"list":["a",2]},"none":null}`
		for _, row := range []struct {
			args   []string
			want   string
			status int
		}{
			{[]string{"-v", "list", "test.cli"}, list, 0},
			{[]string{"list", "test.*"}, "test.cli", 0},
			{[]string{"list", "nobody"}, "", 4},
			{[]string{"-S", "call", "test.cli", "answer"}, all, 0},
			{[]string{"-S", "call", "test.cli", "echo", `{"int":3,"flag":true,"list":["x",1],"table":{"a":1},"big":4,"any":1.5}`},
				`{"int":3,"flag":true,"list":["x",1],"table":{"a":1},"big":4,"any":1.500000}`, 0},
			{[]string{"-S", "call", "test.cli", "echo", `{"big":99999999999}`}, `{"big":99999999999}`, 0},
			{[]string{"-S", "call", "test.cli", "ping"}, "", 0},
			{[]string{"-S", "call", "test.cli", "echo", `{"int":"3"}`}, "", 2},
			{[]string{"-S", "call", "test.cli", "echo", `{"other":"3"}`}, "", 2},
			{[]string{"-S", "call", "test.cli", "other"}, "", 3},
			{[]string{"-S", "call", "nobody", "other"}, "", 4},
			{[]string{"wait_for", "test.cli"}, "", 0},
		} {
			got, status := peer.run(row.args...)
			squeezed := strings.NewReplacer(" ", "", "\t", "").Replace(got)
			if status != row.status || !strings.Contains(squeezed, row.want) || row.want == "" && strings.TrimSpace(got) != "" {
				t.Errorf("ubus %q: exit %d, %s", row.args, status, got)
			}
		}
	})
}

func TestCommandLineHearsEventsAndNotifications(t *testing.T) {
	withCLI(t, func(t *testing.T, bus ubustest.Bus, peer cli) {
		c := serve(t, bus, "test.cli")
		events, notes := peer.follow("listen", "imon.*"), peer.follow("subscribe", "test.cli")
		until(t, "the program listens", func() bool { _ = c.Send("imon.begin", nil); return len(events) > 0 })
		if err := c.Send("imon.state", ubus.Table{{Name: "uplink", Value: "wan"}, {Name: "since", Value: int64(7)}}); err != nil {
			t.Fatal(err)
		}
		for line := ""; line != `{ "imon.state": {"uplink":"wan","since":7} }`; line = next(t, events) {
			t.Log(line)
		}
		until(t, "the program subscribes", func() bool { return c.HasSubscribers("test.cli") })
		if err := c.Notify("test.cli", "state", ubus.Table{{Name: "up", Value: true}}); err != nil {
			t.Fatal(err)
		}
		for line := ""; line != `{ "state": {"up":true} }`; line = next(t, notes) {
			t.Log(line)
		}
	})
}

func TestCommandLineSendsEvents(t *testing.T) {
	withCLI(t, func(t *testing.T, bus ubustest.Bus, peer cli) {
		heard := make(chan string, 100)
		c, _ := newClient(t, bus)
		c.Listen("network.*", func(e string, d ubus.Table) { heard <- e + " " + d.String("interface") })
		run(t, c)
		until(t, "it listens", func() bool {
			if _, status := peer.run("send", "network.interface", `{"action":"ifup","interface":"wan"}`); status != 0 {
				t.Fatalf("exit %d", status)
			}
			return len(heard) > 0
		})
		expect(t, heard, "network.interface wan")
	})
}
