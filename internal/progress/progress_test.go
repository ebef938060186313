package progress_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
	"github.com/ejgeiger/imon/internal/progress"
)

const s = time.Second

// A deed is what happens to the watch, and who is overdue afterwards.
type deed struct {
	after time.Duration
	do    func(*progress.Watch)
	want  []progress.Silent
}

func expect(monitor string, within time.Duration) func(*progress.Watch) {
	return func(w *progress.Watch) { w.Expect(monitor, within) }
}

func publish(monitor string, kind event.Kind) func(*progress.Watch) {
	return func(w *progress.Watch) { w.Publish(event.Event{Monitor: monitor, Kind: kind}) }
}

func nothing(*progress.Watch) {}

func TestOverdue(t *testing.T) {
	for name, deeds := range map[string][]deed{
		"nobody is expected": {{time.Hour, nothing, nil}},
		"a monitor that speaks in time": {
			{0, expect(event.Ping, 10*s), nil},
			{10 * s, publish(event.Ping, event.PingResult), nil},
			{10 * s, nothing, nil},
		},
		"a monitor that never speaks": {
			{0, expect(event.Ping, 10*s), nil},
			{10*s + 1, nothing, []progress.Silent{{event.Ping, 10*s + 1}}},
		},
		"one that comes back": {
			{0, expect(event.Ping, 10*s), nil},
			{11 * s, nothing, []progress.Silent{{event.Ping, 11 * s}}},
			{0, publish(event.Ping, event.Message), nil},
		},
		"the events of others do not count": {
			{0, expect(event.DDNS, 30*s), nil},
			{0, expect(event.Failover, 10*s), nil},
			{9 * s, publish(event.DDNS, event.DDNSResult), nil},
			{2 * s, publish("", event.Message), []progress.Silent{{event.Failover, 11 * s}}},
		},
		"all of them, in the order in which they were expected": {
			{0, expect(event.Ping, s), nil},
			{0, expect(event.DDNS, s), nil},
			{2 * s, nothing, []progress.Silent{{event.Ping, 2 * s}, {event.DDNS, 2 * s}}},
		},
		"a monitor that was stopped": {
			{0, expect(event.Ping, s), nil},
			{2 * s, func(w *progress.Watch) { w.Forget(event.Ping) }, nil},
			{s, func(w *progress.Watch) { w.Forget(event.Ping) }, nil},
		},
		"a monitor that was started again with other settings": {
			{0, expect(event.Ping, s), nil},
			{2 * s, expect(event.Ping, 5*s), nil},
			{5 * s, nothing, nil},
			{1, nothing, []progress.Silent{{event.Ping, 5*s + 1}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := progress.New()
				for i, d := range deeds {
					time.Sleep(d.after)
					d.do(w)
					if diff := cmp.Diff(d.want, w.Overdue()); diff != "" {
						t.Errorf("after step %d (-want +got):\n%s", i+1, diff)
					}
				}
			})
		})
	}
}
