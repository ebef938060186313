package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/netifd/netifdtest"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/ubus/ubustest"
)

// openwrt is a lab whose router has a message bus and a netifd, an imon on its
// logical interfaces wan and wwan, and somebody who listens to it.
type openwrt struct {
	*bench
	netifd *netifdtest.Netifd
	client *ubus.Client

	mu    sync.Mutex
	heard []string // "event NAME UPLINK", "notified KIND UPLINK"
}

// logical is uplink i as netifd knows it.
func (b *bench) logical(i int) netifdtest.Interface {
	u := b.Lab.Uplink(i)
	return netifdtest.Interface{Name: [...]string{"wan", "wwan"}[i], Device: u.Interface, Address: u.Address, Gateway: u.Gateway}
}

// onOpenWrt raises all of it on a bus.
func onOpenWrt(t *testing.T, bus ubustest.Bus, edit func(lab.Config)) *openwrt {
	t.Helper()
	w := &openwrt{bench: raise(t, func(c lab.Config) {
		c.Set("failover", "primary-if", "wan").Set("failover", "primary-gw", "auto").Set("failover", "interval", 10)
		c.Set("failover", "standby-if", "wwan").Set("failover", "standby-gw", "auto")
		edit(c)
	})}
	w.netifd = netifdtest.Start(t, bus.Socket(), w.logical(0), w.logical(1))
	w.client = ubus.New(bus.Socket(), func(text string) { t.Log("test client:", text) })
	w.client.Listen("imon.*", func(name string, data ubus.Table) { w.hear("event", name, data) })
	w.client.Subscribe("imon.main", func(kind string, data ubus.Table) { w.hear("notified", kind, data) }, nil, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.client.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	w.until("netifd on the bus", func() bool { _, err := w.ask("network.interface", "dump"); return err == nil })
	w.launch(socketVariable + "=" + bus.Socket())
	return w
}

// launch starts imon with variables, each NAME=VALUE, in its environment.
func (b *bench) launch(variables ...string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "imon-lab")
	if err := os.WriteFile(file, b.config.JSON(), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.started = time.Now()
	p, err := b.Start(b.t.Context(), b.Router, nil, "env", append(variables, os.Getenv("IMON_BINARY"), "--nosyslog", "--config", file)...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Program = p
}

func (w *openwrt) hear(how, name string, data ubus.Table) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, strings.TrimSpace(how+" "+name+" "+data.String("uplink")+" "+data.String("device")))
}

// hears waits until that was heard.
func (w *openwrt) hears(what string) {
	w.t.Helper()
	w.until("heard "+what, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Contains(w.heard, what)
	})
}

// ask calls a method of an object.
func (w *openwrt) ask(object, method string, args ...ubus.Field) (ubus.Table, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.client.Call(ctx, object, method, args)
}

// imon calls a method of imon, which must answer.
func (w *openwrt) imon(method string, args ...ubus.Field) ubus.Table {
	w.t.Helper()
	answer, err := w.ask("imon.main", method, args...)
	if err != nil {
		w.t.Fatalf("imon.main %s %v: %v", method, args, err)
	}
	return answer
}

func field(name string, value any) ubus.Field { return ubus.Field{Name: name, Value: value} }

// down takes an interface of netifd down and returns the moment before.
func (w *openwrt) down(name string) time.Time {
	w.t.Helper()
	at := time.Now()
	if err := w.netifd.Down(name); err != nil {
		w.t.Fatal(err)
	}
	return at
}

// update changes an interface of netifd and returns the moment before.
func (w *openwrt) update(i netifdtest.Interface) time.Time {
	w.t.Helper()
	at := time.Now()
	if err := w.netifd.Update(i); err != nil {
		w.t.Fatal(err)
	}
	return at
}

func TestOnTheMessageBus(t *testing.T) {
	ubustest.Each(t, func(t *testing.T, bus ubustest.Bus) {
		w := onOpenWrt(t, bus, func(c lab.Config) {
			internetTargets(c)
			c.Set("ping", "enable", true).Set("ping", "interval", 1000)
		})
		w.see(w.started, "Network Failover Primary Route net42 (wan) is active")
		w.via(0)
		w.hears("event imon.failover-primary primary eth1")
		w.status()
		w.wrongArguments()
		w.probeNow()
		w.manualSwitch()
		w.events()
		w.reloaded()

		bus.Kill()
		w.see(w.started, "No connection to ubusd")
		bus.Restart()
		w.until("imon on the bus again", func() bool { _, err := w.ask("imon.main", "status"); return err == nil })
		began := time.Now()
		if code := w.stop(syscall.SIGTERM); code != 0 || time.Since(began) > 2*time.Second {
			t.Errorf("exit code %d after %v", code, time.Since(began))
		}
		w.via(0)
	})
}

