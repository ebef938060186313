package daemon

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStopAndStartByName(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
		var a, b atomic.Int32
		counting := func(ended *atomic.Int32) job {
			return func(ctx context.Context) error {
				<-ctx.Done()
				ended.Add(1)
				return nil
			}
		}
		start(t, s, "a", counting(&a))
		start(t, s, "b", counting(&b))
		for range 2 {
			s.Stop("a")
			synctest.Wait()
		}
		s.Stop("nobody")
		start(t, s, "a", counting(&a))
		synctest.Wait()
		if a.Load() != 1 || b.Load() != 0 || len(log.events) != 0 {
			t.Errorf("a ended %d times, b %d, log %v", a.Load(), b.Load(), log.events)
		}
	})
}

func TestStopDuringThePause(t *testing.T) {
	supervised(t, func(s *Supervisor, _ *heard, _ context.CancelFunc) {
		runs := 0
		start(t, s, "x", func(context.Context) error {
			runs++
			return errors.New("no luck")
		})
		time.Sleep(40 * time.Second)
		synctest.Wait()
		before := runs
		s.Stop("x")
		time.Sleep(time.Hour)
		synctest.Wait()
		if runs != before {
			t.Errorf("%d runs after the end", runs-before)
		}
	})
}

// However long a task takes to end, its successor runs then, the last one that
// was started and no other.
func TestSuccessorOfATaskThatTakesLongToEnd(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, _ context.CancelFunc) {
		var running, most, last atomic.Int32
		slow := func(number int32) job {
			return func(ctx context.Context) error {
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				last.Store(number)
				<-ctx.Done()
				time.Sleep(10 * time.Second)
				return nil
			}
		}
		start(t, s, "x", slow(1))
		synctest.Wait()
		began := time.Now()
		start(t, s, "x", slow(2))
		start(t, s, "x", slow(3))
		if time.Since(began) != 0 {
			t.Errorf("a start took %v", time.Since(began))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if most.Load() != 1 || running.Load() != 1 || last.Load() != 3 || len(log.events) != 0 {
			t.Errorf("%d at a time, %d now, number %d, log %v", most.Load(), running.Load(), last.Load(), log.events)
		}
		s.Stop("x")
		time.Sleep(time.Minute)
		synctest.Wait()
		if running.Load() != 0 {
			t.Error("stopped, and it runs")
		}
	})
}

// The end of the supervisor waits for a task and for its successor, which then
// does not begin.
func TestShutdownWhileATaskIsReplaced(t *testing.T) {
	supervised(t, func(s *Supervisor, _ *heard, end context.CancelFunc) {
		start(t, s, "x", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(500 * time.Millisecond)
			return nil
		})
		synctest.Wait()
		start(t, s, "x", func(context.Context) error {
			t.Error("began after the end")
			return nil
		})
		end()
		if err := s.Wait(time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		s := New(ctx, &heard{})
		release := make(chan struct{})
		deaf := func(context.Context) error {
			<-release
			return nil
		}
		start(t, s, "deaf", deaf)
		start(t, s, "also deaf", deaf)
		start(t, s, "polite", patient)
		began := time.Now()
		end()
		err := s.Wait(1500 * time.Millisecond)
		if time.Since(began) != 1500*time.Millisecond || err == nil || err.Error() != "tasks still running after 1.5s: also deaf, deaf" {
			t.Errorf("took %v, error %v", time.Since(began), err)
		}
		close(release)
		if err := s.Wait(time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatGoesWrongAtTheEndIsReported(t *testing.T) {
	supervised(t, func(s *Supervisor, log *heard, end context.CancelFunc) {
		start(t, s, "log", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("3 lines lost")
		})
		start(t, s, "polite", patient)
		end()
		synctest.Wait()
		if diff := cmp.Diff([]string{"Task log failed: 3 lines lost"}, log.failures()); diff != "" {
			t.Error(diff)
		}
	})
}
