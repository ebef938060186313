package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// notary is an action script that writes each of its arguments and variables of imon
// to a line of a file, with the number of arguments in front of them.
func notary(t *testing.T, directory string) (script, calls string) {
	t.Helper()
	script, calls = filepath.Join(directory, "action"), filepath.Join(directory, "calls")
	text := "#!/bin/sh\n{ echo \"call $#\"; printf 'arg %s\\n' \"$@\"; env; echo end; } >>'" + calls + "'\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return script, calls
}

// content is the text of a file, "" for none.
func content(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// Names that are commands, format strings, other fields or options reach the script
// as the text that they are, one argument each, and nothing is executed.
func TestHostileNamesStayText(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	script, calls := notary(t, directory)
	trap := filepath.Join(directory, "trap")
	first := "a:Standby:eth9:6.6.6.6 $(touch " + trap + ") `touch " + trap + "`"
	second := "-n '; touch " + trap + ";' \"%s%n\" \\033[2J * \u2028"
	d := openCounter(t, func(c lab.Config) {
		c.Set("global", "action", script).Set("failover", "primary-name", first).Set("failover", "standby-name", second)
		c.Set("failover", "uplinks", "if=$(id)>trap gw=192.0.2.9 name=`id`|sh")
	})
	d.bench.launch(d.variable())
	d.see(d.started, "is active")
	d.inject(d.CutISP(0))
	d.see(d.started, "Network Failover Standby Route "+second[:4])
	d.until("the script has heard of it", func() bool { return strings.Contains(content(calls), "arg failover-standby\n") })

	said := content(calls)
	for _, want := range []string{
		"call 5\narg main\narg 1\narg failover-initial\narg a_Standby_eth9_6.6.6.6 $(touch " + trap + ") `touch " + trap + "`:Primary:eth1:192.168.42.",
		"arg " + second + ":Standby:eth2:192.168.62.",
		"arg `id`|sh:Uplink3:$(id)>trap:\narg offline\n",
		"\nIMON_UPLINK_NAME=" + first + "\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the script has not heard %q in\n%s", want, said)
		}
	}
	left, _ := os.ReadDir(directory)
	if names := fmt.Sprint(left); len(left) != 2 {
		t.Errorf("something was executed: %s", names)
	}
	d.logIsClean(first, second)
	d.documentHas(first, second)
}

// logIsClean checks that nothing that was printed could disguise a line.
func (d *counter) logIsClean(names ...string) {
	d.t.Helper()
	for _, l := range d.Lines() {
		if strings.ContainsFunc(l.Text, unicode.IsControl) || strings.ContainsRune(l.Text, '\u2028') {
			d.t.Errorf("log line %q", l.Text)
		}
	}
	if !strings.Contains(d.Text(), names[0]) {
		d.t.Errorf("no %q in the log", names[0])
	}
}

// documentHas checks that the state is JSON with those names of uplinks as they are.
func (d *counter) documentHas(names ...string) {
	d.t.Helper()
	document, err := socket.NewClient(d.socket()).Status(d.t.Context(), "")
	if err != nil {
		d.t.Fatal(err)
	}
	var found []string
	for _, u := range document.Monitors.Failover.Uplinks {
		found = append(found, u.Name)
	}
	if len(found) < len(names) || !slices.Equal(found[:len(names)], names) {
		d.t.Errorf("uplinks %q, want %q", found, names)
	}
	if whole, err := json.Marshal(document); err != nil || !json.Valid(whole) {
		d.t.Errorf("%v: %s", err, whole)
	}
}

// On the bus the same names are values, and the real ubus prints JSON of them.
func TestHostileNamesOnTheBus(t *testing.T) {
	const first, second = "a:b\", \"active\": \"c\\", "$(reboot) '%s' \\u0000 {}[]"
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		w := onOpenWrt(t, bus, func(c lab.Config) { c.Set("failover", "primary-name", first).Set("failover", "standby-name", second) })
		w.see(w.started, "is active")
		f := w.imon("status").Table("monitors").Table("failover")
		for i, want := range []string{first, second} {
			if u, _ := f.Array("uplinks")[i].(ubus.Table); u.String("name") != want {
				t.Errorf("uplink %d: %v", i, u)
			}
		}
		program, ok := ubustest.Program("IMON_UBUS", "ubus")
		if !ok {
			return
		}
		var printed struct {
			Monitors struct {
				Failover struct {
					Active  string
					Uplinks []struct{ Name string }
				}
			}
		}
		out, err := exec.CommandContext(t.Context(), program, "-s", bus.Socket(), "call", "imon.main", "status").Output()
		if err == nil {
			err = json.Unmarshal(out, &printed)
		}
		if p := printed.Monitors.Failover; err != nil || p.Active != "primary" || p.Uplinks[0].Name != first || p.Uplinks[1].Name != second {
			t.Errorf("%v: %s", err, out)
		}
	})
}