// status looks at the whole state and at one monitor's.
func (w *openwrt) status() {
	w.t.Helper()
	w.until("the result of a round", func() bool {
		f := w.imon("status").Table("monitors").Table("failover")
		first, _ := f.Array("uplinks")[0].(ubus.Table)
		return first.Table("last_result") != nil
	})
	s := w.imon("status")
	f := s.Table("monitors").Table("failover")
	if s.String("instance") != "main" || f.String("active") != "primary" || f.String("forced") != "auto" || f.String("state") != "online" {
		w.t.Errorf("state %v", s)
	}
	if n, _ := f.Get("rounds"); n == int64(0) {
		w.t.Errorf("rounds is %T %[1]v", n)
	}
	for i, want := range []string{"primary net42 wan eth1 192.168.42.1 192.168.42.2 online", "standby net62 wwan eth2 192.168.62.1 192.168.62.2 online"} {
		u, _ := f.Array("uplinks")[i].(ubus.Table)
		var got []string
		for _, name := range strings.Fields("role name interface device gateway address state") {
			got = append(got, u.String(name))
		}
		if text := strings.Join(got, " "); text != want {
			w.t.Errorf("uplink %s, want %s", text, want)
		}
	}
	one := w.imon("status", field("monitor", "ping")).Table("monitors")
	if len(one) != 1 || one[0].Name != "ping" || !one.Table("ping").Bool("enabled") || w.imon("status", field("monitor", "ddns")).Table("monitors").Table("ddns").Bool("enabled") {
		w.t.Errorf("one monitor: %v", one)
	}
}

// wrongArguments are refused with the codes that ubus programs know.
func (w *openwrt) wrongArguments() {
	w.t.Helper()
	for _, c := range []struct {
		method string
		args   []ubus.Field
		want   error
	}{
		{"status", []ubus.Field{field("monitor", "dance")}, ubus.StatusInvalidArgument},
		{"status", []ubus.Field{field("monitor", int32(1))}, ubus.StatusInvalidArgument},
		{"status", []ubus.Field{field("minotor", "ping")}, ubus.StatusInvalidArgument},
		{"check", []ubus.Field{field("monitor", "dance")}, ubus.StatusInvalidArgument},
		{"check", []ubus.Field{field("monitor", "ddns")}, ubus.StatusNotFound},
		{"failover", nil, ubus.StatusInvalidArgument},
		{"failover", []ubus.Field{field("to", "moon")}, ubus.StatusInvalidArgument},
		{"failover", []ubus.Field{field("to", "standby"), field("for", "2h")}, ubus.StatusInvalidArgument},
		{"failover", []ubus.Field{field("to", "standby"), field("for", int32(0))}, ubus.StatusInvalidArgument},
		{"failover", []ubus.Field{field("to", "standby"), field("for", int64(1<<62))}, ubus.StatusInvalidArgument},
		{"failover", []ubus.Field{field("to", "auto"), field("for", int32(60))}, ubus.StatusInvalidArgument},
		{"events", []ubus.Field{field("since", int32(-1))}, ubus.StatusInvalidArgument},
		{"events", []ubus.Field{field("limit", int32(0))}, ubus.StatusInvalidArgument},
		{"reload", []ubus.Field{field("now", true)}, ubus.StatusInvalidArgument},
		{"dance", nil, ubus.StatusMethodNotFound},
	} {
		if answer, err := w.ask("imon.main", c.method, c.args...); err != c.want {
			w.t.Errorf("%s %v: %v, %v; want %v", c.method, c.args, answer, err, c.want)
		}
	}
}

// probeNow has a monitor probe that would not for a quarter of an hour.
func (w *openwrt) probeNow() {
	w.t.Helper()
	at := time.Now()
	if got := w.imon("check", field("monitor", "ping")).Array("checking"); len(got) != 1 || got[0] != "ping" {
		w.t.Errorf("checking %v", got)
	}
	w.see(at, "Ping Result")
	if got := fmt.Sprint(w.imon("check").Array("checking")); got != "[failover ping]" {
		w.t.Errorf("checking %v", got)
	}
}

