package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/metrics"
	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/update"
	"github.com/ejgeiger/imon/internal/uplink"
)

// directoryVariable names the environment variable that holds the directory of the
// instances' sockets where it is not the usual one. Set and empty it keeps imon from
// having one.
const directoryVariable = "IMON_SOCKET_DIR"

// socket is the path of an instance's socket; "" when there is to be none. Where
// there is no /run, as on older OpenWrts, it is in /var/run.
func (e env) socket(instance string) string {
	directory, set := os.LookupEnv(directoryVariable)
	if !set {
		directory = "/run/imon"
		if _, err := e.fs.Stat("/run"); err != nil {
			directory = "/var/run/imon"
		}
	}
	if directory == "" {
		return ""
	}
	return filepath.Join(directory, instance+".sock")
}

// owner is what says that an instance keeps the default routes: files beside its socket.
func (e env) owner(instance string) owner {
	path := e.socket(instance)
	if path == "" {
		return owner{}
	}
	return owner{instance, filepath.Dir(path)}
}

// front is what others are told and may tell, by whatever way they come.
type front struct {
	instance string
	store    *status.Store
	past     *history.Store
	counts   *metrics.Store
	ledger   *ledger.Ledger
	sinks    sinks
	control  controls
	delivery *update.Sink
	say      teller
}

// front returns what others are told of p.
func (p *process) front() front {
	return front{p.instance, p.status, p.past, p.counts, p.ledger, p.sinks(), p.control, p.delivery, p.say}
}

// listen serves on the instance's socket.
func (p *process) listen() {
	if path := p.socket(p.instance); path != "" {
		p.tasks.Start("socket", socket.New(path, p.front(), p.say.warn))
	}
}

// serveWeb serves on the address of a configuration, and no longer on that of the one before.
func (p *process) serveWeb(address string) {
	switch {
	case address == p.current.Global.Listen:
	case address == "":
		p.tasks.Stop("web")
	default:
		p.tasks.Start("web", socket.NewWeb(address, p.front(), p.say.warn))
	}
}

// Status is what is known of the monitor of that name, or of all.
func (f front) Status(monitor string) (status.Document, bool) {
	d, found := f.store.Document(monitor)
	d.End(f.control.Forced())
	if d.Monitors.DDNS != nil && f.delivery != nil {
		d.Monitors.DDNS.Deliveries = deliveries(f.delivery.Deliveries())
	}
	d.Goroutines = int64(runtime.NumGoroutine())
	return d, found
}

// Failover prefers the uplink called to, or none, for d or until told otherwise.
func (f front) Failover(to string, d time.Duration) (status.Preference, error) {
	document, _ := f.Status("")
	monitor := document.Failover()
	if monitor == nil {
		return status.Preference{}, socket.ErrOff
	}
	if to == status.Auto {
		if d > 0 {
			return status.Preference{}, errors.New("a time goes with an uplink, not with auto")
		}
		f.control.Force(uplink.None, 0)
		return status.Preference{Forced: status.Auto}, nil
	}
	i, err := monitor.Find(to)
	if err != nil {
		return status.Preference{}, err
	}
	f.control.Force(i, d)
	if d > 0 {
		f.say.to.Publish(event.Event{
			Kind: event.Message, Monitor: event.Failover, Time: time.Now(), Severity: event.Notice,
			Text: fmt.Sprintf("Network Failover was told: %s for %s", monitor.Uplinks[i].Role, socket.Period(d)),
		})
	}
	return monitor.Prefer(i, d), nil
}
