package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ejgeiger/imon/internal/event"
)

// calls notes what a script was called with, in place of a real one.
type calls struct {
	take time.Duration

	mu   sync.Mutex
	made []string // path and arguments
	err  error
}

func (c *calls) run(ctx context.Context, call call) error {
	c.mu.Lock()
	c.made = append(c.made, call.path+" "+strings.Join(call.args, " "))
	err := c.err
	c.mu.Unlock()
	select {
	case <-time.After(c.take):
	case <-ctx.Done():
	}
	return err
}

func (c *calls) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// actionOn is an action sink that calls c and runs until stop is called.
func actionOn(t *testing.T, c *calls) (a *Action, log *heard, stop func()) {
	t.Helper()
	log = &heard{}
	a = NewAction("main", false, log)
	a.run = c.run
	a.Configure(ActionSettings{Path: "/a"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, log, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func pingNumber(n int) event.Event {
	return event.Event{Kind: event.PingResult, Monitor: event.Ping, Target: fmt.Sprint(n), Round: event.Round{Sent: 1, Loss: 1}}
}

func offline(target string) event.Event {
	return event.Event{Kind: event.UpdownOffline, Monitor: event.Updown, Target: target}
}

func TestScriptGetsOnlyItsKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{}
		a, _, stop := actionOn(t, c)
		for _, e := range samples() {
			a.Publish(e)
			synctest.Wait()
		}
		stop()
		wanted := wantArguments()
		var want []string
		for _, e := range samples() {
			if list := wanted[e.Kind]; list != nil {
				want = append(want, strings.Join(append([]string{"/a main 0", string(e.Kind)}, list[0]...), " "))
				wanted[e.Kind] = list[1:]
			}
		}
		if diff := cmp.Diff(want, c.made); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFlagSaysTerminal(t *testing.T) {
	for terminal, want := range map[bool]string{false: "0", true: "1"} {
		if got := NewAction("main", terminal, &heard{}).flag; got != want {
			t.Errorf("flag %s, want %s", got, want)
		}
	}
}

func TestSlowScriptGetsOnlyTheNewestPingResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{take: 100 * time.Second}
		a, log, stop := actionOn(t, c)
		for n := range 15 {
			e := pingNumber(0)
			e.Round.Sent, e.Round.Received, e.Round.Loss = 15, n, float64(n)
			a.Publish(e)
			synctest.Wait()
		}
		time.Sleep(250 * time.Second)
		synctest.Wait()
		want := []string{"/a main 0 ping-result 0:False:0.0:0.0:0.0:0.0:0.0", "/a main 0 ping-result 0:True:0.0:0.0:0.0:14.0:0.0"}
		if diff := cmp.Diff(want, c.made); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Dropped 13 ping-result events: the action script is too slow"}, log.texts()); diff != "" {
			t.Error(diff)
		}
		if runs, failures := a.Runs(); runs != 2 || failures != 0 || a.Dropped() != 13 {
			t.Errorf("%d runs, %d failed, %d events dropped", runs, failures, a.Dropped())
		}
		stop()
	})
}

// A script that is quick enough hears of every target, though all results of a round come at
// once; one that is not hears of each in its turn.
func TestEachTargetIsHeard(t *testing.T) {
	for _, c := range []struct {
		take        time.Duration
		least, most int // results of each of ten targets in 30 rounds
	}{{50 * time.Millisecond, 30, 30}, {250 * time.Millisecond, 10, 15}} {
		synctest.Test(t, func(t *testing.T) {
			calls := &calls{take: c.take}
			a, log, stop := actionOn(t, calls)
			for range 30 {
				for n := range 10 {
					a.Publish(pingNumber(n))
				}
				time.Sleep(time.Second)
			}
			stop()
			for n := range 10 {
				heard := 0
				for _, call := range calls.made {
					if strings.Contains(call, fmt.Sprintf("ping-result %d:", n)) {
						heard++
					}
				}
				if heard < c.least || heard > c.most {
					t.Errorf("script of %v: %d results of target %d, want %d to %d", c.take, heard, n, c.least, c.most)
				}
			}
			if complains := len(log.texts()) > 0; complains != (c.least < 30) {
				t.Errorf("script of %v: %q", c.take, log.texts())
			}
		})
	}
}

func TestLossesAreReportedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, log, stop := actionOn(t, &calls{take: 4 * time.Second})
		for range 121 {
			a.Publish(pingNumber(0))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		stop()
		if got := log.texts(); len(got) > 3 || len(got) < 2 {
			t.Errorf("%d reports in two minutes: %q", len(got), got)
		}
	})
}

func TestAHungLaneHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{take: time.Hour}
		a, _, stop := actionOn(t, c)
		for _, i := range []int{3, 8, 11, 15} { // one event of each monitor
			a.Publish(samples()[i])
			synctest.Wait()
		}
		if len(c.made) != 4 {
			t.Errorf("%d scripts run: %q", len(c.made), c.made)
		}
		stop()
	})
}

func TestFailureIsLoggedWithWhatAndHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, log, stop := actionOn(t, &calls{err: errors.New("exit status 3")})
		a.Publish(offline("x"))
		a.Publish(offline("y"))
		synctest.Wait()
		stop()
		want := "Action script '/a' failed on updown-offline: exit status 3"
		if diff := cmp.Diff([]string{want, want}, log.texts()); diff != "" {
			t.Fatal(diff)
		}
		if runs, failures := a.Runs(); runs != 2 || failures != 2 {
			t.Errorf("%d runs, %d failed", runs, failures)
		}
		if e := log.events[0]; e.Kind != event.Message || e.Severity != event.Error || e.Monitor != event.Updown || e.Time.IsZero() {
			t.Errorf("got %+v", e)
		}
	})
}

func TestEqualFailuresOfPingResultsAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{err: errors.New("exit status 3")}
		a, log, stop := actionOn(t, c)
		publish := func(n int) {
			for i := range n {
				a.Publish(pingNumber(i))
				time.Sleep(time.Second)
			}
		}
		publish(60)
		once := len(log.texts())
		publish(1)
		twice := len(log.texts())
		c.fail(errors.New("exit status 4"))
		publish(2)
		other := len(log.texts())
		c.fail(nil)
		publish(1)
		c.fail(errors.New("exit status 4"))
		publish(1)
		if got := [...]int{once, twice, other, len(log.texts())}; got != [...]int{1, 2, 3, 4} {
			t.Errorf("reports %v: %q", got, log.texts())
		}
		stop()
	})
}

func TestReloadKeepsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{take: time.Second}
		a, _, stop := actionOn(t, c)
		for _, target := range []string{"one", "two", "three"} {
			a.Publish(offline(target))
		}
		synctest.Wait()
		a.Configure(ActionSettings{Path: "/b", Timeout: time.Second})
		time.Sleep(5 * time.Second)
		a.Configure(ActionSettings{})
		a.Publish(offline("nobody"))
		synctest.Wait()
		stop()
		want := []string{"/a main 0 updown-offline one", "/b main 0 updown-offline two", "/b main 0 updown-offline three"}
		if diff := cmp.Diff(want, c.made); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEventsThatWaitWhenTheScriptIsTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{take: time.Second}
		a, log, stop := actionOn(t, c)
		a.Publish(offline("one"))
		a.Publish(offline("two"))
		synctest.Wait()
		a.Configure(ActionSettings{})
		time.Sleep(5 * time.Second)
		stop()
		if len(c.made) != 1 || len(log.texts()) != 0 {
			t.Errorf("made %q, said %q", c.made, log.texts())
		}
	})
}

func TestShutdownDiscardsAndSaysHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{take: time.Hour}
		a, log, stop := actionOn(t, c)
		for range 4 {
			a.Publish(offline("x"))
			a.Publish(samples()[8])
		}
		synctest.Wait()
		stop()
		want := []string{"Discarded 6 events: imon ended before the action script took them"}
		if diff := cmp.Diff(want, log.texts()); diff != "" || len(c.made) != 2 {
			t.Errorf("%d runs\n%s", len(c.made), diff)
		}
	})
}

func TestPanicEndsRunWithItsStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAction("main", false, &heard{})
		a.Configure(ActionSettings{Path: "/a"})
		a.run = func(context.Context, call) error { panic("boom") }
		a.Publish(offline("x"))
		err := a.Run(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "panic: boom\n") || !strings.Contains(err.Error(), "sink.(*Action).call") {
			t.Errorf("got %v", err)
		}
	})
}

func TestActionDefaults(t *testing.T) {
	a := NewAction("main", false, &heard{})
	t.Chdir("/usr")
	a.Configure(ActionSettings{Path: "bin/x"})
	if got, want := a.current(), (ActionSettings{"/usr/bin/x", time.Minute}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
