// Package netifdtest is a netifd for tests: it answers and notifies on a bus as
// OpenWrt's network daemon does, and leaves the kernel alone.
package netifdtest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/ejgeiger/imon/internal/ubus"
)

const object = "network.interface"

// Netifd is a fake netifd with some logical interfaces.
type Netifd struct {
	bus     *ubus.Client
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	status []ubus.Table
	asked  int
}

// Start starts a fake netifd on the bus at socket, with the given interfaces. It
// ends with the test.
func Start(tb testing.TB, socket string, interfaces ...Interface) *Netifd {
	n := &Netifd{bus: ubus.New(socket, func(text string) { tb.Log("netifd:", text) })}
	for _, i := range interfaces {
		n.put(i.status())
	}
	n.bus.Add(ubus.Object{Path: object, Methods: []ubus.Method{{Name: "dump", Call: n.dump}}})
	var ctx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	n.running.Go(func() { _ = n.bus.Run(ctx) })
	tb.Cleanup(n.Stop)
	return n
}

// Stop ends it, as "service network stop" would. Stopping twice is no fault.
func (n *Netifd) Stop() {
	n.stop()
	n.running.Wait()
}

// Update changes an interface and notifies "interface.update".
func (n *Netifd) Update(i Interface) error { return n.tell("interface.update", i.status()) }

// Down takes an interface down and notifies "interface.down".
func (n *Netifd) Down(name string) error {
	return n.tell("interface.down", Interface{Name: name}.status())
}

// Asked is how often the list of all interfaces was asked for.
func (n *Netifd) Asked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// Heard reports whether somebody is subscribed.
func (n *Netifd) Heard() bool { return n.bus.HasSubscribers(object) }

func (n *Netifd) tell(what string, status ubus.Table) error {
	n.put(status)
	return n.bus.Notify(object, what, status)
}

// put replaces the status of one interface.
func (n *Netifd) put(status ubus.Table) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = slices.DeleteFunc(n.status, func(t ubus.Table) bool { return t.String("interface") == status.String("interface") })
	n.status = append(n.status, status)
}

// dump answers with the status of all interfaces.
func (n *Netifd) dump(context.Context, ubus.Table) (ubus.Table, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	all := []any{}
	for _, t := range n.status {
		all = append(all, t)
	}
	return ubus.Table{{Name: "interface", Value: all}}, nil
}
