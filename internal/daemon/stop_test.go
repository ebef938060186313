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
		if err := s.Start("a", counting(&a)); err == nil || err.Error() != `cannot start task "a": it is still running` {
			t.Errorf("error %v", err)
		}
		for range 2 {
			if err := s.Stop("a", time.Second); err != nil {
				t.Error(err)
			}
		}
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
		before, began := runs, time.Now()
		if err := s.Stop("x", time.Second); err != nil || time.Since(began) != 0 {
			t.Errorf("took %v, error %v", time.Since(began), err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if runs != before {
			t.Errorf("%d runs after the end", runs-before)
		}
	})
}

func TestStopOfADeafTaskGivesUp(t *testing.T) {
	supervised(t, func(s *Supervisor, _ *heard, _ context.CancelFunc) {
		release := make(chan struct{})
		start(t, s, "deaf", func(context.Context) error {
			<-release
			return nil
		})
		began := time.Now()
		err := s.Stop("deaf", 2*time.Second)
		if time.Since(began) != 2*time.Second || err == nil || err.Error() != `cannot stop task "deaf": it is still running after 2s` {
			t.Errorf("took %v, error %v", time.Since(began), err)
		}
		if err := s.Start("deaf", job(patient)); err == nil {
			t.Error("two tasks of one name run")
		}
		close(release)
		synctest.Wait()
		start(t, s, "deaf", patient)
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
