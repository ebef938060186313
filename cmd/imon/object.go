package main

import (
	"context"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/sink"
	"github.com/ejgeiger/imon/internal/status"
	"github.com/ejgeiger/imon/internal/ubus"
	"github.com/ejgeiger/imon/internal/uplink"
)

// object is imon on the message bus: what others may ask of this instance.
type object struct {
	path     string
	instance string
	status   *status.Store
	check    func(monitor string) []string // asks the running monitors of that name, or all, for a round
	force    func(uplink int)
	reload   func()
}

// onBus is the object as package ubus offers it.
func (o object) onBus() ubus.Object {
	monitor := []ubus.Arg{{Name: "monitor", Type: ubus.TypeString}}
	return ubus.Object{Path: o.path, Methods: []ubus.Method{
		{Name: "status", Args: monitor, Call: o.tellStatus},
		{Name: "check", Args: monitor, Call: o.startCheck},
		{Name: "failover", Args: []ubus.Arg{{Name: "to", Type: ubus.TypeString}}, Call: o.switchOver},
		{Name: "events", Args: []ubus.Arg{{Name: "since", Type: ubus.TypeInt64}, {Name: "limit", Type: ubus.TypeInt64}}, Call: o.tellEvents},
		{Name: "reload", Call: o.startReload},
	}}
}

// tellStatus answers with the whole state, or with that of one monitor.
func (o object) tellStatus(_ context.Context, args ubus.Table) (ubus.Table, error) {
	d, ok := o.status.Document(args.String("monitor"))
	if !ok {
		return nil, ubus.StatusInvalidArgument
	}
	return tableOf(d)
}

// startCheck lets the monitors probe now, and answers with their names.
func (o object) startCheck(_ context.Context, args ubus.Table) (ubus.Table, error) {
	monitor := args.String("monitor")
	if _, ok := o.status.Document(monitor); !ok {
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

// switchOver prefers an uplink until it is told otherwise.
func (o object) switchOver(_ context.Context, args ubus.Table) (ubus.Table, error) {
	index, known := map[string]int{"primary": 0, "standby": 1, "auto": uplink.None}[args.String("to")]
	if !known {
		return nil, ubus.StatusInvalidArgument
	}
	d, _ := o.status.Document(event.Failover)
	f := d.Monitors.Failover
	if f == nil || !f.Enabled {
		return nil, ubus.StatusNotFound
	}
	o.force(index)
	answer := ubus.Table{{Name: "forced", Value: args.String("to")}}
	if index == uplink.None {
		return answer, nil
	}
	state := f.Uplinks[index].State
	answer = append(answer, ubus.Field{Name: "state", Value: state})
	if state != status.Online {
		answer = append(answer, ubus.Field{Name: "note", Value: "this uplink is not online: the other one is used until it is"})
	}
	return answer, nil
}

// tellEvents answers with the transitions after a number, oldest first.
func (o object) tellEvents(_ context.Context, args ubus.Table) (ubus.Table, error) {
	since, _ := args.Int("since")
	limit, limited := args.Int("limit")
	if since < 0 || limited && limit < 1 {
		return nil, ubus.StatusInvalidArgument
	}
	found := []any{}
	last := min(since, o.status.Last())
	for _, tr := range o.status.Recent(since, int(min(limit, status.Transitions))) {
		last = tr.Sequence
		found = append(found, append(ubus.Table{
			{Name: "sequence", Value: tr.Sequence}, {Name: "age_seconds", Value: int64(tr.Age.Seconds())},
		}, sink.Table(o.instance, tr.Event)...))
	}
	return ubus.Table{{Name: "last", Value: last}, {Name: "events", Value: found}}, nil
}

// startReload reads the configuration again, as SIGHUP does. What came of it is
// in the log.
func (o object) startReload(context.Context, ubus.Table) (ubus.Table, error) {
	o.reload()
	return nil, nil
}