// manualSwitch switches by hand, with and without the wanted uplink online.
func (w *openwrt) manualSwitch() {
	w.t.Helper()
	at := time.Now()
	if a := w.imon("failover", field("to", "standby")); a.String("forced") != "standby" || a.String("state") != "online" || a.String("note") != "" {
		w.t.Errorf("answer %v", a)
	}
	w.see(at, "Network Failover keeps to Standby Network net62 (wwan), as told, whenever it is online")
	w.see(at, "Network Failover Standby Route net62 (wwan) is active")
	w.via(1)
	w.hears("event imon.failover-forced standby eth2")
	w.hears("notified failover-standby standby eth2")

	at = w.down("wwan")
	w.see(at, "Network Failover Primary Route net42 (wan) is active")
	w.see(at, "Reason: netifd has interface wwan down")
	if a := w.imon("failover", field("to", "standby")); a.String("state") != "offline" || !strings.Contains(a.String("note"), "the other one is used") {
		w.t.Errorf("answer %v", a)
	}
	at = w.update(w.logical(1))
	w.see(at, "Network Failover Standby Route net62 (wwan) is active")
	w.forAWhile()
	at = time.Now()
	w.imon("failover", field("to", "auto"))
	w.see(at, "Network Failover decides by itself again")
	w.see(at, "Network Failover Primary Route net42 (wan) is active") // prefer-primary
	w.via(0)
}

// forAWhile prefers an uplink, by its device, for an hour.
func (w *openwrt) forAWhile() {
	w.t.Helper()
	at := time.Now()
	a := w.imon("failover", field("to", "eth2"), field("for", int32(3600)))
	if n, _ := a.Int("forced_seconds"); n != 3600 || a.String("forced") != "standby" {
		w.t.Errorf("answer %v", a)
	}
	w.see(at, "Network Failover was told: standby for 1h")
	f := w.imon("status", field("monitor", "failover")).Table("monitors").Table("failover")
	left, _ := f.Int("forced_seconds")
	until, err := time.Parse(time.RFC3339, f.String("forced_until"))
	if left < 3500 || left > 3600 || err != nil || time.Until(until).Abs() > time.Hour+time.Second {
		w.t.Errorf("state %v", f)
	}
}

// events asks for the transitions in two parts.
func (w *openwrt) events() {
	w.t.Helper()
	all := w.imon("events").Array("events")
	first, _ := all[0].(ubus.Table)
	if n, _ := first.Get("sequence"); n != int64(1) || first.String("event") != "failover-initial" || first.String("instance") != "main" {
		w.t.Errorf("first event %v", first)
	}
	rest := w.imon("events", field("since", int32(len(all)-2)))
	if last, _ := rest.Get("last"); last != int64(len(all)) || len(rest.Array("events")) != 2 {
		w.t.Errorf("events after %d of %d: %v", len(all)-2, len(all), rest)
	}
	if got := w.imon("events", field("limit", int32(3))).Array("events"); len(got) != 3 {
		w.t.Errorf("%d events, want 3", len(got))
	}
}

// reloaded changes the configuration and has it read again.
func (w *openwrt) reloaded() {
	w.t.Helper()
	w.config.Set("ping", "enable", false)
	if err := os.WriteFile(w.file(), w.config.JSON(), 0o644); err != nil {
		w.t.Fatal(err)
	}
	at := time.Now()
	w.imon("reload")
	w.see(at, "Stopped the ping monitor")
	w.until("ping is off", func() bool {
		return !w.imon("status", field("monitor", "ping")).Table("monitors").Table("ping").Bool("enabled")
	})
}

// The real command line program gets along with imon.
func TestUbusProgram(t *testing.T) {
	program, ok := ubustest.Program("IMON_UBUS", "ubus")
	if !ok {
		t.Log("no ubus here (IMON_UBUS or PATH): it was not tried")
		return
	}
	bus := ubustest.Start(t)
	w := onOpenWrt(t, bus, internetTargets)
	w.see(w.started, "is active")
	for args, want := range map[string]string{
		"-v list imon.main":           `"failover":{"to":"String",`,
		"call imon.main status":       `"active": "primary"`,
		`call imon.main check {}`:     `"failover"`,
		"call imon.main events":       `"event": "failover-initial"`,
		"-S call imon.main reload {}": "",
	} {
		out, err := exec.Command(program, append([]string{"-s", bus.Socket()}, strings.Fields(args)...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("ubus %s: %v\n%s", args, err, out)
		}
	}
	out, err := exec.Command(program, "-s", bus.Socket(), "call", "imon.main", "failover", `{"to":"moon"}`).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Invalid argument") {
		t.Errorf("to the moon: %v %s", err, out)
	}
}
