package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/ubus"
)

// ubusBacklog is how many events may wait for the bus, the newest ping result of each target
// among them.
const ubusBacklog = 500

// Bus is what the ubus sink needs of package ubus.
type Bus interface {
	Connected() bool
	Notify(object, kind string, data ubus.Table) error
	Send(event string, data ubus.Table) error
}

// Ubus is the sink that tells OpenWrt's message bus of each event in the two ways
// that programs there expect: as the bus event "imon.EVENT", and as notification
// "EVENT" of the object. Both carry all of [Fields], with the instance first. Log
// lines and the results that only show the state are not told.
//
// While there is no connection events are dropped: nobody would hear them.
type Ubus struct {
	instance, object string
	bus              Bus
	log              event.Publisher
	queue            *queue[event.Event]
	reported         time.Time // when a loss or a failure was logged
}

// NewUbus returns the ubus sink of an instance whose object on the bus is called
// object. What the sink itself has to say goes to log as messages.
func NewUbus(instance, object string, bus Bus, log event.Publisher) *Ubus {
	return &Ubus{instance: instance, object: object, bus: bus, log: log, queue: newQueue(ubusBacklog, periodic, target)}
}

// periodic events are those that come with each round.
func periodic(e event.Event) bool { return e.Kind == event.PingResult }

func target(e event.Event) string { return e.Target }

// Publish puts e into the queue if the bus gets such events and is there. It
// never blocks.
func (u *Ubus) Publish(e event.Event) {
	if told(e.Kind) && u.bus.Connected() {
		u.queue.put(e)
	}
}

// told reports whether the bus is told of events of that kind.
func told(k event.Kind) bool {
	return k != event.Message && (!k.IsResult() || k == event.PingResult)
}

// Run tells the bus of one event after the other until ctx ends. What waits then
// is discarded.
func (u *Ubus) Run(ctx context.Context) error {
	for {
		e, ok := u.queue.next(ctx)
		if ctx.Err() != nil {
			u.queue.discard()
			return nil
		}
		if ok {
			u.tell(e)
		}
	}
}

// Dropped returns how many events the bus was too slow for, since the start.
func (u *Ubus) Dropped() uint64 { return u.queue.dropped() }

// tell tells of e in both ways.
func (u *Ubus) tell(e event.Event) {
	data := Table(u.instance, e)
	err := u.bus.Notify(u.object, e.Name(), data)
	if sent := u.bus.Send("imon."+e.Name(), data); err == nil {
		err = sent
	}
	if errors.Is(err, ubus.ErrNotConnected) {
		err = nil // the client itself says that
	}
	u.complain(err)
}

// complain logs a failure or a loss, at most once a minute.
func (u *Ubus) complain(err error) {
	if time.Since(u.reported) < repeatAfter {
		return
	}
	text := ""
	if err != nil {
		text = fmt.Sprintf("Cannot tell ubus of an event: %v", err)
	} else if n := u.queue.takeLost(); n > 0 {
		text = fmt.Sprintf("Dropped %d events for ubus: it takes them too slowly", n)
	}
	if text != "" {
		u.reported = time.Now()
		u.log.Publish(event.Event{Kind: event.Message, Time: u.reported, Severity: event.Error, Text: text})
	}
}

// Table is e as the bus gets it: the instance, then all of [Fields].
func Table(instance string, e event.Event) ubus.Table {
	fields := Fields(e)
	t := make(ubus.Table, 0, len(fields)+1)
	t = append(t, ubus.Field{Name: "instance", Value: instance})
	for _, f := range fields {
		t = append(t, ubus.Field{Name: f.Name, Value: f.Value})
	}
	return t
}
