package main

import (
	"context"
	"errors"
	"time"

	"github.com/ejgeiger/imon/internal/socket"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/ubus"
)

// object is imon on the message bus: what others may ask of this instance.
type object struct {
	front
	path   string
	check  func(monitor string) []string // asks the running monitors of that name, or all, for a round
	reload func()
}

// onBus is the object as package ubus offers it.
func (o object) onBus() ubus.Object {
	monitor := []ubus.Arg{{Name: "monitor", Type: ubus.TypeString}}
	return ubus.Object{Path: o.path, Methods: []ubus.Method{
		{Name: "status", Args: monitor, Call: o.tellStatus},
		{Name: "check", Args: monitor, Call: o.startCheck},
		{Name: "failover", Args: []ubus.Arg{{Name: "to", Type: ubus.TypeString}, {Name: "for", Type: ubus.TypeInt64}}, Call: o.switchOver},
		{Name: "events", Args: []ubus.Arg{{Name: "since", Type: ubus.TypeInt64}, {Name: "limit", Type: ubus.TypeInt64}}, Call: o.tellEvents},
		{Name: "reload", Call: o.startReload},
	}}
}

// tellStatus answers with the whole state, or with that of one monitor.
func (o object) tellStatus(_ context.Context, args ubus.Table) (ubus.Table, error) {
	d, ok := o.Status(args.String("monitor"))
	if !ok {
		return nil, ubus.StatusInvalidArgument
	}
	return tableOf(d)
}

// startCheck lets the monitors probe now, and answers with their names.
func (o object) startCheck(_ context.Context, args ubus.Table) (ubus.Table, error) {
	monitor := args.String("monitor")
	if _, ok := o.Status(monitor); !ok {
		return nil, ubus.StatusInvalidArgument
	}
	started := []any{}
	for _, name := range o.check(monitor) {
		started = append(started, name)
	}
	if monitor != "" && len(started) == 0 {
		return nil, ubus.StatusNotFound // it does not run
	}
	return ubus.Table{{Name: "checking", Value: started}}, nil
}

// switchOver prefers an uplink for some seconds, or until it is told otherwise.
func (o object) switchOver(_ context.Context, args ubus.Table) (ubus.Table, error) {
	var d time.Duration
	if n, limited := args.Int("for"); limited {
		if n < 1 || n > int64(socket.Longest/time.Second) {
			return nil, ubus.StatusInvalidArgument
		}
		d = time.Duration(n) * time.Second
	}
	p, err := o.Failover(args.String("to"), d)
	if errors.Is(err, socket.ErrOff) {
		return nil, ubus.StatusNotFound
	}
	if err != nil {
		return nil, ubus.StatusInvalidArgument
	}
	return tableOf(p)
}

// tellEvents answers with the transitions after a number, oldest first.
func (o object) tellEvents(_ context.Context, args ubus.Table) (ubus.Table, error) {
	since, _ := args.Int("since")
	limit, limited := args.Int("limit")
	if since < 0 || limited && limit < 1 {
		return nil, ubus.StatusInvalidArgument
	}
	found := []any{}
	last := min(since, o.store.Last())
	for _, tr := range o.store.Recent(since, int(min(limit, status.Transitions))) {
		last = tr.Sequence
		found = append(found, o.told(tr))
	}
	return ubus.Table{{Name: "last", Value: last}, {Name: "events", Value: found}}, nil
}

// startReload reads the configuration again, as SIGHUP does. What came of it is
// in the log.
func (o object) startReload(context.Context, ubus.Table) (ubus.Table, error) {
	o.reload()
	return nil, nil
}
