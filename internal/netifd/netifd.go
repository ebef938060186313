// Package netifd follows OpenWrt's network daemon, netifd, on ubus: which device
// is behind each logical interface ("wan"), with which address and gateway.
package netifd

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ejgeiger/imon/internal/ubus"
)

// object is netifd's object for all interfaces. Those who are subscribed to it
// get the whole status of an interface at each change; the bus event
// "network.interface" only says that something came up or went down.
const object = "network.interface"

const (
	answerWait = 5 * time.Second // for the list of all interfaces
	askAgain   = time.Second     // after it could not be had
)

// Bus is what a Watcher needs of package ubus.
type Bus interface {
	Subscribe(object string, handle func(method string, data ubus.Table), gone, ready func())
	Call(ctx context.Context, object, method string, args ubus.Table) (ubus.Table, error)
}

// Watcher knows all logical interfaces, live. Its methods may be called from any
// goroutine.
type Watcher struct {
	bus     Bus
	changed func()
	ready   chan struct{} // closed once all interfaces are known

	mu         sync.Mutex
	interfaces map[string]Interface
	known      bool
}

// New returns a Watcher that hears of netifd by bus, to which it subscribes
// before it runs. changed is called after each change of any interface; it must
// not block. While netifd or ubusd is away, what was known last is kept: netifd's
// end takes no interface down.
func New(bus Bus, changed func()) *Watcher {
	w := &Watcher{bus: bus, changed: changed, ready: make(chan struct{}), interfaces: make(map[string]Interface)}
	bus.Subscribe(object, w.notified, nil, w.ask)
	return w
}

// Ready is closed as soon as netifd has listed all interfaces for the first time.
func (w *Watcher) Ready() <-chan struct{} { return w.ready }

// Interface returns the logical interface of that name.
func (w *Watcher) Interface(name string) (Interface, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.interfaces[name]
	return i, ok
}

// Over returns the logical interface whose device is the one of that name. Of
// several it is one that is up and has a gateway, if there is one.
func (w *Watcher) Over(device string) (found Interface, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range w.interfaces {
		if i.Device == device && (!ok || i.better(found)) {
			found, ok = i, true
		}
	}
	return found, ok
}

// All returns all logical interfaces, sorted by name.
func (w *Watcher) All() []Interface {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Collect(maps.Values(w.interfaces))
	slices.SortFunc(all, func(a, b Interface) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ask learns the status of all interfaces. It is called whenever what netifd
// said before may not hold any more.
func (w *Watcher) ask() {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), answerWait)
		answer, err := w.bus.Call(ctx, object, "dump", nil)
		cancel()
		switch {
		case err == nil:
			w.replace(parseAll(answer))
			return
		case !errors.Is(err, ubus.StatusTimeout) && !errors.Is(err, context.DeadlineExceeded):
			return // gone again: when it comes back it is asked again
		}
		time.Sleep(askAgain)
	}
}

// replace takes over the status of all interfaces.
func (w *Watcher) replace(all []Interface) {
	w.mu.Lock()
	next := make(map[string]Interface, len(all))
	for _, i := range all {
		next[i.Name] = i.after(w.interfaces[i.Name])
	}
	news := !w.known || len(next) != len(w.interfaces)
	for name, i := range next {
		news = news || i != w.interfaces[name]
	}
	first := !w.known
	w.interfaces, w.known = next, true
	w.mu.Unlock()
	if first {
		close(w.ready)
	}
	if news {
		w.changed()
	}
}

// notified takes over what netifd says of one interface.
func (w *Watcher) notified(method string, data ubus.Table) {
	i, ok := parse(data)
	switch {
	case !ok || method != "interface.update" && method != "interface.down":
		return
	case method == "interface.down":
		i.Up = false
	}
	w.mu.Lock()
	i = i.after(w.interfaces[i.Name])
	news := i != w.interfaces[i.Name]
	w.interfaces[i.Name] = i
	w.mu.Unlock()
	if news {
		w.changed()
	}
}
