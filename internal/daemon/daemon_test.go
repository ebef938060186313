package daemon

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ejgeiger/imon/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard is a publisher that keeps what it was told.
type heard struct {
	mu     sync.Mutex
	events []event.Event
}

func (h *heard) Publish(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// failures are the texts of the messages without the lines of stacks.
func (h *heard) failures() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if strings.HasPrefix(e.Text, "Task ") {
			out = append(out, e.Text)
		}
	}
	return out
}

// job is a function as a Job.
type job func(ctx context.Context) error

func (j job) Run(ctx context.Context) error { return j(ctx) }

// patient is a job that does nothing until it is told to end.
func patient(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// supervised runs f with a supervisor, ends it and fails when tasks are left.
func supervised(t *testing.T, f func(s *Supervisor, log *heard, end context.CancelFunc)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		log := &heard{}
		s := New(ctx, log)
		f(s, log, end)
		end()
		if err := s.Wait(time.Second); err != nil {
			t.Error(err)
		}
	})
}

func start(t *testing.T, s *Supervisor, name string, j job) {
	t.Helper()
	s.Start(name, j)
}

func TestPanicIsReportedAndTheOthersGoOn(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
		runs, undisturbed := 0, 0
		start(t, s, event.Ping, func(ctx context.Context) error {
			if runs++; runs == 1 {
				var list []int
				_ = list[runs]
			}
			return patient(ctx)
		})
		start(t, s, "action", func(ctx context.Context) error {
			undisturbed++
			return patient(ctx)
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		want := []string{"Task ping failed: panic: runtime error: index out of range [1] with length 0 " +
			"in daemon.TestPanicIsReportedAndTheOthersGoOn.func1.1; it starts again in 1s"}
		if diff := cmp.Diff(want, log.failures()); diff != "" || runs != 2 || undisturbed != 1 {
			t.Errorf("%d runs, the other %d\n%s", runs, undisturbed, diff)
		}
		checkStack(t, log.events)
	})
}

// checkStack looks at the messages after a panic of the ping task.
func checkStack(t *testing.T, events []event.Event) {
	t.Helper()
	found := false
	for _, e := range events {
		if e.Kind != event.Message || e.Severity != event.Error || e.Monitor != event.Ping || e.Time.IsZero() || strings.ContainsAny(e.Text, "\n\t") {
			t.Errorf("got %+v", e)
		}
		found = found || strings.HasPrefix(e.Text, "    ") && strings.Contains(e.Text, "daemon_test.go:")
	}
	if !found {
		t.Errorf("the stack does not name this file: %v", events)
	}
}

func TestBackoffDoublesUpToAMinute(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
		var began []time.Duration
		zero := time.Now()
		start(t, s, "x", func(context.Context) error {
			began = append(began, time.Since(zero)/time.Second)
			return errors.New("no luck")
		})
		time.Sleep(250 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183, 243}, began); diff != "" {
			t.Fatal(diff)
		}
		got := log.failures()
		if got[0] != "Task x failed: no luck; it starts again in 1s" || got[9] != "Task x failed: no luck; it starts again in 1m0s" {
			t.Errorf("got %q", got)
		}
		if log.events[0].Monitor != "" {
			t.Errorf("a task that is no monitor reports as monitor %q", log.events[0].Monitor)
		}
	})
}

func TestBackoffStartsAnewAfterFiveMinutes(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
		lives := []time.Duration{0, 0, 5*time.Minute - 1, 5 * time.Minute, 0}
		start(t, s, "x", func(ctx context.Context) error {
			if len(lives) == 0 {
				return patient(ctx)
			}
			time.Sleep(lives[0])
			lives = lives[1:]
			return errors.New("no luck")
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		var pauses []string
		for _, text := range log.failures() {
			_, pause, _ := strings.Cut(text, "again in ")
			pauses = append(pauses, pause)
		}
		if diff := cmp.Diff([]string{"1s", "2s", "4s", "1s", "2s"}, pauses); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAJobThatJustEndsIsRunAgain(t *testing.T) {
	for want, how := range map[string]func(){
		"Task x failed: it ended by itself; it starts again in 1s":         func() {},
		"Task x failed: it ended by runtime.Goexit; it starts again in 1s": runtime.Goexit,
	} {
		supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
			runs := 0
			start(t, s, "x", func(ctx context.Context) error {
				if runs++; runs == 1 {
					how()
					return nil
				}
				return patient(ctx)
			})
			time.Sleep(time.Minute)
			synctest.Wait()
			if diff := cmp.Diff([]string{want}, log.failures()); diff != "" || runs != 2 {
				t.Errorf("%d runs\n%s", runs, diff)
			}
		})
	}
}

func TestPanicTextIsOneLine(t *testing.T) {
	err := once(t.Context(), job(func(context.Context) error { panic("a\nb") }))
	first, stack, _ := strings.Cut(err.Error(), "\n")
	if first != "panic: a b in daemon.TestPanicTextIsOneLine.func1" || !strings.HasPrefix(stack, "goroutine ") {
		t.Errorf("got %q, then %.20q", first, stack)
	}
}
